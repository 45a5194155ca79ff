"""The bare wheel in an environment of its own: what it can do, and what the other commands lack."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# command -> the extra that it lacks, None for what works without any
COMMANDS = {
    "--help": None,
    "models": None,
    "models cnn --json": None,
    "predict digit.png": None,
    "runs": None,
    "evaluate": "evaluate",
    "evaluate mlp --dataset sample": "evaluate",
    "evaluate --nondigits": "evaluate",
    "compare cnn small": "evaluate",
    "serve": "serve",
    "train": "train",
    "train --model cnn --offline": "train",
    "data": "data",
    "data download": "data",
    "data verify": "data",
    "data show": "data",
    "data show --augmented": "train",
}


def test_every_command_of_the_bare_wheel_works_or_names_the_extra_it_lacks(tmp_path):
    command = install(tmp_path)
    shutil.copy(ROOT / "docs" / "reading.png", tmp_path / "digit.png")
    bare = {"PYTHONPATH", "MNIST_DATA_DIR", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in bare}
    environment["PATH"] = f"{command.parent}{os.pathsep}{environment['PATH']}"
    for words, extra in COMMANDS.items():
        said = subprocess.run(
            [command, *words.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert said.returncode == (1 if extra else 0), f"{words}: {said.stderr}"
        if extra:
            assert said.stderr.count("\n") == 1, f"{words}: {said.stderr}"
            install_it = rf'Install it with: .*pip install .*"mnist-digit-classifier\[{extra}\]"$'
            assert re.search(install_it, said.stderr.strip()), f"{words}: {said.stderr}"


def install(folder: Path) -> Path:
    """Build the wheel and install it alone; the path of its command."""
    made = uv("build", "--wheel", "--out-dir", folder / "dist", ROOT)
    if made.returncode == 0:
        made = uv("venv", "--python", sys.executable, folder / "bare")
    if made.returncode == 0:
        (wheel,) = (folder / "dist").glob("*.whl")
        made = uv("pip", "install", "--python", folder / "bare", wheel)
    if made.returncode:
        reason = f"no package index can be reached: {made.stderr.strip().splitlines()[-1:]}"
        assert "REQUIRE_INDEX" not in os.environ, reason
        pytest.skip(reason)
    scripts = folder / "bare" / ("Scripts" if os.name == "nt" else "bin")
    return scripts / ("digits.exe" if os.name == "nt" else "digits")


def uv(*words: object) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "uv", "--quiet", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True)
