"""The finder learns from drawn pages, through the same command as every network."""

import json
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import train
from digit_classifier.agreement import Agreement
from digit_classifier.drawn import pages as drawn
from digit_classifier.errors import OptionError
from digit_classifier.picture import finder
from digit_classifier.training.finder import crops, measure, network, pages
from digit_classifier.training.session import resume


def test_each_digit_has_its_middle_its_class_and_its_sides() -> None:
    boxes = np.array([[20, 30, 44, 70], [100, 100, 106, 140]], float)
    target = crops.target(boxes, np.array([7, 1]))
    for box, label in zip(boxes, (7, 1), strict=True):
        x, y = (int((box[i] + box[i + 2]) / 2 / network.STRIDE) for i in (0, 1))
        cell = target[y, x]
        assert cell[:3].tolist() == [1, 0, label]
        at = (np.array([x, y]) + 0.5) * network.STRIDE
        sides = [at[0] - box[0], at[1] - box[1], box[2] - at[0], box[3] - at[1]]
        assert cell[3:] == pytest.approx(np.maximum(sides, 0.25))


def test_other_writing_is_no_digit_and_what_is_cut_off_is_no_matter() -> None:
    boxes = np.array([[20, 20, 50, 60], [170, 90, 214, 130]], float)  # the second half outside
    target = crops.target(boxes, np.array([10, 3]))
    assert target[10, 8, :2].tolist() == [0, 1]
    assert not (target[..., 0] == 1).any()
    assert (target[25:29, 44:, 0] == -1).all()
    assert target[40, 10, 0] == 0


def test_between_two_neighbours_there_is_no_middle() -> None:
    target = crops.target(np.array([[20, 20, 50, 64], [52, 20, 82, 64]], float), np.array([4, 4]))
    assert target[10, 12, 0] == 0


@pytest.mark.parametrize("size", [4, 130])
def test_what_is_far_too_small_or_too_large_for_a_scale_is_paper_there(size: int) -> None:
    box = np.array([96 - size / 4, 96 - size / 2, 96 + size / 4, 96 + size / 2])
    assert not crops.target(box[None], np.array([7]))[..., :2].any()


def test_a_word_is_looked_at_letter_by_letter_and_a_dash_is_one_thing() -> None:
    boxes = np.array([[10, 20, 130, 50], [10, 100, 50, 104], [60, 90, 140, 120]], float)
    parts, labels = crops.by_letter(boxes, np.array([10, 10, 3]))
    letters = [[x, 20, x + 30, 50] for x in (10, 40, 70, 100)]
    assert parts.tolist() == [*letters, *boxes[1:].tolist()]
    assert labels.tolist() == [10] * 5 + [3]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ([0, 1, 2], True),  # two numbers side by side
        ([0, 1], True),
        ([1, 2], False),  # half of the first
        ([1, 0], False),
        ([0, 1, -1], False),  # something that is no digit
    ],
)
def test_a_line_is_right_where_its_numbers_are_whole(read: list[int], right: bool) -> None:
    page = drawn.DrawnPage(
        np.zeros((9, 9), np.uint8), np.zeros((3, 4), np.float32), np.array([4, 7, 5]), "column",
        (("47", (0, 1)), ("5", (2,))),
    )  # fmt: skip
    labels = np.array([page.labels[i] if i >= 0 else -1 for i in read])
    one = np.ones(len(read))
    said = np.eye(10)[labels]
    line = np.zeros(len(read), int)
    marks = measure.Marks(line, line, np.array(read), labels, one, one, said, said)
    products, told = measure._numbers(marks, [page], Agreement())
    assert len(products) == 1
    assert told.tolist() == [right]


def test_a_crop_shows_what_its_target_says() -> None:
    images, labels = _digits()
    page = pages.draw_page(np.random.default_rng(3), images, labels, kind="lines")
    crop, target = crops.cut(page, np.random.default_rng(0))
    assert crop.shape == (crops.CROP, crops.CROP)
    assert set(np.unique(target[..., 0])) <= {-1, 0, 1}


@pytest.mark.train
def test_a_right_answer_costs_less_than_a_wrong_one() -> None:
    target = crops.target(np.array([[60, 60, 90, 110]], float), np.array([5]))[None]
    right = np.zeros((1, crops.CELLS, crops.CELLS, network.OUTPUTS), np.float32)
    right[..., :2] = np.where(target[..., :2] == 1, 6.0, -6.0)
    right[..., 2 + 5] = 6
    right[..., network.SIDES] = np.log(np.maximum(target[..., 3:], 0.25) / network.UNIT)
    whole, *parts = (float(part) for part in network.loss(right, target))
    assert whole < 0.25  # of which 0.2 for labels that are smoothed
    for change, part in ((network.DIGIT, 0), (2 + 5, 2), (network.SIDES, 3)):
        wrong = right.copy()
        wrong[..., change] = -wrong[..., change] - 1
        assert float(network.loss(wrong, target)[1 + part]) > 5 * max(parts[part], 0.01)


@pytest.mark.train
@pytest.mark.usefixtures("plots")
@pytest.mark.filterwarnings("ignore:no handwriting fonts")
def test_a_finder_is_trained_resumed_and_looks_at_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGES", 8)
    monkeypatch.setattr(pages, "CROPS", 16)
    monkeypatch.setattr(pages, "KNOWN", 3)
    monkeypatch.setattr(pages, "UNSEEN", 2)
    told = {"dataset": "sample", "batch_size": 8, "quiet": True}
    run = train(model="finder", epochs=1, out=tmp_path / "run", **told)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["agreement"].keys() == Agreement().describe().keys()
    assert 0 <= metrics["accuracy"] <= 1
    assert {"finder.onnx", "model.keras", "loss.png", "history.csv"} <= {
        path.name for path in run.folder.iterdir()
    }
    page = np.full((100, 130), 255, np.uint8)
    page[30:70, 60:66] = 0
    loaded = finder.load_file(run.folder / "finder.onnx")
    assert loaded.agreement.describe() == metrics["agreement"]
    assert finder.detect(page, loaded.run).classes.shape[1] == 10
    with pytest.raises(Exception, match="finished"):
        resume(run.folder)


def _digits() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 4:24, 10:18] = rng.integers(100, 255, (20, 20, 8))
    return images, np.arange(20) % 10


def test_what_the_finder_would_ignore_is_refused(tmp_path: Path) -> None:
    told = {"dataset": "sample", "out": tmp_path / "run", "quiet": True}
    with pytest.raises(OptionError, match="finder .*leave out early_stop="):
        train(model="finder", **told, early_stop=3)
    assert not (tmp_path / "run").exists()


def test_crops_are_the_same_each_time_and_as_many_as_asked() -> None:
    images, labels = _digits()
    drawn = [pages.draw_page(np.random.default_rng(3), images, labels, kind="lines")]
    once, again = (list(pages.batches(drawn, 2, 0, 1, steps=3)) for _ in range(2))
    assert len(once) == len(again) == 3
    assert all((a[0] == b[0]).all() for a, b in zip(once, again, strict=True))
