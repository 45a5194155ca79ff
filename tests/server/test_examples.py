"""The examples of the documents, copied out of them and run against a real server."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.process import Server

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / "serving.md", ROOT / "README.md"]
ADDRESS = "127.0.0.1:8000"


def examples():
    """Python blocks, and single lines of curl, that name the server's address."""
    for document in DOCUMENTS:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)
        for number, (language, block) in enumerate(blocks):
            if ADDRESS not in block:
                continue
            name = f"{document.stem} {number}"
            if language == "python":
                yield pytest.param([sys.executable, "-c", block], id=name)
            for line in block.splitlines():
                if line.startswith("curl "):
                    yield pytest.param(["sh", "-c", line], id=f"{name} {line}")


def test_there_are_examples_with_curl_and_with_python() -> None:
    commands = [example.values[0][0] for example in examples()]
    assert commands.count("sh") >= 5
    assert commands.count(sys.executable) >= 3


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("command", list(examples()))
def test_an_example_does_what_its_document_says(
    keeping: Server, picture: bytes, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "drawing.png").write_bytes(picture)
    here = f"127.0.0.1:{keeping.port}"
    run = [word.replace(ADDRESS, here).replace("curl ", "curl --fail ") for word in command]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if "tritonclient" in command[-1]:
        assert done.stdout == "[1 1]\n"
    elif "/v1/read" in command[-1] and "single" not in command[-1]:
        assert "42" in done.stdout
    else:
        assert done.stdout
