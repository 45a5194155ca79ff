"""The Open Inference Protocol: what KServe and Triton clients send, right and wrong."""

import json
import warnings
from typing import Any

import numpy as np
import pytest

from digit_classifier import OnnxModel, weights
from server.process import Server, fault

INFER = "v2/models/cnn/infer"


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def tensor(**changes: Any) -> dict[str, Any]:
    """A good request for one blank image, but for `changes` to its tensor."""
    good = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}
    return {"inputs": [{**good, **changes}]}


def test_the_server_and_its_models_say_what_they_are(server: Server) -> None:
    about = server.client.get("v2").json()
    assert about["name"] == "mnist-digit-classifier"
    assert "binary_tensor_data" in about["extensions"]
    assert server.client.get("v2/health/live").status_code == 200
    assert server.client.get("v2/health/ready").status_code == 200
    for name in weights.names():
        model = server.client.get(f"v2/models/{name}").json()
        assert model["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 28, 28]}]
        assert model["outputs"][0]["shape"] == [-1, 10]
        assert server.client.get(f"v2/models/{name}/ready").json()["ready"] is True
    for path in ("v2/models/resnet", "v2/models/resnet/ready"):
        assert fault(server.client.get(path))[:2] == (404, "")
    assert fault(server.client.post("v2/models/resnet/infer", json=tensor()))[0] == 404


@pytest.mark.parametrize("name", weights.names())
def test_nested_and_flat_numbers_give_what_the_network_gives(
    server: Server, images: np.ndarray, name: str
) -> None:
    wanted = OnnxModel(weights.find(name)).predict(images)
    for data in (images.tolist(), images.ravel().tolist()):
        asked = {"id": "a b", **tensor(shape=[3, 28, 28], data=data)}
        answer = server.client.post(f"v2/models/{name}/infer", json=asked).json()
        (output,) = answer["outputs"]
        assert answer["model_name"] == name
        assert answer["id"] == "a b"
        assert (output["datatype"], output["shape"]) == ("FP32", [3, 10])
        assert np.array_equal(np.float32(output["data"]).reshape(3, 10), wanted)


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_own_client_works(server: Server, images: np.ndarray, binary: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whatever gevent says of itself
        http = pytest.importorskip("tritonclient.http")
    client = http.InferenceServerClient(f"127.0.0.1:{server.port}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("cnn")
    about = client.get_model_metadata("cnn")
    asked = http.InferInput(about["inputs"][0]["name"], [3, 28, 28], "UINT8")
    asked.set_data_from_numpy(images, binary_data=binary)
    wanted = OnnxModel(weights.find("cnn")).predict(images)
    outputs = [http.InferRequestedOutput("probabilities", binary_data=binary)]
    for chosen in (outputs, None):
        answer = client.infer("cnn", [asked], outputs=chosen, request_id="7")
        assert np.array_equal(answer.as_numpy("probabilities"), wanted)
        assert answer.get_response()["id"] == "7"
    wrong = http.InferInput("images", [3, 28, 28], "INT32")
    wrong.set_data_from_numpy(images.astype(np.int32), binary_data=binary)
    with pytest.raises(http.InferenceServerException) as refused:
        client.infer("cnn", [wrong])
    assert str(refused.value).endswith("the datatype is 'INT32'; 'UINT8' is needed: whole numbers "
                                       "from 0 (paper) to 255 (ink).")  # fmt: skip
    client.close()


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"inputs": None},
        {"inputs": []},
        {"inputs": [1]},
        {"inputs": tensor()["inputs"] * 2},
        tensor(name="input_1"),
        tensor(name=None),
        tensor(datatype="FP32"),
        tensor(datatype=None),
        tensor(shape=[1, 784]),
        tensor(shape=[28, 28]),
        tensor(shape=[0, 28, 28]),
        tensor(shape=[-1, 28, 28]),
        tensor(shape=[True, 28, 28]),
        tensor(shape=[1.5, 28, 28]),
        tensor(shape=[10**30, 28, 28]),
        tensor(shape="1,28,28"),
        tensor(shape=[2, 28, 28]),
        tensor(data=None),
        tensor(data=784),
        tensor(data=10**12),
        tensor(data="0" * 784),
        tensor(data={str(i): 0 for i in range(784)}),
        tensor(data=[]),
        tensor(data=[0] * 783),
        tensor(data=[0] * 785),
        tensor(data=[256] + [0] * 783),
        tensor(data=[-1] + [0] * 783),
        tensor(data=[10**40] + [0] * 783),
        tensor(data=[0.5] + [0] * 783),
        tensor(data=[None] + [0] * 783),
        tensor(data=["7"] + [0] * 783),
        tensor(data=["x" * 100_000, *[""] * 783]),
        tensor(data=[[0] * 784]),
        tensor(data=[[[0] * 28] * 27]),
        tensor(data=[[[0] * 28] * 27 + [[0] * 27]]),
        tensor(data=[[[0] * 28] * 27 + [5]]),
        tensor(data=[[[0] * 28] * 28] * 2),
        tensor(data=[[[0] * 28] * 27 + [["0"] * 28]]),
        tensor(data=[[[[0]] * 28] * 28]),
        tensor(parameters=3),
        tensor(parameters={"binary_data_size": 784}),
        tensor(parameters={"binary_data_size": "x"}),
        {**tensor(), "id": 5},
        {**tensor(), "parameters": []},
        {**tensor(), "outputs": {}},
        {**tensor(), "outputs": [{"name": "logits"}]},
        {**tensor(), "outputs": [{"name": "probabilities", "parameters": 1}]},
        {**tensor(), "outputs": [5]},
    ],
    ids=range(49),
)
def test_a_wrong_tensor_is_422_with_a_sentence(server: Server, request_body: object) -> None:
    status, code, message = fault(server.client.post(INFER, json=request_body))
    assert (status, code) == (422, "")
    assert message.endswith(".")
    assert len(message) < 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 10_000 + b"]" * 10_000,
        json.dumps(tensor(data=[float("nan")] * 784)).encode(),
        json.dumps(tensor(data=[float("inf")] * 784)).encode(),
    ],
    ids=range(6),
)
def test_what_is_no_json_is_400(server: Server, body: bytes) -> None:
    assert fault(server.client.post(INFER, content=body))[0] == 400


