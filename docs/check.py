"""Check the documents: links lead somewhere, commands parse, files and make targets exist.

python docs/check.py        # prints what is wrong and exits with 1, or a line and 0
"""

import re
import shlex
import sys
from pathlib import Path

import click

from digit_classifier.cli import group

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)|(?:src|href)=\"([^\"#]+)\"")
FILE = re.compile(
    r"(?<![\w./-])(?:benchmarks|tools|tests|docs|"
    r"cli|dataset|drawn|picture|reader|training|evaluation|server)/[\w./-]*\w"
)
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def main() -> None:
    documents = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")])
    found = [f"{path.relative_to(ROOT)}: {fault}" for path in documents for fault in check(path)]
    for fault in found:
        print(fault)
    if found:
        sys.exit(1)
    print(f"{len(documents)} documents: links, commands, files and make targets are good")


def check(path: Path) -> list[str]:
    """What is wrong with one document, a sentence each."""
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    faults = []
    titles = re.findall(r"^# .+", BLOCK.sub("", text), re.MULTILINE)
    if len(titles) != 1:
        faults.append(f"{len(titles)} titles, one is needed")
    for match in LINK.finditer(text):
        link = match[1] or match[2]
        if "://" not in link and not (path.parent / link).exists():
            faults.append(f"the link {link} leads nowhere")
    lines = [line.strip() for block in BLOCK.findall(text) for line in block.splitlines()]
    lines += [quoted.strip() for quoted in re.findall(r"`([^`\n]+)`", text)]
    for line in lines:
        faults += check_line(line, targets)
        faults += [f"there is no {name}" for name in FILE.findall(line) if not is_there(name)]
    return faults


def is_there(name: str) -> bool:
    """Whether a file is in the repository, or a module, named as in the walks, in the package."""
    package = ROOT / "src" / "digit_classifier"
    return any(p.exists() for p in (ROOT / name, package / name, package / f"{name}.py"))


def check_line(line: str, targets: set[str]) -> list[str]:
    """What is wrong with one line of a code block."""
    line = line.removeprefix("$ ")
    if line.startswith("make ") and "=" not in line:
        return [f"no make target {w}" for w in line.split("#")[0].split()[1:] if w not in targets]
    if line.startswith("python mnist_digit_classifier.py"):
        rest = line.removeprefix("python mnist_digit_classifier.py").split()
        named = bool(rest) and rest[0] in group.list_commands(click.Context(group))
        line = " ".join(["digits", *([] if named else ["train"]), *rest])
    if not line.startswith("digits "):
        return []
    words = shlex.split(re.split(r"\s[|<>]\s", line)[0], comments=True)[1:]
    try:
        parse(group, words)
    except (click.exceptions.Exit, click.MissingParameter):
        pass  # --help; or a command that is only named
    except click.ClickException as error:
        if "requires an argument" not in error.format_message():  # a flag that is only named
            return [f"`{line}` does not parse: {error.format_message()}"]
    return []


def parse(command: click.Command, words: list[str]) -> None:
    """Parse a command line without running it; raises what click raises."""
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            raise click.UsageError(f"no command {words[0]}")
        parse(inner, words[1:])
    elif words not in (["--help"], ["--version"]):
        command.make_context("digits", words)


if __name__ == "__main__":
    main()
