"""Out of distribution: AUROC and false accepts against counts by hand, and what the sets hold."""

import gzip
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from digit_classifier.drawn import nondigits, styles
from digit_classifier.errors import DataError, DigitError
from digit_classifier.evaluation import ood_sets
from digit_classifier.evaluation.model import Model
from digit_classifier.evaluation.ood_sets import OodSet, find_threshold, measure, separate
from digit_classifier.evaluation.predictions import predict_all
from digit_classifier.evaluation.sections import ood as doubt
from digit_classifier.rejection import RejectionRule
from evaluation.test_accuracy import evaluation

KINDS = len(nondigits.KINDS) + len(nondigits.HELD_OUT) + 3


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    return styles.generate(60, seed=8)


def inky(images: np.ndarray) -> np.ndarray:
    """Surer the less ink there is: rows that sum to 1."""
    top = 1 - 0.8 * images.mean(axis=(1, 2)) / 255
    rest = np.repeat(((1 - top) / 9)[:, None], 10, axis=1)
    rest[:, 3] = top
    return rest.astype(np.float32)


def section(predict, images, labels, rule=None, **more):
    metadata = {"reject": rule.describe()} if rule else {}
    model = Model("stub", None, predict, metadata)
    return doubt.section(evaluation(predict_all(model, images, labels), model, **more))


def test_auroc_is_the_share_of_pairs_that_are_in_order() -> None:
    rng = np.random.default_rng(0)
    digits, others = rng.integers(0, 9, 40) / 10, rng.integers(0, 7, 25) / 10
    pairs = [(d > o) + 0.5 * (d == o) for d, o in product(digits, others)]
    found = separate("letters", True, digits, others, 0.4, 0.5)
    assert found.auroc == pytest.approx(np.mean(pairs))
    assert (found.n, found.accepted, found.accepted_by_rule) == (
        25,
        sum(o >= 0.4 for o in others),
        sum(o >= 0.5 for o in others),
    )
    assert found.share == found.accepted / 25
    assert separate("letters", True, digits, others, 0.4, None).share_by_rule is None


def test_perfect_hopeless_and_constant_scores() -> None:
    high, low = np.full(10, 0.9), np.full(5, 0.2)
    assert separate("x", False, high, low, 0.9, None).auroc == 1
    assert separate("x", False, low, high, 0.2, None).auroc == 0
    constant = separate("x", False, high, high[:5], find_threshold(high), None)
    assert (constant.auroc, constant.share) == (0.5, 1.0)


def test_the_threshold_is_the_highest_that_lets_99_of_100_through() -> None:
    scores = np.random.default_rng(1).permutation(np.arange(200) / 200)
    assert find_threshold(scores) == 2 / 200
    assert (scores >= find_threshold(scores)).mean() == 0.99
    # of 50 none may be refused, and of many that are equal none can be refused alone
    assert find_threshold(np.arange(50.0)) == 0
    assert find_threshold(np.r_[np.zeros(5), np.ones(95)]) == 0
    assert find_threshold(np.array([0.3])) == 0.3


def test_every_kind_comes_once_and_the_same_each_time(
    digits: tuple[np.ndarray, np.ndarray],
) -> None:
    made = list(ood_sets.make(*digits, per_kind=6))
    again = list(ood_sets.make(*digits, per_kind=6))
    names = [each.kind for each in made]
    assert len(set(names)) == len(names) == KINDS == ood_sets.count_kinds(digits[1])
    assert [each.kind for each in made if each.taught] == list(nondigits.KINDS)
    for one, other in zip(made, again, strict=True):
        assert one.images.shape == (6, 28, 28)
        assert one.images.dtype == np.uint8
        np.testing.assert_array_equal(one.images, other.images)


def test_blank_is_even_and_noise_is_not(digits: tuple[np.ndarray, np.ndarray]) -> None:
    blank, noise = list(ood_sets.make(*digits, per_kind=40))[:2]
    assert (blank.kind, noise.kind) == ("blank", "noise")
    assert np.ptp(blank.images, axis=(1, 2)).max() == 0
    assert set(blank.images[[0, -1], 0, 0]) == {0, 255}
    assert noise.images.std(axis=(1, 2)).min() > 20


