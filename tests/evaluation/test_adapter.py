"""Any file that reads 28x28 images can be judged, whatever its input and output look like."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from digit_classifier.errors import ModelError, OptionError
from digit_classifier.onnx_model import OnnxModel
from evaluation.networks import softmax, write


def adapted(path, scale=None):
    return OnnxModel(path, scale=scale)


@pytest.fixture
def expected(drawn, matrix):
    return softmax(drawn[0].reshape(-1, 784) / 255 @ matrix)


LAYOUTS = [("n", 28, 28), ("n", 1, 28, 28), ("n", 28, 28, 1), ("n", 784), ("n", "features")]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_every_layout_and_dtype_gives_the_same_answers(
    tmp_path, matrix, drawn, expected, layout, dtype
):
    divisor = 255.0 if dtype == "uint8" else 1.0
    path = write(tmp_path / "m.onnx", matrix, layout=layout, dtype=dtype, divisor=divisor)
    model = adapted(path)
    np.testing.assert_allclose(model.predict(drawn[0]), expected, atol=1e-5)
    assert model.predict(drawn[0]).dtype == np.float32
    assert model.output == "probabilities"
    assert ("scaled to 0..1" in model.wiring) == (dtype != "uint8")


@pytest.mark.parametrize(
    ("end", "words"), [("", "logits"), ("LogSoftmax", "log-prob"), ("Softmax", "probabilities")]
)
def test_what_the_output_is_is_found_and_said(tmp_path, matrix, drawn, expected, end, words):
    model = adapted(write(tmp_path / "m.onnx", matrix, end=end))
    assert words in model.output
    np.testing.assert_allclose(model.predict(drawn[0]), expected, atol=1e-5)


def test_an_export_of_pytorch_with_logits_and_a_fixed_batch_is_fed_full_batches(
    tmp_path, matrix, drawn, expected
):
    path = write(
        tmp_path / "torch.onnx",
        matrix,
        layout=(32, 1, 28, 28),
        dtype="float32",
        divisor=1.0,
        end="",
    )
    model = adapted(path)
    for n in (1, 32, 45):
        np.testing.assert_allclose(model.predict(drawn[0][:n]), expected[:n], atol=1e-5)
    assert model.predict(drawn[0][:0]).shape == (0, 10)


def test_of_scikit_learns_two_outputs_the_probabilities_are_taken(
    tmp_path, matrix, drawn, expected
):
    path = write(
        tmp_path / "sk.onnx", matrix, layout=("n", 784), dtype="float32", divisor=1.0, label=True
    )
    np.testing.assert_allclose(adapted(path).predict(drawn[0]), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("scale", "shift", "divisor"),
    [("0..1", 0, 255), ("0..255", 0, 1), ("-1..1", 127.5, 127.5), ("mnist", 33.3285, 78.5655)],
)
def test_the_scale_is_what_the_flag_or_the_file_says(
    tmp_path, matrix, drawn, scale, shift, divisor
):
    small = matrix / 100  # so that nothing is all but 0 or 1 at any scale
    options = {"dtype": "float32", "divisor": 1.0}
    expected = softmax((drawn[0].reshape(-1, 784) - shift) / divisor @ small)
    silent = write(tmp_path / "silent.onnx", small, **options)
    telling = write(tmp_path / "telling.onnx", small, metadata={"scale": scale}, **options)
    for model in (adapted(silent, scale), adapted(telling)):
        np.testing.assert_allclose(model.predict(drawn[0]), expected, rtol=2e-4, atol=1e-6)
        assert f"scaled to {scale}" in model.wiring


def test_a_scale_that_has_no_meaning_is_a_mistake(linear, tmp_path, matrix):
    with pytest.raises(OptionError, match="takes uint8, which is always 0 to 255"):
        adapted(linear, "0..1")
    odd = write(tmp_path / "m.onnx", matrix, dtype="float32", metadata={"scale": "2..7"})
    with pytest.raises(ModelError, match=r"m\.onnx says scale '2\.\.7'; one of 0\.\.1"):
        adapted(odd)


@pytest.mark.parametrize("layout", [("n", 32, 32), ("n", 3, 28, 28), ("n", 785)], ids=str)
def test_another_input_is_refused_with_what_is_needed(tmp_path, matrix, layout):
    with pytest.raises(ModelError, match=r"takes one of uint8 or float, of shape \(n, 28, 28\)"):
        adapted(write(tmp_path / "m.onnx", matrix, layout=layout))


def test_another_output_is_refused_with_what_is_needed(tmp_path, matrix):
    with pytest.raises(ModelError, match=r"tells 5 classes apart.*ten classes"):
        adapted(write(tmp_path / "five.onnx", matrix, classes=5))


def test_dictionaries_of_scikit_learn_are_refused_with_the_option_that_helps(tmp_path):
    """skl2onnx gives a list of dictionaries unless it is told not to."""
    nodes = [
        helper.make_node("LinearClassifier", ["images"], ["label", "scores"], domain="ai.onnx.ml",
                         coefficients=[0.0] * 7840, intercepts=[0.0] * 10,
                         classlabels_ints=list(range(10)), post_transform="SOFTMAX"),
        helper.make_node("ZipMap", ["scores"], ["dictionaries"], domain="ai.onnx.ml",
                         classlabels_int64s=list(range(10))),
    ]  # fmt: skip
    given = helper.make_sequence_type_proto(
        helper.make_map_type_proto(
            TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        )
    )
    graph = helper.make_graph(
        nodes,
        "sklearn",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 784])],
        [helper.make_value_info("dictionaries", given)],
    )
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=9), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="options={'zipmap': False}"):
        adapted(tmp_path / "m.onnx")
