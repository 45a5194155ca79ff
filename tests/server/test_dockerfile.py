"""The Dockerfile, which is not built here: each path and each command in it exists."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from digit_classifier.cli import group
from server.conftest import as_png
from server.process import Server

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
LINES = [line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in LINES if name == instruction]


def test_it_copies_what_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = [rest.split()[:-1] for rest in arguments("COPY") if not rest.startswith("--from")]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):  # what a build reads
        assert [name] in copied or any(name in names for names in copied)
    for kept in ignored:
        if kept.startswith("!"):
            assert (ROOT / kept[1:]).exists()


def test_it_installs_extras_that_exist_and_no_training() -> None:
    (install,) = (rest for rest in arguments("RUN") if "pip install" in rest)
    extras = re.search(r"\.\[([\w,]+)\]", install)[1].split(",")
    assert extras == ["serve"]
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    assert "-c requirements.txt" in install


def test_its_python_is_one_that_the_project_supports() -> None:
    found = {re.match(r"python:(3\.\d+)-slim", rest)[1] for rest in arguments("FROM")}
    assert len(found) == 1
    classifiers = {text.rpartition(" ")[2] for text in PROJECT["classifiers"] if "3." in text}
    assert found <= classifiers


def test_its_command_parses() -> None:
    (entry,), (flags,) = map(arguments, ("ENTRYPOINT", "CMD"))
    program, *words = [*json.loads(entry), *json.loads(flags)]
    assert program in PROJECT["scripts"]
    command = group.get_command(None, words[0])
    context = command.make_context("serve", words[1:])
    assert str(context.params["port"]) in arguments("EXPOSE")
    assert context.params["host"] == "0.0.0.0"
    assert arguments("STOPSIGNAL") == ["SIGTERM"]


def test_it_does_not_run_as_root() -> None:
    (user,) = arguments("USER")
    assert int(user) > 0
    assert f"--uid {user}" in " ".join(arguments("RUN"))
    order = [name for name, _ in LINES]
    assert order.index("USER") < order.index("ENTRYPOINT")


def test_its_health_check_tells_a_live_server_from_none(server: Server) -> None:
    (check,) = arguments("HEALTHCHECK")
    python, flag, code = json.loads(check.split("CMD ", 1)[1])
    assert (python, flag) == ("python", "-c")

    def run(port: int) -> int:
        here = code.replace(":8000", f":{port}")
        return subprocess.run([sys.executable, flag, here], capture_output=True).returncode

    assert run(server.port) == 0
    assert run(1) == 1


@pytest.mark.skipif(not shutil.which("sh"), reason="needs a shell, to forbid the writing of files")
def test_it_serves_where_no_file_can_be_written() -> None:
    """As on a read-only file system; an upload that would go to a temporary file among others."""
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
    server = Server(before=limited)
    large = as_png("5") + b"\0" * 3_000_000
    answer = server.client.post("v1/read", files={"file": ("5.png", large)})
    assert answer.json()["text"] == "5"
    assert httpx.get(f"{server.address}v2/health/ready").status_code == 200
    assert server.stop() == 0
    assert server.rest == ""
