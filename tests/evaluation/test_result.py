import sys

import numpy as np
import pytest

import digit_classifier
from dataset import stand_in
from digit_classifier import DigitReader, weights
from digit_classifier.errors import MissingExtraError, OptionError
from digit_classifier.onnx_model import OnnxModel
from evaluation import networks


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


def test_a_loaded_model_and_a_runs_own_object_are_taken_as_their_files_are(data, linear, tmp_path):
    class Run:
        def __fspath__(self):
            return str(tmp_path)

    (tmp_path / "model.onnx").write_bytes(linear.read_bytes())
    loaded = OnnxModel(linear)
    expected = digit_classifier.evaluate(linear, dataset=data).errors
    assert digit_classifier.evaluate(Run(), dataset=data).errors == expected
    found = digit_classifier.compare([Run(), loaded, OnnxModel(linear.read_bytes())], dataset=data)
    assert [each.errors for each in found.results] == [expected] * 3
    assert DigitReader(Run()).name == tmp_path.name


@pytest.mark.parametrize("one", ["mlp", weights.find("mlp"), OnnxModel(weights.find("mlp"))])
def test_one_model_is_not_compared(one):
    with pytest.raises(OptionError, match="one model was given .* Give a list of them"):
        digit_classifier.compare(one, dataset="sample")
    with pytest.raises(OptionError, match="^an int was given as model"):
        digit_classifier.compare([one, 5], dataset="sample")


def test_a_reader_says_which_scale_it_assumed_and_takes_another(tmp_path, matrix, drawn):
    file = networks.write(tmp_path / "f.onnx", matrix, dtype="float32", divisor=1.0)
    with pytest.warns(UserWarning, match=r"f\.onnx takes floats .* it is given 0\.\.1.* scale="):
        assert DigitReader(file).model.scale == "0..1"
    assert DigitReader(file, scale="mnist").model.scale == "mnist"
    with pytest.raises(OptionError, match="f is loaded already, for scale mnist"):
        DigitReader(OnnxModel(file, scale="mnist"), scale="-1..1")
    with pytest.raises(OptionError, match="takes uint8"):
        DigitReader("mlp", scale="mnist")


def test_without_the_extra_both_say_so_in_one_sentence(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for call in (
        lambda: digit_classifier.evaluate("mlp", data),
        lambda: digit_classifier.compare(["mlp", "small"], data),
    ):
        with pytest.raises(MissingExtraError, match="scikit-learn is not installed"):
            call()
