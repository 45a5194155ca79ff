"""The lesson's notebooks: in step with their text, run to the end. `make lesson` runs them anew."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LESSON = Path(__file__).parents[1] / "docs" / "lesson"
CHAPTERS = sorted(path.stem for path in LESSON.glob("[0-9]-*.py"))


def cells(name):
    return json.loads((LESSON / f"{name}.ipynb").read_text("utf-8"))["cells"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_notebook_holds_its_text_as_it_stands(name):
    jupytext = pytest.importorskip("jupytext")
    text = jupytext.read(LESSON / f"{name}.py").cells
    assert [(c.cell_type, c.source) for c in text] == [
        (cell["cell_type"], "".join(cell["source"])) for cell in cells(name)
    ]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_notebook_was_run_from_top_to_bottom_and_keeps_its_plots(name):
    code = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    plots = [output for output in outputs if "image/png" in output.get("data", {})]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert {output["output_type"] for output in outputs} <= {"stream", "display_data",
                                                             "execute_result"}  # fmt: skip
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert plots or name == "8-exercises"


# The other chapters train: `make lesson CHECK=1` runs them all.
@pytest.mark.parametrize("name", ["1-image", "4-your-own"])
def test_a_chapter_that_trains_nothing_runs(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ImportWarning", LESSON / f"{name}.py"],
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "right" in done.stdout
