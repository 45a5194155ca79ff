"""The script of the checkout, started before anything is set up, or with any Python there is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "mnist_digit_classifier.py"
PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
OTHERS = sorted(
    path
    for path in PYENV.glob("versions/*/bin/python")
    if not path.parts[-3].startswith(("3.11", "3.12", "3.13"))
)


def run(python, *words, cwd=None):
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [str(python), *map(str, words)]
    return subprocess.run(line, cwd=cwd, env=bare, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not OTHERS, reason="no other Python here (looked in pyenv's folder)")
@pytest.mark.parametrize("python", OTHERS, ids=lambda path: path.parts[-3])
def test_another_python_is_told_which_one_it_is_and_which_is_needed(python, tmp_path):
    said = run(python, SCRIPT, "--epochs", "1", cwd=tmp_path)
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1
    assert f"this is Python {python.parts[-3]} " in said.stderr
    assert "3.11, 3.12 or 3.13 is needed" in said.stderr
    assert "-m venv" in said.stderr


def test_a_python_that_is_too_new_is_told_the_same(tmp_path):
    newer = (
        "import runpy, sys; sys.version_info = (3, 14, 0, 'final', 0); "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    said = run(sys.executable, "-c", newer, cwd=tmp_path)
    assert said.returncode == 1
    assert "this is Python 3.14.0 " in said.stderr
    assert said.stderr.count("\n") == 1


def test_an_empty_environment_is_told_the_line_that_fills_it(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "my env"], check=True)
    folder = tmp_path / "my env" / ("Scripts" if os.name == "nt" else "bin")
    said = run(folder / "python", SCRIPT, cwd=tmp_path)
    assert said.returncode == 1
    assert said.stderr.startswith("Error: click is not installed for this Python ")
    assert said.stderr.count("\n") == 1
    assert f'"{folder / "python"}" -m pip install -r ' in said.stderr
    assert "requirements.txt" in said.stderr


def test_the_script_is_train_unless_another_command_is_named(tmp_path):
    said = run(sys.executable, SCRIPT, "--epochs", "0", cwd=tmp_path)
    assert said.returncode == 2
    assert "--epochs is 0" in said.stderr
    said = run(sys.executable, SCRIPT, "models", cwd=tmp_path)
    assert said.returncode == 0
    assert said.stdout.startswith("name ")


@pytest.mark.train
def test_the_script_trains_where_the_pins_alone_were_installed(tmp_path):
    """`pip install -r requirements.txt` leaves nothing that tells of this package."""
    unknown = (
        "import importlib.metadata as m, runpy, sys\n"
        "known = m.Distribution.from_name.__func__\n"
        "def from_name(cls, name):\n"
        "    if name == 'mnist-digit-classifier': raise m.PackageNotFoundError(name)\n"
        "    return known(cls, name)\n"
        "m.Distribution.from_name = classmethod(from_name)\n"
        f"sys.argv = [{str(SCRIPT)!r}, '--dataset', 'sample', '--epochs', '1', '--no-show']\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    said = run(sys.executable, "-c", unknown, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "runs" / "latest" / "model.onnx").is_file()


def test_the_pinned_requirements_can_be_installed_from_any_folder():
    """A line for a folder would be looked up where pip is started, not where the file lies."""
    text = SCRIPT.with_name("requirements.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert all(line[0].isalpha() and "==" in line for line in lines)
