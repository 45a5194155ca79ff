"""Names that no font at hand has are escaped: no boxes are drawn, and nothing complains."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from digit_classifier import plotting
from digit_classifier.training.curves import draw_curves
from digit_classifier.training.loop import Epoch


@pytest.fixture
def plain_fonts(monkeypatch):
    """A machine that has no font but matplotlib's own."""
    monkeypatch.setattr(plotting, "_FONTS", ("DejaVu Sans",))
    plotting._fonts.cache_clear()
    yield
    plotting._fonts.cache_clear()


@pytest.mark.usefixtures("plain_fonts")
def test_a_plot_of_a_name_without_a_font_is_escaped_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = draw_curves([Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0)], "own data: 张伟", "validation")
        figures["loss"].canvas.draw()
    assert figures["loss"].axes[0].get_title("left") == r"Loss on own data: \u5f20\u4f1f"


@pytest.mark.usefixtures("plain_fonts")
@pytest.mark.parametrize(
    ("name", "shown"), [("Chloé", "Chloé"), ("a$b$", r"a\$b\$"), ("\udce9", r"\udce9")]
)
def test_other_names_are_shown_as_they_are(name, shown):
    assert plotting.show_name(name) == shown


@pytest.mark.usefixtures("plain_fonts")
@pytest.mark.parametrize(
    ("text", "shown"), [("Anna", "Anna"), ("Chloé", "Chloé"), ("张\udce9", r"\u5f20\udce9")]
)
def test_a_contact_sheet_is_written_in_letters_that_its_font_has(text, shown):
    told, font = plotting.choose_font(text, 15)
    assert told == shown
    assert font.getlength(told) > 0


def test_the_font_that_a_system_has_is_taken():
    with plotting.style():
        import matplotlib

        assert matplotlib.rcParams["font.family"][0] == "DejaVu Sans"
    assert np.all([len(letters) > 100 for letters in plotting._fonts().values()])


def test_nobody_is_told_where_matplotlib_keeps_its_own_files():
    lost = {"HOME": "/dev/null/nobody", "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
    code = "from digit_classifier import plotting\nwith plotting.style(): pass"
    kept = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**kept, **lost}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
