"""Every example of every help text runs as it stands there, on small data in place of the real."""

import contextlib
import dataclasses
import importlib.util
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import click
import numpy as np
import pytest

from dataset import mirror, stand_in
from digit_classifier import cache, cli
from digit_classifier.dataset import download
from digit_classifier.drawn import styles
from picture import filled_forms as filled

pytestmark = pytest.mark.xdist_group("examples")  # one training serves them all


def examples(command=cli.group):
    """Lines that begin with digits, or end in it, below the heading Examples."""
    context = click.Context(command)
    yield from re.findall(r"^ +((?:.* \| )?digits .+?)(?: {2,}.*)?$", command.help, re.MULTILINE)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from examples(command.get_command(context, name))


EXAMPLES = list(dict.fromkeys(examples()))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """One finished training of an epoch, as `digits train` makes them."""
    from digit_classifier.training import TrainConfig, train
    from digit_classifier.training.backend import start

    start("tensorflow")
    folder = tmp_path_factory.mktemp("run")
    images, labels = styles.generate(300, seed=3)
    stand_in.write_npz(folder / "own.npz", stand_in.Arrays(images, labels, images, labels))
    settings = TrainConfig(dataset=str(folder / "own.npz"), epochs=1, out=str(folder / "made"))
    with warnings.catch_warnings(action="ignore"):  # that these are few images
        train(settings)
    return folder / "made"


@pytest.fixture
def machine(tmp_path, monkeypatch, run_folder):
    """A home and a working folder that hold what the examples name."""
    home, work = tmp_path / "home", tmp_path / "work"
    for name, value in {
        "HOME": home, "USERPROFILE": home, "DIGITS_CACHE": home / "cache", "MPLBACKEND": "agg",
        "KERAS_HOME": home, "BROWSER": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("MNIST_DATA_DIR", raising=False)
    drawn, told = styles.generate(280, seed=5)  # in noise there is nothing to read
    parts = stand_in.Arrays(drawn[:240], told[:240], drawn[240:], told[240:])
    stand_in.write_all(home / "mnist", parts)
    for name in ("FILES", "ARCHIVE", "DIGEST"):
        monkeypatch.setattr(download, name, getattr(download, name))  # put back afterwards
    stand_in.publish(home / "mnist")
    shutil.copytree(home / "mnist", cache.folder() / "mnist")
    (work / "scans").mkdir(parents=True)
    (work / "experiments").mkdir()
    monkeypatch.chdir(work)
    images, labels = styles.generate(60, seed=4)
    for at, (image, label) in enumerate(zip(images, labels, strict=True)):
        from PIL import Image

        kept = work / "my-digits" / str(label)
        kept.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(kept / f"{at}.png")
    for name in ("photo.jpg", "drawing.png", "scans/a.png", "scans/b.png"):
        shutil.copy(kept / f"{at}.png", work / name)
    for name in ("anna.jpg", "first.png", "second.png"):
        Image.fromarray(filled.blank("A4")).save(work / name)
    for name in ("runs/a", "runs/b", "runs/latest", "experiments/c"):
        shutil.copytree(run_folder, work / name)
    heading = ",".join(f"pixel{at}" for at in range(784))
    rows = images.reshape(-1, 784)
    np.savetxt("test.csv", rows, "%d", ",", header=heading, comments="")
    labelled = np.column_stack([labels, rows])
    np.savetxt("train.csv", labelled, "%d", ",", header=f"label,{heading}", comments="")
    from evaluation import networks

    networks.write(
        work / "torch-net.onnx", networks.weights(), layout=("n", 1, 28, 28), dtype="float32"
    )
    return work


@pytest.fixture
def short_recipes(monkeypatch):
    from digit_classifier.training.networks import NETWORKS

    for network in NETWORKS.values():
        for name, recipe in network.recipes.items():
            monkeypatch.setitem(network.recipes, name, dataclasses.replace(recipe, epochs=1))


@pytest.mark.parametrize("line", [line for line in EXAMPLES if " serve" not in line])
def test_an_example_runs(line, machine, short_recipes, monkeypatch, capfd):
    before, _, command = line.rpartition(" | ")
    if before:  # curl's picture
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("photo.jpg").read_bytes()))
        )
    words = shlex.split(command.split(" > ")[0])[1:]
    if "--resume" in words:
        shutil.move("runs/a", words[words.index("--resume") + 1])
    with contextlib.ExitStack() as stack:
        if "download" in words:
            served = stack.enter_context(mirror.serving(Path.home() / "mnist"))
            monkeypatch.setenv("DIGITS_MIRRORS", served.url("good"))
        with pytest.raises(SystemExit) as left:
            cli.main([os.path.expanduser(word) for word in words])  # noqa: PTH111  as a shell does
    said = capfd.readouterr()
    if words[:2] == ["sheet", "scans/"]:  # pictures of a digit each
        assert left.value.code == 1
        assert "0 of the sheet's 6 black marks" in said.err
    elif "--resume" in words:  # whose training is at its end here
        assert left.value.code == 2
        assert "finished" in said.err
    elif "jax" in words:
        missing = importlib.util.find_spec("jax") is None
        assert left.value.code == (1 if missing else 2)
        assert ("[jax]" if missing else "Start a new process") in said.err
    else:
        assert not left.value.code, said.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("line", [line for line in EXAMPLES if " serve" in line])
def test_an_example_of_serving_serves(line, machine):
    words = shlex.split(line)[1:]
    port = [] if "--port" in words else ["--port", "0"]  # 8000 may be in use here
    server = subprocess.Popen(
        [sys.executable, "-m", "digit_classifier", *words, *port],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout.readline().startswith("http://")
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == 0, err
    assert "Traceback" not in err