def test_joined_halves_are_of_two_different_digits() -> None:
    # each digit in a grey of its own, so that every half tells where it is from
    labels = np.arange(10).repeat(3)
    digits = np.repeat((labels * 20 + 10).astype(np.uint8), 784).reshape(-1, 28, 28)
    joined = ood_sets.join(digits, labels, 200, np.random.default_rng(2))
    above = joined[:, 0, 0] == joined[:, 0, 27]
    assert 60 < above.sum() < 140
    for image, is_above in zip(joined, above, strict=True):
        first, second = (image[:14], image[14:]) if is_above else (image[:, :14], image[:, 14:])
        assert np.ptp(first) == np.ptp(second) == 0
        assert first[0, 0] != second[0, 0]


def test_digits_of_one_class_are_not_joined(digits: tuple[np.ndarray, np.ndarray]) -> None:
    labels = np.full(len(digits[0]), 4)
    names = [each.kind for each in ood_sets.make(digits[0], labels, per_kind=1)]
    assert len(names) == KINDS - 1 == ood_sets.count_kinds(labels)
    assert ood_sets.JOINED not in names


def write_idx(path: Path, images: np.ndarray, zipped: bool = False) -> Path:
    header = bytes([0, 0, 8, images.ndim]) + b"".join(
        int(side).to_bytes(4, "big") for side in images.shape
    )
    data = header + images.tobytes()
    path.write_bytes(gzip.compress(data) if zipped else data)
    return path


@pytest.fixture
def fashion() -> np.ndarray:
    return np.random.default_rng(9).integers(0, 256, (20, 28, 28), dtype=np.uint8)


