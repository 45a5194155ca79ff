"""How a server starts, how it stops, and how it takes another model in between."""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from digit_classifier import OnnxModel, latest, weights
from digit_classifier.server import models
from digit_classifier.server.access_log import Metrics
from server.process import PATIENCE, DidNotStart, Server, everything, fault, wait_until
from support import run_async

HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def test_standard_output_is_the_address_and_nothing_else(start) -> None:
    server = start()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", server.first_line)
    server.client.get("v2/health/live")
    assert server.stop() == 0
    assert server.rest == ""


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_is_not_ready_finishes_what_is_in_flight_and_exits_with_0(
    start, picture: bytes, sign: int
) -> None:
    server = start("--stop-seconds", "60", "--receive-seconds", "60")
    with server.connect() as connection:
        half = len(picture) // 2
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(picture) + picture[:half])
        wait_until(lambda: server.metric("digits_requests_in_flight") == 2)  # and this question
        server.process.send_signal(sign)
        wait_until(lambda: server.client.get("v2/health/ready").status_code == 503)
        assert server.client.get("v2/models/cnn/ready").status_code == 503
        assert server.client.get("v2/health/live").status_code == 200
        refused = httpx.post(f"{server.address}v1/read", files={"file": picture}, timeout=60)
        assert fault(refused)[:2] == (503, "stopping")
        assert "Retry-After" in refused.headers
        connection.sendall(picture[half:])
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["text"] == "42"
    assert server.process.wait(60) == 0


def test_what_never_ends_does_not_hold_it_for_longer_than_was_set(start) -> None:
    server = start("--stop-seconds", "0.5", "--receive-seconds", "600")
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 500\r\n\r\nx")
        wait_until(lambda: server.metric("digits_requests_in_flight") == 2)
        server.process.send_signal(signal.SIGTERM)
        answer = everything(connection)
        assert server.process.wait(60) == 0
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"stopping"' in answer
    assert "Traceback" not in server.log()


def test_a_picture_that_is_still_being_read_does_not_hold_it_either(
    start, slow_picture: bytes
) -> None:
    server = start("--stop-seconds", "0", "--workers", "1", "--read-seconds", "100")
    body = HEAD + b"Content-Length: %d\r\n\r\n" % len(slow_picture) + slow_picture
    with server.connect() as connection, server.connect() as another:
        connection.sendall(body)
        another.sendall(body)
        wait_until(lambda: server.metric("digits_queue_depth") >= 1)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert "Traceback" not in server.log()


def test_stopped_as_soon_as_it_listens_it_exits_with_0(start) -> None:
    assert [start().stop() for _ in range(2)] == [0] * 2


def test_a_port_in_use_is_one_sentence(server: Server) -> None:
    command = [sys.executable, "-m", "digit_classifier", "serve", "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Error: port {server.port} of 127.0.0.1 is in use; choose another with --port, "
        "or 0 for any.\n"
    )


@pytest.mark.parametrize(
    ("flags", "code", "sentence"),
    [
        (("--model", "resnet"), 2, "no model called resnet"),
        (("--host", "no.such.host.invalid"), 2, "no address no.such.host.invalid"),
        (("--host", "192.0.2.1"), 1, "cannot listen on port"),
        (("--workers", "0"), 2, "--workers"),
        (("--read-seconds", "nan"), 2, "nan is no number of seconds"),
        (("--stop-seconds", "inf"), 2, "inf is no number of seconds"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    flags: tuple[str, ...], code: int, sentence: str
) -> None:
    with pytest.raises(DidNotStart) as failed:
        Server(*flags)
    assert failed.value.args[0] == code
    assert sentence in failed.value.args[1]
    assert "Traceback" not in failed.value.args[1]


def test_a_model_of_ones_own_is_the_default_beside_those_that_ship(
    start, mine: Path, picture: bytes
) -> None:
    server = start("--model", str(mine))
    settings = server.client.get("v1/settings").json()
    assert settings["default_model"] == "mine"
    assert [model["name"] for model in settings["models"]] == ["mine", *weights.names()]
    assert server.client.post("v1/read", files={"file": picture}).json()["model"] == "mine"
    answer = server.client.post("v1/read?model=mlp", files={"file": picture})
    assert answer.json()["model"] == "mlp"


def test_a_model_that_answers_no_probabilities_is_refused_at_the_start(
    tmp_path: Path, mine: Path
) -> None:
    with pytest.raises(DidNotStart, match="does not answer with probabilities"):
        Server("--model", str(spoiled(mine, tmp_path / "bad.onnx")))


def test_a_changed_model_is_taken_once_it_is_checked(start, tmp_path: Path, mine: Path) -> None:
    file = tmp_path / "mine.onnx"
    shutil.copy(mine, file)
    server = start("--model", str(file), "--reload-model")
    image = np.random.default_rng(1).integers(0, 256, (1, 28, 28), np.uint8)

    def infer() -> np.ndarray:
        tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28]}
        asked = {"inputs": [{**tensor, "data": image.ravel().tolist()}]}
        answer = server.client.post("v2/models/mine/infer", json=asked).json()
        return np.float32(answer["outputs"][0]["data"])

    def error() -> str | None:
        return server.client.get("v1/settings").json()["reload_error"]

    first = infer()
    file.write_bytes(b"no model")
    wait_until(lambda: "not a model that ONNX Runtime can load" in (error() or ""))
    assert np.array_equal(infer(), first)
    spoiled(mine, file)
    wait_until(lambda: "does not answer with probabilities" in (error() or ""))
    assert np.array_equal(infer(), first)
    refused = 'digits_model_reloads_total{result="refused"}'
    for odd in (without_a_threshold, answering_in_words):
        before = server.metric(refused)
        odd(mine, file)
        wait_until(lambda before=before: server.metric(refused) > before)
    assert np.array_equal(infer(), first)
    assert server.client.get("v2/health/ready").status_code == 200
    assert "still in use" in server.log()
    file.unlink()
    wait_until(lambda: "is gone" in (error() or ""))
    assert "is gone" in server.log()
    shutil.copy(weights.find("mlp"), file)
    wait_until(lambda: error() is None)
    assert np.array_equal(infer(), OnnxModel(weights.find("mlp")).predict(image)[0])
    assert server.metric('digits_model_reloads_total{result="taken"}') == 1
    told = server.client.get("v1/settings").json()["models"][0]
    assert (told["name"], told["summary"]) == ("mine", "a network of your own: mlp")


