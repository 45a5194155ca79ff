"""Commands that work when somebody copies them from what was printed."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "mnist-digit-classifier"
SCRIPT = "mnist_digit_classifier.py"
_WINDOWS = os.name == "nt"
_PLAIN = re.compile(r"[\w@+=:,./\\-]+" if _WINDOWS else r"[\w@%+=:,./-]+")


def digits(*words: object) -> str:
    """The command `digits WORDS`, as it works in this folder and environment.

    `digits` itself where the shell finds the one of this environment, else its path; where it is
    not installed, the script of the checkout, or Python's -m.
    """
    return quote(*_front(), *words)


def option(name: str, value: object = None) -> str:
    """A setting as whoever reads of it gives it: `--out` to a command, `out=` in Python.

    Args:
        name: the keyword, such as "early_stop"; the flag is spelt with dashes.
        value: what to set it to; True for a flag that takes none.
    """
    if not on_command_line():
        return f"{name}={'' if value is None else repr(value)}"
    flag = flag_of(name)
    return flag if value is None or value is True else f"{flag} {quote(value)}"


def flag_of(name: str) -> str:
    """The flag of a setting: `--early-stop` of early_stop; of start it is `--from`."""
    return "--" + {"start": "from"}.get(name, name).replace("_", "-")


def on_command_line() -> bool:
    """Whether a `digits` command is what runs, not somebody's own Python."""
    click = sys.modules.get("click")
    return bool(click and click.get_current_context(silent=True))


def pip_install(extra: str) -> str:
    """The command that adds an optional part to this installation, or with "" mends it.

    From the checkout where it was installed or runs from one, else by name, which pip takes for
    what is installed already.
    """
    checkout, editable = _checkout()
    target = NAME if checkout is None else "." if checkout == Path.cwd() else str(checkout)
    target += f"[{extra}]" if extra else ""
    return quote(*_pip(), *(["-e"] if editable else []), target)


def quote(*words: object) -> str:
    """Words as a line for a shell: sh's rules, on Windows those that cmd and PowerShell share."""
    return " ".join(_quoted(str(word)) for word in words)


def readable(words: str | os.PathLike[str]) -> str:
    """A path, or words that name some, as text that any UTF-8 file can hold.

    What is no text in UTF-8 is escaped, as in caf\\xe9, so that two names stay two.
    """
    held = os.fspath(words).encode("utf-8", sys.getfilesystemencodeerrors())
    return held.decode("utf-8", "backslashreplace")


def one_line(text: str) -> str:
    """A text, such as the name of a file, in one line of a terminal: a newline as \\n."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    if _WINDOWS or not re.search(r'["$`\\!]|[^ -~\w]', word):
        return f'"{word}"'
    if word.isprintable():
        return shlex.quote(word)
    # bytes that are no text, or control characters: bash, zsh and ksh take them escaped
    plain = (
        chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in os.fsencode(word)
    )
    return f"$'{''.join(plain)}'"


def _front() -> list[str]:
    command = Path(sysconfig.get_path("scripts"), "digits.exe" if _WINDOWS else "digits")
    started = Path(sys.argv[0])
    for candidate in (command, started):
        if candidate.stem == "digits" and candidate.is_file():
            return ["digits"] if _is_found("digits", candidate) else [_short(candidate)]
    if started.name == SCRIPT:
        return [*_python(), _short(started)]
    return [*_python(), "-m", "digit_classifier"]


def _python() -> list[str]:
    executable = Path(sys.executable)
    names = [name for name in ("python", "python3") if _is_found(name, executable)]
    return [names[0] if names else _short(executable)]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is None:  # uv made this environment
        return ["uv", "pip", "install", "--python", _short(Path(sys.executable))]
    beside = Path(sys.executable).with_name("pip.exe" if _WINDOWS else "pip")
    if beside.is_file():
        return ["pip" if _is_found("pip", beside) else _short(beside), "install"]
    return [*_python(), "-m", "pip", "install"]


def _is_found(name: str, file: Path) -> bool:
    """Whether a shell that is told `name` starts what lies in the folder of `file`."""
    found = shutil.which(name)
    return found is not None and Path(found).parent.resolve() == file.parent.resolve()


def _short(file: Path) -> str:
    """A path as one would type it here."""
    file = Path(os.path.abspath(file))  # noqa: PTH100  a link to another Python stays a link
    if not file.is_relative_to(Path.cwd()):
        return str(file)
    near = str(file.relative_to(Path.cwd()))
    return near if os.sep in near else f".{os.sep}{near}"


def _checkout() -> tuple[Path | None, bool]:
    """The checkout that this was installed from or runs in, and whether it stays in use."""
    origin = {}
    try:
        origin = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        folder = Path(__file__).resolve().parents[2]
        return (folder, True) if (folder / "pyproject.toml").is_file() else (None, False)
    folder = Path(url2pathname(urlsplit(origin.get("url", "")).path))
    if "dir_info" not in origin or not (folder / "pyproject.toml").is_file():
        return None, False
    return folder, bool(origin["dir_info"].get("editable"))
