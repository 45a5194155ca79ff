import sys

import numpy as np
import pytest

import digit_classifier
from dataset import stand_in
from digit_classifier.errors import MissingExtraError


@pytest.fixture
def data(tmp_path, drawn):
    images, labels = drawn
    labels = labels.astype(np.uint8)
    stand_in.write_npz(tmp_path / "own.npz", stand_in.Arrays(images, labels, images, labels))
    return tmp_path / "own.npz"


def test_a_result_prints_as_a_few_lines_and_has_its_figures_as_attributes(data, linear, drawn):
    result = digit_classifier.evaluate(linear, dataset=data)
    answers = result.predictions.answers
    wrong = int((answers != drawn[1]).sum())
    assert result.errors == wrong == result.confusion_matrix.sum() - result.confusion_matrix.trace()
    assert result.accuracy == 1 - wrong / 240
    assert [each["digit"] for each in result.digits] == list(range(10))
    lines = repr(result).splitlines()
    assert lines[0] == "Model     linear on 240 test images of own data: own.npz"
    assert lines[1].startswith(f"Accuracy  {result.accuracy:.2%}".replace("%", " %"))


def test_a_comparison_prints_a_line_a_model_and_a_line_a_pair(data, linear):
    found = digit_classifier.compare([linear, "mlp"], dataset=data)
    first, second, pair = repr(found).splitlines()
    assert first.startswith(f"{min(found.results, key=lambda each: each.errors).name}: ")
    assert "240 test images of own data: own.npz" in second
    assert "told apart (p " in pair


def test_without_the_extra_both_say_so_in_one_sentence(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for call in (
        lambda: digit_classifier.evaluate("mlp", data),
        lambda: digit_classifier.compare(["mlp", "small"], data),
    ):
        with pytest.raises(MissingExtraError, match="scikit-learn is not installed"):
            call()
