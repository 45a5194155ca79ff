"""Run the lesson: each chapter's text, NAME.py, becomes the notebook NAME.ipynb with its plots.

python docs/lesson/execute.py               # all of them: three to ten minutes on two cores
python docs/lesson/execute.py 4-your-own
python docs/lesson/execute.py --check       # run them and write nothing
"""

import argparse
import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from digit_classifier import atomic

HERE = Path(__file__).resolve().parent
CHAPTERS = sorted(path.stem for path in HERE.glob("[0-9]-*.py"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="NAME", help="of these alone")
    parser.add_argument("--check", action="store_true", help="write nothing")
    wanted = parser.parse_args()
    if unknown := set(wanted.chapters) - set(CHAPTERS):
        sys.exit(f"no chapter {', '.join(unknown)}; there are {', '.join(CHAPTERS)}")
    # The kernel is a process of its own, and shall import this checkout.
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    for name in wanted.chapters or CHAPTERS:
        begun = time.perf_counter()
        try:
            notebook = execute(HERE / f"{name}.py")
        except CellExecutionError as error:
            sys.exit(f"{name}: {error}")
        if not wanted.check:
            atomic.write_text(HERE / f"{name}.ipynb", nbformat.writes(notebook))
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)


def execute(path: Path) -> nbformat.NotebookNode:
    """A chapter with what its cells print and draw, and nothing of when and where it was run."""
    notebook = jupytext.read(path)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False)
    client.execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same at each run
        if "outputs" in cell:
            said = [each for each in cell.outputs if each.get("name") == "stderr"]
            # what TensorFlow logs is of the machine; anything else should be seen to
            print(*(each.text for each in said if "oneDNN" not in each.text), sep="", end="")
            cell.outputs = [each for each in cell.outputs if each not in said]
    notebook.metadata.pop("language_info", None)
    return notebook


if __name__ == "__main__":
    main()