@pytest.mark.parametrize("depth", [70, 1000])
@pytest.mark.parametrize("field", ["data", "name", "datatype", "shape"])
def test_what_is_nested_too_deep_is_refused(server: Server, depth: int, field: str) -> None:
    deep = json.dumps(tensor(**{field: "here"})).replace('"here"', "[" * depth + "]" * depth)
    assert fault(server.client.post(INFER, content=deep.encode()))[0] == 422


@pytest.mark.parametrize("length", ["-1", "9999999", "x", "\u0663", "", "1" * 5000])
def test_a_wrong_length_of_the_binary_extension_is_refused(server: Server, length: str) -> None:
    headers = {b"Inference-Header-Content-Length": length.encode()}
    body = json.dumps(tensor()).encode()
    assert fault(server.client.post(INFER, content=body, headers=headers))[0] == 400


def test_binary_data_of_another_size_is_refused(server: Server) -> None:
    asked = tensor(parameters={"binary_data_size": 784})
    del asked["inputs"][0]["data"]
    said = json.dumps(asked).encode()
    headers = {"Inference-Header-Content-Length": str(len(said))}
    for size, status in ((784, 200), (783, 422), (0, 422)):
        answer = server.client.post(INFER, content=said + b"\0" * size, headers=headers)
        assert answer.status_code == status


def test_the_answer_is_binary_where_that_is_asked_for(server: Server) -> None:
    wanted = OnnxModel(weights.find("cnn")).predict(np.zeros((1, 28, 28), np.uint8))
    for whole, one, binary in (
        (True, None, True), (False, True, True), (True, False, False), (False, None, False),
    ):  # fmt: skip
        output = {"name": "probabilities"}
        if one is not None:
            output["parameters"] = {"binary_data": one}
        asked = {**tensor(), "parameters": {"binary_data_output": whole}, "outputs": [output]}
        answer = server.client.post(INFER, json=asked)
        length = answer.headers.get("Inference-Header-Content-Length")
        assert (length is not None) == binary
        said = json.loads(answer.content[: int(length)] if length else answer.content)
        (given,) = said["outputs"]
        if binary:
            assert given["parameters"] == {"binary_data_size": 40}
            assert answer.content[int(length) :] == wanted.tobytes()
        else:
            assert np.array_equal(np.float32(given["data"]), wanted[0])