@pytest.mark.parametrize("as_link", [True, False], ids=["link", "file"])
def test_runs_latest_is_followed_to_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_link: bool
) -> None:
    """Where the disk holds no links it is a file that names the run."""

    def finish(run: str, model: str) -> None:
        folder = tmp_path / "runs" / run
        folder.mkdir(parents=True)
        shutil.copy(weights.find(model), folder / "model.onnx")
        if as_link:
            latest.point_at(folder)
        else:
            (folder.parent / "latest").write_text(f"{run}\n", "utf-8")

    async def follow() -> None:
        served = models.ModelRegistry(str(tmp_path / "runs" / "latest"))
        before = served.find("latest")
        watching = asyncio.create_task(served.watch(Metrics()))
        await asyncio.sleep(0)  # until it has seen the first run
        finish("second", "mlp")
        until = time.monotonic() + PATIENCE
        while served.find("latest") is before and time.monotonic() < until:
            await asyncio.sleep(0.01)
        watching.cancel()
        assert served.find("latest").model.size_bytes == weights.find("mlp").stat().st_size

    monkeypatch.setattr(models, "RELOAD_SECONDS", 0.02)
    finish("first", "small")
    run_async(follow())


def test_a_network_that_takes_floats_is_given_the_scale_that_was_said_or_warned_of(
    start, tmp_path: Path
) -> None:
    file = tmp_path / "floats.onnx"
    onnx.save(taking_floats(), file)
    images = np.random.default_rng(1).integers(0, 256, (1, 28, 28), np.uint8)
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": images.tolist()}
    unsaid = f"Warning: {file} takes floats and does not say of which scale; it is given 0..1."
    for flags, scale in (((), "0..1"), (("--scale", "-1..1"), "-1..1")):
        server = start("--model", str(file), *flags)
        assert (unsaid in server.log()) == (not flags)
        answer = server.client.post("v2/models/floats/infer", json={"inputs": [tensor]}).json()
        wanted = OnnxModel(file, scale=scale).predict(images)[0]
        assert np.array_equal(np.float32(answer["outputs"][0]["data"]), wanted)


def test_without_the_flag_a_changed_model_is_left_alone(
    start, tmp_path: Path, mine: Path, picture: bytes
) -> None:
    file = tmp_path / "mine.onnx"
    shutil.copy(mine, file)
    server = start("--model", str(file))
    file.write_bytes(b"no model")
    assert server.client.post("v1/read", files={"file": picture}).status_code == 200


def test_an_idle_connection_does_not_keep_it_from_stopping(start) -> None:
    server = start("--receive-seconds", "600")
    with server.connect() as idle:
        idle.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.stop() == 0


def taking_floats() -> onnx.ModelProto:
    """A network of one layer that does not say of which scale its input is."""
    info, floats = onnx.helper.make_tensor_value_info, TensorProto.FLOAT
    weights = np.random.default_rng(0).normal(0, 0.1, (784, 10)).astype(np.float32)
    nodes = [
        onnx.helper.make_node("Flatten", ["x"], ["flat"]),
        onnx.helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        onnx.helper.make_node("Softmax", ["logits"], ["y"]),
    ]
    inputs, outputs = [info("x", floats, ["n", 28, 28])], [info("y", floats, ["n", 10])]
    kept = [numpy_helper.from_array(weights, "w")]
    graph = onnx.helper.make_graph(nodes, "floats", inputs, outputs, kept)
    return onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )


def without_a_threshold(model: Path, path: Path) -> None:
    """A copy that says no number where it should say when it is sure enough."""
    network = onnx.load(model)
    onnx.helper.set_model_props(network, {"name": "mine", "reject": '{"threshold": null}'})
    onnx.save(network, path)


def answering_in_words(model: Path, path: Path) -> None:
    """A copy whose answers are texts."""
    network = onnx.load(model)
    answer = network.graph.output[0]
    texts = onnx.helper.make_tensor_value_info("texts", TensorProto.STRING, ["n", 10])
    network.graph.node.append(
        onnx.helper.make_node("Cast", [answer.name], ["texts"], to=TensorProto.STRING)
    )
    network.graph.output[0].CopyFrom(texts)
    onnx.save(network, path)


def spoiled(model: Path, path: Path) -> Path:
    """A copy whose answers are not finite."""
    network = onnx.load(model)
    for held in network.graph.initializer:
        if list(held.dims) == [10]:  # the last layer's bias
            held.CopyFrom(numpy_helper.from_array(np.full(10, np.nan, np.float32), held.name))
    onnx.save(network, path)
    return path
