"""Do the tests notice a wrong operator? A sample of changes, each with its room's tests run.

    python tests/mutate.py --count 30 --seed 0      # as `make mutate` does
    python tests/mutate.py --only src/digit_classifier/training/distortions.py:123

One operator is changed at a time, in a copy of the package that stands before it on the path.
Gross changes (+ for -, * for /, and for or, == for !=) are counted apart from those at a border
(< for <=). A room's tests run until the first fails, those first that name the changed module.

mutmut and cosmic-ray were weighed: mutmut forks its mutants from a process that has run the whole
suite, which TensorFlow's and ONNX Runtime's threads do not survive; cosmic-ray edits the checkout
in place and has one test command for all rooms; neither draws a sample.
"""

import argparse
import ast
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src") / "digit_classifier"
ROOMS = ("picture", "training", "dataset", "evaluation")
GROSS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.And: ("and", "or"), ast.Or: ("or", "and"), ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="),
}  # fmt: skip
BORDER = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
PASSED = 0  # pytest's exit code


@dataclass(frozen=True)
class Mutant:
    """One operator of one file, and what takes its place."""

    path: Path  # from the root
    line: int
    start: int  # bytes from the beginning of the file
    old: str
    new: str
    kind: str

    @property
    def room(self) -> str:
        return self.path.parts[2]

    def apply(self, text: bytes) -> bytes:
        return text[: self.start] + self.new.encode() + text[self.start + len(self.old) :]

    def __str__(self) -> str:
        source = (ROOT / self.path).read_bytes()
        changed = self.apply(source).splitlines()[self.line - 1].decode().strip()
        return f"{self.path}:{self.line}  {self.old} -> {self.new}  {changed}"


def mutants(path: Path) -> Iterator[Mutant]:
    """Every change of one operator in a file."""
    source = (ROOT / path).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def between(left: ast.expr, right: ast.expr, operator: ast.AST) -> Iterator[Mutant]:
        """The operator's text lies between its operands, beside brackets and comments only."""
        for kind, swaps in (("gross", GROSS), ("border", BORDER)):
            if type(operator) in swaps:
                old, new = swaps[type(operator)]
                assert left.end_lineno
                assert left.end_col_offset is not None
                begin = starts[left.end_lineno - 1] + left.end_col_offset
                end = starts[right.lineno - 1] + right.col_offset
                gap = re.sub(rb"#.*", lambda found: b" " * len(found[0]), source[begin:end])
                start = begin + gap.index(old.encode())
                line = source.count(b"\n", 0, start) + 1
                yield Mutant(path, line, start, old, new, kind)

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp):
            yield from between(node.left, node.right, node.op)
        elif isinstance(node, ast.AugAssign):
            yield from between(node.target, node.value, node.op)
        elif isinstance(node, ast.BoolOp):
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from between(left, right, node.op)
        elif isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for left, right, op in zip(operands, operands[1:], node.ops, strict=False):
                yield from between(left, right, op)


