import pickle
from unittest.mock import Mock

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from digit_classifier.errors import ModelError
from digit_classifier.onnx_model import SLICE, OnnxModel, open_session


def network(shape=("n", 28, 28), kind=TensorProto.UINT8, classes=10, **metadata):
    """A network that answers with the same probabilities for everything, as ONNX bytes."""
    share = helper.make_tensor("share", TensorProto.FLOAT, [1, classes], [1 / classes] * classes)
    nodes = [
        helper.make_node("Cast", ["images"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("ReduceSum", ["flat", "axes"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "share"], ["probabilities"]),
    ]
    constants = [
        share,
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", classes])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    helper.set_model_props(model, metadata)
    return model.SerializeToString()


def test_images_in_probabilities_out_any_number_of_them():
    model = OnnxModel(network())
    for n in (0, 1, 7):
        answers = model.predict(np.zeros((n, 28, 28), np.uint8))
        assert answers.shape == (n, 10)
        assert answers.dtype == np.float32


def test_many_images_are_run_in_slices_that_bound_the_memory():
    session = Mock(wraps=open_session(network()))
    images = np.zeros((2 * SLICE + 1, 28, 28), np.uint8)
    assert OnnxModel(session).predict(images).shape == (2 * SLICE + 1, 10)
    fed = [call.args[1]["images"] for call in session.run.call_args_list]
    assert [len(each) for each in fed] == [SLICE, SLICE, 1]


def test_metadata_that_is_json_is_parsed_and_other_text_kept():
    model = OnnxModel(network(accuracy="0.97", interval="[0.9, 1.0]", name="mlp"))
    assert model.metadata == {"accuracy": 0.97, "interval": [0.9, 1.0], "name": "mlp"}


def test_a_path_and_bytes_are_the_same_model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(network(name="x"))
    assert OnnxModel(tmp_path / "m.onnx").metadata == OnnxModel(network(name="x")).metadata


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((2, 28, 28), np.float32), "float32"),
        (np.zeros((28, 28), np.uint8), r"\(28, 28\)"),
        (np.zeros((1, 32, 32), np.uint8), r"\(1, 32, 32\)"),
        ([[0]], "list"),
    ],
)
def test_images_of_another_kind_are_refused_with_what_is_needed(images, words):
    with pytest.raises(ModelError, match=words + r".*uint8 of shape \(n, 28, 28\)"):
        OnnxModel(network()).predict(images)


def test_no_file_no_onnx_and_no_digit_network_are_three_sentences(tmp_path):
    with pytest.raises(ModelError, match="no model at"):
        OnnxModel(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.onnx is not a model"):
        OnnxModel(tmp_path / "text.onnx")
    with pytest.raises(ModelError, match="a digit network takes one of uint8 or float"):
        OnnxModel(network(shape=("n", 32, 32)))
    with pytest.raises(ModelError, match="tells 5 classes apart.*ten classes"):
        OnnxModel(network(classes=5))


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.keras", "a Keras network"), ("a.h5", r"a \.keras file"), ("a.pt", r"torch\.onnx\.export"),
     ("a.pkl", "skl2onnx"), ("a.tflite", "TensorFlow Lite")],
)  # fmt: skip
def test_a_network_saved_otherwise_is_called_what_it_is(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"whatever it holds")
    with pytest.raises(ModelError, match=words) as told:
        OnnxModel(tmp_path / name)
    assert "an .onnx file is needed" in str(told.value)


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "net.onnx").touch()
    with pytest.raises(ModelError, match="is empty"):
        OnnxModel(tmp_path / "net.onnx")


def test_external_data_cannot_reach_outside_the_models_folder(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.full(10, 0.1, np.float32).tobytes())
    model = onnx.load_from_string(network())
    tensor = next(t for t in model.graph.initializer if t.name == "share")
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../secret.bin"), ("length", "40")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError):
        OnnxModel(folder / "model.onnx")


def test_a_model_is_called_as_its_file_or_its_run_folder(tmp_path):
    for path, called in (("run_a/model.onnx", "run_a"), ("mine.onnx", "mine")):
        place = tmp_path / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(network(name="mlp", network="mlp"))
        assert OnnxModel(place).name == called
    (tmp_path / "latest").symlink_to("run_a", target_is_directory=True)
    assert OnnxModel(tmp_path / "latest" / "model.onnx").name == "run_a"
    assert OnnxModel(network(name="mlp")).name == "mlp"


def test_a_float_network_is_read_as_the_scale_says_and_copied_so():
    model = OnnxModel(network(kind=TensorProto.FLOAT, shape=("n", 784)), scale="-1..1")
    assert model.wiring == "float32 of shape (n, 784), scaled to -1..1; gives probabilities"
    assert pickle.loads(pickle.dumps(model)).scale == "-1..1"
    assert model.predict(np.zeros((3, 28, 28), np.uint8)).shape == (3, 10)