def test_other_data_are_read_from_a_file_a_folder_and_an_archive(
    fashion: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "fashion"
    folder.mkdir()
    write_idx(folder / "train-images-idx3-ubyte", fashion[:5])
    only_training = ood_sets.read(folder)
    write_idx(folder / "t10k-images-idx3-ubyte.gz", fashion, zipped=True)
    archive = tmp_path / "fashion.npz"
    empty = np.zeros(20, np.uint8)
    np.savez(archive, x_train=fashion[:3], y_train=empty[:3], x_test=fashion, y_test=empty)
    for path in (folder, folder / "t10k-images-idx3-ubyte.gz", str(archive)):
        found = ood_sets.read(path)
        np.testing.assert_array_equal(found.images, fashion)
        assert found.kind == Path(path).name
        assert not found.taught
    np.testing.assert_array_equal(only_training.images, fashion[:5])
    assert ood_sets.read(archive, most=5).images.tolist() == fashion[::4].tolist()


def test_letters_serve_as_other_data_in_any_form_and_nobody_asks_how_they_lie(
    fashion: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digit_classifier.onnx_model import OnnxModel

    monkeypatch.setattr(OnnxModel, "predict", None)  # the shipped cnn is not asked
    letters = np.arange(20) + 7  # labels that digits never have
    rows = [
        ",".join(map(str, [k, *image.ravel()])) for k, image in zip(letters, fashion, strict=True)
    ]
    (tmp_path / "letters.csv").write_text("\n".join(rows))
    np.savez(tmp_path / "letters.npz", images=fashion / 255, labels=letters)
    np.save(tmp_path / "letters.npy", fashion)
    for name in ("letters.csv", "letters.npz", "letters.npy"):
        np.testing.assert_array_equal(ood_sets.read(tmp_path / name).images, fashion)
    emnist = tmp_path / "emnist"
    emnist.mkdir()
    write_idx(emnist / "emnist-letters-train-images-idx3-ubyte", fashion[:5])
    write_idx(emnist / "emnist-letters-test-images-idx3-ubyte", fashion)
    np.testing.assert_array_equal(ood_sets.read(emnist).images, fashion)
    write_idx(emnist / "emnist-mnist-train-images-idx3-ubyte", fashion)
    with pytest.raises(DigitError, match="several data sets: emnist-letters-.*Name one"):
        ood_sets.read(emnist)


def test_other_data_that_are_none_are_refused_in_a_sentence(
    fashion: np.ndarray, tmp_path: Path
) -> None:
    labels = write_idx(tmp_path / "labels-idx1-ubyte", np.arange(9, dtype=np.uint8))
    text = tmp_path / "notes.txt"
    text.write_text("shoes")
    none = write_idx(tmp_path / "none-idx3-ubyte", fashion[:0])
    bare = tmp_path / "bare"
    bare.mkdir()
    for path, message in (
        (tmp_path / "absent", "no other data at .*absent; needed an IDX, CSV"),
        (labels, "needed n x 28 x 28 images"),
        (text, "a heading and no rows; needed 785 columns"),
        (none, "holds no images"),
        (bare, "holds no data set"),
    ):
        with pytest.raises(DigitError, match=message) as caught:
            ood_sets.read(path)
        assert caught.value.exit_code == 2


def test_the_digits_themselves_are_no_other_data(
    digits: tuple[np.ndarray, np.ndarray], fashion: np.ndarray
) -> None:
    mixed = OodSet("fashion", False, np.concatenate([fashion, digits[0][5:6]]))
    with pytest.raises(DataError, match="fashion holds some of the very digits"):
        section(inky, *digits, ood=mixed)


def test_scores_are_those_of_the_model_kind_by_kind(
    digits: tuple[np.ndarray, np.ndarray], fashion: np.ndarray
) -> None:
    told: list[tuple[str, int, int]] = []
    rule = RejectionRule(0.9)
    scores = measure(
        inky,
        *digits,
        rule=rule,
        ood=OodSet("fashion", False, fashion),
        per_kind=4,
        progress=lambda *each: told.append(each),
    )
    assert scores.ood is scores.rows[0]
    np.testing.assert_allclose(scores.others["fashion"], inky(fashion).max(axis=1))
    assert [row.kind for row in scores.rows] == list(scores.others)
    for row in scores.rows:
        assert row.accepted == (scores.others[row.kind] >= scores.threshold).sum()
        assert row.accepted_by_rule == (scores.others[row.kind] >= 0.9).sum()
    # what the user names is in neither sum
    untaught, taught = scores.sums
    assert untaught.n == 4 * (3 + len(nondigits.HELD_OUT))
    assert taught.n == 4 * len(nondigits.KINDS)
    assert taught.accepted == sum(row.accepted for row in scores.rows if row.taught)
    assert told == [("what is no digit", i, KINDS + 2) for i in range(1, KINDS + 3)]


@pytest.mark.parametrize("rule", [None, RejectionRule(0.3, 5.0)])
def test_a_section_says_its_figures_in_words_tables_and_json(
    digits: tuple[np.ndarray, np.ndarray],
    fashion: np.ndarray,
    rule: RejectionRule | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ood_sets, "QUICK_PER_KIND", 3)
    other = OodSet("fashion", False, fashion)
    found = section(inky, *digits, rule=rule, ood=other, quick=True)
    metrics = json.loads(json.dumps(found.metrics, allow_nan=False))
    assert metrics["kinds"]["fashion"]["n"] == 20
    assert (metrics["model_threshold"] is None) == (rule is None)
    shown = "at a temperature of 5" if rule else "The score is the highest probability;"
    assert any(shown in sentence for sentence in found.sentences)
    assert any("20 images of fashion" in sentence for sentence in found.sentences)
    (table,) = found.tables
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert len(table.rows) == KINDS + 1 + 2
    for figure in found.figures:
        figure.draw().savefig("/dev/null", format="png")


def test_one_digit_and_a_model_that_always_says_the_same(
    digits: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ood_sets, "QUICK_PER_KIND", 2)

    def even(images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 10), 0.1, np.float32)

    found = section(even, digits[0][:1], digits[1][:1], quick=True)
    assert found.metrics["never_taught"]["auroc"] == 0.5
    assert found.metrics["may_be_taught"]["false_accept_rate"] == 1
    for figure in found.figures:
        figure.draw()
