"""`digits serve` as a command: its flags, and what it says when it cannot run."""

import dataclasses
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from digit_classifier.cli.serve import command
from digit_classifier.server.settings import Limits


def test_every_limit_has_a_flag_and_help_shows_its_default() -> None:
    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    for field in dataclasses.fields(Limits):
        name, said = field.name, field.metadata
        default = "(one a core, 8 at most)" if name == "workers" else getattr(Limits(), name)
        text = shown.partition(f"{said['flag']} {said['unit']}")[2]
        assert text.split("[default: ")[1].startswith(f"{default};")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from digit_classifier import cli\n"
        "try: cli.main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'fastapi', 'uvicorn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "httptools", "prometheus_client"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from digit_classifier import cli; cli.main(['serve', '--port', '0'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r'pip install (-e )?".*\[serve\]"$', done.stderr.strip())
    assert package in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_imports_nothing_of_the_training_stack() -> None:
    code = (
        "import sys; from digit_classifier.server import app, run, settings\n"
        "app.build(settings.Settings())\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'sklearn', 'scipy', 'onnx', 'cv2', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
