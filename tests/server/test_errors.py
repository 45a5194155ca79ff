"""An unexpected failure: one form with the request's id, a traceback in the log, no end."""

import asyncio
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from digit_classifier.server import app
from digit_classifier.server.settings import Limits, Settings
from digit_classifier.server.worker import jobs
from server.process import fault

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that httpx2 will take httpx's place
    from starlette.testclient import TestClient

PNG = {"Content-Type": "image/png", "X-Request-ID": "mine"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """The application in this process, with one process that reads."""
    built = app.build(Settings(log_json=True, limits=Limits(workers=1, read_seconds=200)))
    with TestClient(built, base_url="http://127.0.0.1:8000") as client:
        yield client

        async def close() -> None:
            built.state.service.queue.close()
            await asyncio.sleep(0)

        client.portal.call(close)


def broken(*_: Any, **__: Any) -> None:
    """As a fault of this program would have it."""
    raise KeyError((0, 0.0))


def test_a_failure_in_the_process_that_reads_is_one_form_with_the_requests_id(
    client: TestClient, picture: bytes, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(jobs, "read", json.loads)  # which takes no reader
    status, code, message = fault(client.post("/v1/read", content=picture, headers=PNG))
    assert (status, code) == (500, "internal")
    assert message.endswith("The request's id is mine.")
    entry = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert (entry["request_id"], entry["status"]) == ("mine", 500)
    assert "TypeError: loads() takes" in entry["traceback"]
    monkeypatch.undo()
    again = client.post("/v1/read", content=picture, headers=PNG)
    assert (again.status_code, again.json()["text"]) == (200, "42")
    assert 'digits_errors_total{code="internal"} 1.0' in client.get("/metrics").text


def test_a_failure_of_the_server_itself_is_the_same(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    models = client.app.state.service.models
    monkeypatch.setattr(models, "describe", broken)
    answer = client.get("/v1/settings", headers={"X-Request-ID": "mine"})
    assert fault(answer)[:2] == (500, "internal")
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "in broken" in json.loads(capfd.readouterr().err.splitlines()[-1])["traceback"]
    monkeypatch.undo()
    assert client.get("/v1/settings").status_code == 200