def draw(rooms: list[str], count: int, seed: int) -> list[Mutant]:
    """A sample, the same for a seed: as many of each room, two thirds gross."""
    rng, chosen = random.Random(seed), []
    for at, room in enumerate(rooms):
        paths = sorted(path.relative_to(ROOT) for path in (ROOT / PACKAGE / room).rglob("*.py"))
        every = [each for path in paths for each in mutants(path)]
        share = count // len(rooms) + (at < count % len(rooms))
        for kind, n in (("gross", share - share // 3), ("border", share // 3)):
            of_kind = [each for each in every if each.kind == kind]
            chosen += rng.sample(of_kind, min(n, len(of_kind)))
    return chosen


class Bench:
    """A copy of the package that is changed, and the tests that are run against it."""

    def __init__(self, folder: Path, timeout: float, unchecked: bool) -> None:
        self.folder, self.timeout, self.unchecked = folder, timeout, unchecked
        self.seconds: dict[str, dict[Path, float]] = {}  # of each room's test files
        shutil.copytree(ROOT / PACKAGE, folder / PACKAGE)
        self.environment = {**os.environ, "PYTHONPATH": str(folder / "src")}

    def run(self, files: list[Path], *more: str) -> int | None:
        """Pytest's exit code, None when the time was up."""
        line = [sys.executable, "-m", "pytest", "-n0", "-x", "-p", "no:cacheprovider", *more]
        running = subprocess.Popen(
            [*line, *map(str, files)], cwd=ROOT, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return running.wait(self.timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if os.name == "posix" and running.poll() is None:
                os.killpg(running.pid, 9)  # and the servers and trainings that it began
            running.kill()

    def check(self, room: str) -> dict[Path, float]:
        """Run a room's tests with nothing changed: what fails anyway would notice everything.

        Returns:
            How many seconds each file took.
        """
        report, seconds = self.folder / f"{room}.xml", dict[Path, float]()
        if self.run([ROOT / "tests" / room], f"--junitxml={report}") != PASSED:
            sys.exit(f"The tests of {room} fail as it is: nothing can be learned from changes.")
        for case in ET.parse(report).iter("testcase"):
            path = ROOT.joinpath(*case.attrib["classname"].split(".")).with_suffix(".py")
            seconds[path] = seconds.get(path, 0) + float(case.attrib["time"])
        return seconds

    def files(self, mutant: Mutant) -> list[Path]:
        """The room's tests: first those that name the module, then the others, quick ones first."""
        if mutant.room not in self.seconds:
            self.seconds[mutant.room] = {} if self.unchecked else self.check(mutant.room)
        seconds = self.seconds[mutant.room]
        module = mutant.path.stem if mutant.path.stem != "__init__" else mutant.path.parent.name

        def distance(path: Path) -> tuple[bool, bool, float]:
            named = re.search(rf"\b{module}\b", path.read_text("utf-8"))
            return module not in path.stem, not named, seconds.get(path, 0)

        return sorted((ROOT / "tests" / mutant.room).rglob("test_*.py"), key=distance)

    def notices(self, mutant: Mutant) -> bool:
        place, files = self.folder / mutant.path, self.files(mutant)
        before = place.read_bytes()
        try:
            self._write(place, mutant.apply(before))
            return self.run(files) != PASSED
        finally:
            self._write(place, before)

    @staticmethod
    def _write(place: Path, text: bytes) -> None:
        place.write_bytes(text)
        # Python takes a file of the same size and second for unchanged
        for compiled in place.parent.glob(f"__pycache__/{place.stem}.*.pyc"):
            compiled.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=30, help="how many changes (30)")
    parser.add_argument("--seed", type=int, default=0, help="other changes (0)")
    parser.add_argument("--rooms", default=",".join(ROOMS), help="where (%(default)s)")
    parser.add_argument("--only", help="all changes of one file, or of a line of it: FILE[:LINE]")
    parser.add_argument(
        "--timeout", type=float, default=900, help="seconds for one run of tests (900)"
    )
    parser.add_argument("--unchecked", action="store_true", help="the tests are known to pass")
    options = parser.parse_args()
    if options.only:
        name, _, line = options.only.partition(":")
        path = Path(name).absolute().relative_to(ROOT)
        chosen = [each for each in mutants(path) if not line or each.line == int(line)]
    else:
        chosen = draw(options.rooms.split(","), options.count, options.seed)
    total, noticed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        bench = Bench(Path(folder), options.timeout, options.unchecked)
        for each in chosen:
            found = bench.notices(each)
            total[each.room, each.kind] += 1
            noticed[each.room, each.kind] += found
            print(f"{'noticed' if found else 'SURVIVED'}  {each}", flush=True)
    print(f"\nseed {options.seed}: changes of one operator noticed by the tests of their room")
    for kind in ("gross", "border"):
        parts = [
            f"{room} {noticed[room, kind]} of {total[room, kind]}"
            for room, of_kind in total
            if of_kind == kind
        ]
        right, of = (sum(n for (_, k), n in c.items() if k == kind) for c in (noticed, total))
        share = f" ({100 * right / of:.0f} %)" if of else ""
        print(f"{kind:7s} {right} of {of}{share}: {', '.join(parts)}")


if __name__ == "__main__":
    main()
