import json

import numpy as np
import pytest

from digit_classifier.dataset import Dataset
from digit_classifier.errors import DataError, ModelError, OptionError
from digit_classifier.evaluation.compare import compare, report
from digit_classifier.evaluation.compare import figures as comparison_plots
from digit_classifier.evaluation.compare import report as comparison_report
from digit_classifier.evaluation.compare.report import History
from digit_classifier.evaluation.model import Model
from digit_classifier.plotting import style


def dataset(labels, is_sample=False):
    """Images whose first pixel is their number, so that a fake model can know them."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels))
    labels = np.array(labels, np.uint8)
    return Dataset("fake", images[:1], labels[:1], images, labels, "0" * 64, "here", is_sample)


def model(name, answers, **more):
    """A model that gives image number i the answer answers[i]."""
    answers = np.asarray(answers)

    def predict(images):
        wanted = answers[np.minimum(images[:, 0, 0], len(answers) - 1)]
        return np.where(np.arange(10) == wanted[:, None], 0.91, 0.01).astype(np.float32)

    return Model(name, more.pop("path", None), predict, **{"size_bytes": 1_000_000, **more})


LABELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def wrong_at(*places):
    answers = list(LABELS)
    for place in places:
        answers[place] = (answers[place] + 1) % 10
    return answers


def told(*models, data=None, **more):
    found = compare(models, data or dataset(LABELS), robustness=False, **more)
    return found, comparison_report.section(found)


def test_hand_counted_errors_and_pairs():
    found, section = told(model("a", wrong_at(0, 1, 2)), model("b", wrong_at(2, 3)))
    (test,) = found.tests
    assert [each.errors for each in found.results] == [3, 2]
    assert (test.better.name, test.worse.name) == ("b", "a")
    assert (test.pairing.only_first, test.pairing.only_second) == (2, 1)
    assert test.p_adjusted == test.pairing.p == 1.0
    assert section.sentences[0].startswith(
        "The data cannot tell b and a apart (b alone is right on 2, a alone on 1; p = 1; "
        "difference in accuracy +8.33 points"
    )
    assert section.metrics["models"][0]["accuracy"] == 9 / 12
    assert section.metrics["pairs"][0]["told_apart"] is False
    assert section.tables[0].rows[0][:3] == ["a", 3, "75.00"]
    assert section.tables[1].rows[0][:3] == ["b and a", 2, 1]


def test_a_model_and_itself_cannot_be_told_apart():
    one = model("a", wrong_at(4))
    found, section = told(one, one)
    assert [each.name for each in found.results] == ["a (1)", "a (2)"]
    assert found.tests[0].pairing.p == 1.0
    assert section.sentences[0] == (
        "The data cannot tell a (1) and a (2) apart: on all 12 images they answer alike (p = 1)."
    )
    assert "disagreements" not in [figure.name for figure in section.figures]


def test_models_of_one_name_are_called_by_what_tells_them_apart(tmp_path):
    paths = [tmp_path / each / "mine" / "model.onnx" for each in "ab"] + [tmp_path / "mine.onnx"]
    models = [model("mine", LABELS, path=path, sha256="1" * 64) for path in (*paths, paths[0])]
    found, section = told(*models)
    last = f"{tmp_path.name}/mine"
    assert [each.name for each in found.results] == ["a/mine (1)", "b/mine", last, "a/mine (2)"]
    assert "a/mine (1) and b/mine are one network, the same to the byte" in " ".join(
        section.sentences
    )


def test_right_and_wrong_alike_is_not_to_answer_alike():
    other = wrong_at(4)
    other[4] = 9
    _, section = told(model("a", wrong_at(4)), model("b", other))
    assert "are right and wrong alike" in section.sentences[0]


def test_perfect_against_always_wrong_is_told_apart():
    found, section = told(model("good", LABELS), model("bad", wrong_at(*range(12))))
    assert found.tests[0].pairing.p == pytest.approx(2 / 2**12)
    assert found.tests[0].pairing.difference == 1.0
    assert section.sentences[0].startswith("good reads better than bad: 12 errors fewer (good")


def test_disjoint_errors_count_on_both_sides():
    found, _ = told(model("a", wrong_at(0, 1, 2)), model("b", wrong_at(5, 6, 7)))
    pairing = found.tests[0].pairing
    assert (pairing.only_first, pairing.only_second, pairing.p) == (3, 3, 1.0)
    low, high = pairing.interval
    assert low == pytest.approx(-high)


def test_one_image_tells_nothing():
    _, section = told(model("a", [1]), model("b", [2]), data=dataset([1]))
    assert section.sentences[0].startswith("The data cannot tell a and b apart")
    assert "1 test image of fake" in section.sentences[1]


def test_where_the_interval_leaves_zero_out_and_the_exact_test_does_not_it_is_said():
    _, section = told(model("a", LABELS), model("b", wrong_at(0, 1, 2, 3, 4)))
    assert "p = 0.062" in section.sentences[0]
    assert "the exact test decides" in section.sentences[0]


def test_more_than_two_are_compared_in_pairs_with_holms_correction():
    found, section = told(
        model("a", LABELS), model("b", wrong_at(*range(7))), model("c", wrong_at(*range(6)))
    )
    raw = {(d.better.name, d.worse.name): d.pairing.p for d in found.tests}
    assert raw == {("a", "b"): 2 / 2**7, ("a", "c"): 2 / 2**6, ("c", "b"): 1.0}
    adjusted = [test.p_adjusted for test in found.tests]
    assert adjusted == pytest.approx([3 * 2 / 2**7, 2 * 2 / 2**6, 1.0])
    assert section.sentences[0] == (
        "Errors on 12 test images of fake: a 0, c 6, b 7. a errs least, but the data cannot tell "
        "it apart from c."
    )
    assert "There are 3 pairs" in " ".join(section.sentences)
    assert [row[-1] for row in section.tables[1].rows] == ["yes", "no", "no"]


def test_of_models_with_equally_many_errors_none_errs_least():
    models = [model("a", wrong_at(1)), model("b", wrong_at(2)), model("c", wrong_at(1, 2, 3))]
    _, section = told(*models)
    assert section.sentences[0].endswith("a and b err equally often, and none less.")


def test_one_model_is_no_comparison():
    with pytest.raises(OptionError, match="two models or more"):
        told(model("a", LABELS))


def test_answers_that_are_not_finite_are_an_error_that_names_the_model():
    broken = Model("broken", None, lambda images: np.full((len(images), 10), np.nan))
    with pytest.raises(ModelError, match="broken answers with numbers that are not finite"):
        told(model("a", LABELS), broken)


def test_a_label_out_of_range_is_an_error():
    with pytest.raises(DataError, match="a label is 11"):
        told(model("a", LABELS), model("b", LABELS), data=dataset([0, 11]))


def test_on_the_sample_models_of_other_data_are_warned_of():
    data = dataset(LABELS, is_sample=True)
    own = {"metadata": {"dataset_sha256": data.sha256}}
    _, fair = told(model("a", LABELS, **own), model("b", LABELS, **own), data=data)
    assert "training set" not in " ".join(fair.sentences)
    _, unfair = told(model("a", LABELS, **own), model("b", LABELS), data=data)
    assert "MNIST's training set" in unfair.sentences[-1]


def test_all_models_are_shown_the_same_spoilt_images():
    seen = {"a": [], "b": []}

    def spy(name):
        def predict(images):
            seen[name].append(images.copy())
            return model("", LABELS).predict(images)

        return Model(name, None, predict)

    found = compare([spy("a"), spy("b")], dataset(LABELS), sample=5)
    section = comparison_report.section(found)
    for each in found.results:
        assert each.stress.n == 5
        assert each.stress.errors.shape == (15, 5)
    digests = [sorted(i.tobytes() for i in seen[n] if len(i) == 5) for n in ("a", "b")]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 75 + 1  # and once as they are
    spoilt = section.metrics["models"][0]["spoilt"]
    assert spoilt["error_rate"] == pytest.approx(found.results[0].stress.errors.mean() / 5)
    assert spoilt["mean_corruption_error"] is None  # known of MNIST only
    assert section.tables[0].columns[-1] == "Errors on spoilt images, %"


def test_metrics_are_json_and_every_picture_can_be_drawn():
    _, section = told(model("a", wrong_at(0, 9)), model("b" * 60, wrong_at(1, 2, 9)))
    json.dumps(section.metrics, allow_nan=False)
    assert [figure.name for figure in section.figures] == [
        "comparison",
        "differences",
        "disagreements",
    ]
    figures = {figure.name: figure.draw() for figure in section.figures}
    labels = [axes.get_xlabel() for axes in figures["comparison"].axes]
    assert labels == ["misread (%)", "file (MB)", "one image (ms)"]
    assert [bar.get_width() for bar in figures["comparison"].axes[0].patches] == [
        pytest.approx(200 / 12), pytest.approx(300 / 12),
    ]  # fmt: skip
    names = [text.get_text() for text in figures["comparison"].axes[0].get_yticklabels()]
    assert names[0] == "a"
    assert len(names[1]) == 24
    shown = [axes.get_xlabel() for part in figures["disagreements"].subfigs for axes in part.axes]
    # Not the 9 that both misread.
    assert [text for text in shown if text] == ["0 → 1", "1 → 2", "2 → 3"]


def test_a_difference_is_drawn_with_its_interval_and_p():
    found, _ = told(model("good", LABELS), model("bad", wrong_at(*range(12))))
    (axes,) = comparison_plots.draw_differences(found.tests).axes
    bar, dot, _zero = axes.get_lines()
    low, high = found.tests[0].pairing.interval
    assert bar.get_xdata() == pytest.approx([100 * low, 100 * high])
    assert list(dot.get_xdata()) == [100.0]
    assert [text.get_text() for text in axes.texts] == ["p = 0.00049"]


def past(name, epochs, **more):
    columns = [[1 / e for e in epochs], [50 / e for e in epochs]]
    return History(name, epochs, *columns, *columns, [1.0] * len(epochs), **more)


def test_histories_lie_over_each_other():
    section = report.history_section([past("one", [1, 2, 3]), past("two", [1, 2, 3, 4])])
    assert [row[:4] for row in section.tables[0].rows] == [
        ["one", 3, "3.0", "0.3333"], ["two", 4, "4.0", "0.2500"],
    ]  # fmt: skip
    with style():
        figure = section.figures[0].draw()
    for axes, label, first in zip(
        figure.axes, ("cross-entropy (nats)", "misread (%)"), (1, 50), strict=True
    ):
        lines = axes.get_lines()
        assert [len(line.get_xdata()) for line in lines] == [3, 3, 4, 4]
        assert lines[1].get_ydata()[0] == first
        assert (axes.get_ylabel(), axes.get_xscale()) == (label, "linear")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["one", "two", "bold: validation", "thin: training"]


def test_a_long_and_a_short_training_fit_one_picture():
    section = report.history_section([past("one", [1]), past("two", list(range(1, 101)))])
    assert section.figures[0].draw().axes[0].get_xscale() == "log"


def test_a_perfect_epoch_is_a_gap_and_other_images_are_said():
    perfect = History("p", [1, 2], [1, 1], [5, 0], [1, 1], [5, 0], [1, 1], "test images")
    section = report.history_section([perfect, past("q", [1, 2], validated_on="held-out images")])
    assert "not validated on the same images" in section.sentences[0]
    line = section.figures[0].draw().axes[1].get_lines()[1]
    assert np.isnan(line.get_ydata()[1])


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Time a model for an instant only."""
    from digit_classifier.evaluation import compare as comparison

    monkeypatch.setattr(comparison, "TURN_SECONDS", 0.0)
