"""GET and POST /v1/inside: the numbers are those of weights/mlp.onnx itself."""

import base64

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from digit_classifier import OnnxModel, weights
from digit_classifier.drawn import styles
from digit_classifier.errors import ModelError
from digit_classifier.server import onnx_graph
from digit_classifier.server.routes.activations import Layers
from server.process import Server, fault


def post(server: Server, image: object):
    return server.client.post("v1/inside", json={"image": image})


def test_the_last_layer_is_what_the_network_answers(server: Server) -> None:
    images, _ = styles.generate(20, seed=3)
    wanted = OnnxModel(weights.find("mlp")).predict(images)
    for image, probabilities in zip(images, wanted, strict=True):
        layers = post(server, base64.b64encode(image.tobytes()).decode()).json()["layers"]
        assert [len(layer["activations"]) for layer in layers] == [32, 32, 10]
        assert np.allclose(layers[2]["activations"], probabilities, atol=2e-6)
        assert all(min(layer["activations"]) >= 0 for layer in layers)


def test_the_weights_are_those_of_the_first_layer(server: Server) -> None:
    answer = server.client.get("v1/inside").json()
    assert answer["model"] == "mlp"
    shown = np.frombuffer(base64.b64decode(answer["weights"]), "<f4").reshape(32, 784)
    held = onnx.load(weights.find("mlp")).graph.initializer
    (wanted,) = (numpy_helper.to_array(i) for i in held if list(i.dims) == [784, 32])
    assert np.array_equal(shown, wanted.T)


@pytest.mark.parametrize("name", weights.names())
def test_a_model_is_taken_apart_as_onnx_does_it(name: str) -> None:
    nodes, constants = onnx_graph.parse(weights.find(name).read_bytes())
    wanted = onnx.load(weights.find(name)).graph
    assert [node.operator for node in nodes] == [node.op_type for node in wanted.node]
    assert [node.inputs for node in nodes] == [tuple(node.input) for node in wanted.node]
    assert set(constants) == {held.name for held in wanted.initializer}
    for held in wanted.initializer:
        assert np.array_equal(constants[held.name], numpy_helper.to_array(held))


def test_another_network_or_a_broken_file_is_refused_in_words() -> None:
    with pytest.raises(ModelError, match="Conv"):
        Layers(weights.find("cnn").read_bytes())
    whole = weights.find("mlp").read_bytes()
    for broken in (b"", b"\x00", b"\xff" * 50, whole[:5000], b"no model"):
        with pytest.raises(ModelError, match="not an ONNX file"):
            onnx_graph.parse(broken)


@pytest.mark.parametrize(
    ("image", "status"), [(None, 422), ("AAAA", 422), ("%", 422), (5, 422), ("A" * 9_000, 422),
                          ("A" * 20_000, 413)],
)  # fmt: skip
def test_what_is_no_image_is_refused(server: Server, image: object, status: int) -> None:
    assert fault(post(server, image))[0] == status
