"""The plots grow while a training goes on, whatever becomes of the toolkit that draws them."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digit_classifier.training import Listener, TrainConfig, curves, train
from digit_classifier.training.curves import LivePlots
from digit_classifier.training.loop import Epoch
from digit_classifier.training.window import NO_DISPLAY, NO_TOOLKIT, Window


def rows(count):
    return [Epoch(i, 1 / i, 1 - 0.1 / i, 1.1 / i, 1 - 0.2 / i, 1.0) for i in range(1, count + 1)]


@pytest.fixture
def plan(keras, small_folder):
    """The plan of a real training of four epochs, which goes no further."""
    plans = []

    class Ear(Listener):
        def on_start(self, plan):
            plans.append(plan)
            raise KeyError

    with pytest.raises(KeyError):
        train(TrainConfig(dataset=str(small_folder), epochs=4, out="planned"), Ear())
    return plans[0]


@pytest.fixture
def always(monkeypatch):
    """As if epochs took long enough to draw after each."""
    monkeypatch.setattr(curves, "SECONDS", 0.0)
    monkeypatch.setattr(curves, "SHARE", 1e9)


def test_both_png_files_are_there_while_it_trains(keras, plots, small_folder, always):
    seen = []

    class Ear(Listener):
        def on_epoch(self, row):
            names = {path.name for path in Path("run").iterdir()}
            seen.append({"loss.png", "accuracy.png"} <= names)

    train(TrainConfig(dataset=str(small_folder), epochs=3, out="run"), Ear())
    assert seen == [False, True, True]


def test_all_epochs_up_to_now_are_drawn_but_not_the_last_which_is_drawn_at_the_end(plan, always):
    drawn = []
    plots = LivePlots(plan, lambda history: drawn.append(len(history)), pytest.fail)
    for row in rows(4):
        plots.add(row)
    assert drawn == [1, 2, 3]


def test_drawing_that_takes_long_waits_longer_for_its_next_turn(plan, monkeypatch):
    monkeypatch.setattr(curves, "SECONDS", 0.0)
    monkeypatch.setattr(curves, "SHARE", 1e-6)
    drawn = []

    def draw(history):
        drawn.append(len(history))
        time.sleep(0.01)

    plots = LivePlots(plan, draw, pytest.fail)
    for row in rows(4):
        plots.add(row)
    assert drawn == [1]


def test_plots_that_cannot_be_drawn_cost_one_sentence(plan, always):
    warnings = []
    plots = LivePlots(plan, lambda _history: 1 / 0, warnings.append)
    for row in rows(4):
        plots.add(row)
    assert warnings == ["the plots are not drawn while it trains: division by zero"]


@pytest.fixture
def history(tmp_path, finished_run):
    return Path(shutil.copytree(finished_run, tmp_path / "seen"))


def test_where_there_is_no_display_no_process_is_started(history, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    window = Window(history, "MNIST", "validation")
    assert not window.is_open
    assert window.close() == NO_DISPLAY


@pytest.mark.parametrize("backend", ["tkagg", "foo", None])
def test_a_display_that_is_gone_costs_a_sentence(history, monkeypatch, backend):
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setenv("MPLBACKEND", backend or "")
    window = Window(history, "MNIST", "validation")
    window.wait()
    assert window.close() == NO_TOOLKIT


def test_a_toolkit_that_aborts_costs_a_sentence(history, monkeypatch, tmp_path):
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    # What Qt does without its plugin for X11: two lines, and SIGABRT.
    (tmp_path / "matplotlib.py").write_text(
        "import os, sys\n"
        "sys.stderr.write('Could not load the Qt platform plugin xcb\\nAvailable: none\\n')\n"
        "sys.stderr.flush()\n"
        "os.abort()\n"
    )
    window = Window(history, "MNIST", "validation")
    window.wait()
    assert window.close() == "Could not load the Qt platform plugin xcb"


def test_an_unknown_backend_does_not_keep_files_from_being_drawn(tmp_path):
    program = (
        "from digit_classifier.training.curves import draw_curves, save_curves\n"
        "from digit_classifier.training.loop import Epoch\n"
        "from pathlib import Path\n"
        "row = Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0)\n"
        "save_curves(draw_curves([row], 'MNIST', 'validation'), Path())\n"
    )
    environment = {**os.environ, "MPLBACKEND": "foo"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert Path("loss.png").exists()


@pytest.fixture
def display():
    """An X server of one's own that nobody sees."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    pytest.importorskip("tkinter")
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x900x24"]
    server = subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        yield f":{told.readline().strip()}"
    server.kill()
    server.wait()


def test_the_window_opens_and_ends_with_the_training_that_opened_it(history, monkeypatch, display):
    from PIL import ImageGrab

    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("MPLBACKEND", "tkagg")
    window = Window(history, "MNIST", "validation")
    until = time.monotonic() + 60
    while not ImageGrab.grab(xdisplay=display).getbbox():
        assert window.is_open, window.close()
        assert time.monotonic() < until
        time.sleep(0.1)
    assert window.close() is None
    assert not window.is_open
