import numpy as np
import pytest

from digit_classifier.training.curves import draw_curves, save_curves
from digit_classifier.training.loop import Epoch

HISTORY = [Epoch(i, 1 / i, 1 - 0.1 / i, 1.1 / i, 1 - 0.2 / i, 1.0) for i in range(1, 6)]


def test_each_plot_has_training_and_validation_over_the_epochs():
    figures = draw_curves(HISTORY, "MNIST", "validation (10 test images)")
    for name, training, validation in (
        ("loss", [r.loss for r in HISTORY], [r.val_loss for r in HISTORY]),
        ("accuracy", [100 * r.accuracy for r in HISTORY], [100 * r.val_accuracy for r in HISTORY]),
    ):
        axes = figures[name].axes[0]
        lines = axes.get_lines()
        np.testing.assert_allclose(lines[0].get_ydata(), training)
        np.testing.assert_allclose(lines[1].get_ydata(), validation)
        np.testing.assert_array_equal(lines[0].get_xdata(), [1, 2, 3, 4, 5])
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == ["training", "validation (10 test images)"]
        assert axes.get_xlabel() == "epoch"


def test_units_and_the_data_sets_name_are_in_the_picture():
    figures = draw_curves(HISTORY, "MNIST sample (5,000 images)", "validation")
    assert figures["loss"].axes[0].get_ylabel() == "cross-entropy (nats)"
    assert figures["accuracy"].axes[0].get_ylabel() == "right answers (%)"
    for figure in figures.values():
        assert "MNIST sample (5,000 images)" in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_saved_as_png_and_svg_also_after_one_epoch(tmp_path, count):
    save_curves(draw_curves(HISTORY[:count], "MNIST", "validation"), tmp_path)
    for name in ("loss", "accuracy"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()[:1000]
    assert len(list(tmp_path.iterdir())) == 4


def test_the_same_figures_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        save_curves(draw_curves(HISTORY, "MNIST", "validation"), tmp_path / folder)
    for name in ("loss.png", "loss.svg", "accuracy.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
