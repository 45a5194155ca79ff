"""GET and POST /v1/inside: the numbers are those of the file itself, whichever network it is."""

import base64
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from digit_classifier import OnnxModel, weights
from digit_classifier.drawn import styles
from server.process import Server, fault


def post(server: Server, image: object, **query: str):
    return server.client.post("v1/inside", json={"image": image}, params=query)


def test_the_last_layer_is_what_the_network_answers(server: Server) -> None:
    images, _ = styles.generate(20, seed=3)
    wanted = OnnxModel(weights.find("mlp")).predict(images)
    for image, probabilities in zip(images, wanted, strict=True):
        answer = post(server, base64.b64encode(image.tobytes()).decode()).json()
        layers = answer["layers"]
        assert answer["model"] == "mlp"  # cnn, the default, shows no layers
        assert [layer["name"] for layer in layers] == ["hidden 1", "hidden 2", "output"]
        assert [len(layer["activations"]) for layer in layers] == [32, 32, 10]
        assert np.allclose(layers[2]["activations"], probabilities, atol=2e-6)
        assert all(min(layer["activations"]) >= 0 for layer in layers)


def test_each_layer_is_worked_out_from_the_one_before(server: Server) -> None:
    image = styles.generate(1, seed=3)[0][0]
    layers = post(server, base64.b64encode(image.tobytes()).decode()).json()["layers"]
    held = [numpy_helper.to_array(i) for i in onnx.load(weights.find("mlp")).graph.initializer]
    (first,) = (array for array in held if array.shape == (784, 32))
    (second,) = (array for array in held if array.shape == (32, 32))
    biases = [array for array in held if array.shape == (32,)]
    hidden = [layer["activations"] for layer in layers]

    def fits(x: np.ndarray, matrix: np.ndarray, wanted: list[float]) -> bool:
        answers = [np.maximum(x @ matrix + bias, 0) for bias in biases]
        return any(np.allclose(answer, wanted, atol=1e-4) for answer in answers)

    assert fits(image.ravel() / np.float32(255), first, hidden[0])
    assert fits(np.array(hidden[0]), second, hidden[1])


def test_the_weights_are_those_of_the_first_layer(server: Server) -> None:
    answer = server.client.get("v1/inside").json()
    assert answer["model"] == "mlp"
    shown = np.frombuffer(base64.b64decode(answer["weights"]), "<f4").reshape(32, 784)
    held = onnx.load(weights.find("mlp")).graph.initializer
    (wanted,) = (numpy_helper.to_array(i) for i in held if list(i.dims) == [784, 32])
    assert np.array_equal(shown, wanted.T)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of one's own: mlp with its first layer's weights turned round."""
    network = onnx.load(weights.find("mlp"))
    onnx.helper.set_model_props(network, {"name": "mine"})
    for held in network.graph.initializer:
        if list(held.dims) == [784, 32]:
            turned = numpy_helper.to_array(held)[:, ::-1]
            held.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(turned), held.name))
    path = tmp_path_factory.mktemp("own") / "mine.onnx"
    onnx.save(network, path)
    return path


def test_a_network_of_ones_own_shows_its_own_inside(start, own: Path) -> None:
    server = start("--model", str(own))
    models = {model["name"]: model for model in server.client.get("v1/settings").json()["models"]}
    assert models["mine"]["layers"] == models["mlp"]["layers"] == [32, 32, 10]
    assert models["cnn"]["layers"] is None

    def weights_of(**query: str) -> tuple[str, np.ndarray]:
        answer = server.client.get("v1/inside", params=query).json()
        raw = base64.b64decode(answer["weights"])
        return answer["model"], np.frombuffer(raw, "<f4").reshape(32, 784)

    name, mine = weights_of()
    assert name == "mine"
    assert np.array_equal(mine, weights_of(model="mlp")[1][::-1])
    image = base64.b64encode(bytes(784)).decode()
    assert post(server, image).json()["model"] == "mine"
    assert post(server, image, model="mlp").json() != post(server, image).json()


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_what_shows_no_layers_is_404_in_words(server: Server, name: str) -> None:
    for answer in (
        server.client.get("v1/inside", params={"model": name}),
        post(server, base64.b64encode(bytes(784)).decode(), model=name),
    ):
        status, _, message = fault(answer)
        assert status == 404
        assert name in message


@pytest.mark.parametrize(
    ("image", "status"), [(None, 422), ("AAAA", 422), ("%", 422), (5, 422), ("A" * 9_000, 422),
                          ("A" * 5_000_001, 413)],
)  # fmt: skip
def test_what_is_no_image_is_refused(server: Server, image: object, status: int) -> None:
    assert fault(post(server, image))[0] == status
