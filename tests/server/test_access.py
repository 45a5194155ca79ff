"""Request ids, the access log, and what Prometheus is told."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.process import Server, wait_until

PNG = {"Content-Type": "image/png"}


def test_a_short_word_is_kept_as_a_requests_id_and_nothing_else(server: Server) -> None:
    def identity(sent: str | None) -> str:
        headers = {} if sent is None else {"X-Request-ID": sent}
        return server.client.get("v2/health/live", headers=headers).headers["x-request-id"]

    assert identity("build-7.a_B") == "build-7.a_B"
    assert identity(None) != identity(None)
    for bad in ("", "a b", "x" * 65, 'a"b', "a,b", "<script>"):
        assert identity(bad) != bad
        assert re.fullmatch("[0-9a-f]{16}", identity(bad))


def test_the_json_log_has_one_object_a_request_and_never_the_picture(start, picture: bytes) -> None:
    server = start("--log-json")
    sent = {**PNG, "X-Request-ID": "one"}
    server.client.post("v1/read?single=0", content=picture, headers=sent)
    server.client.get("nowhere%0Afake line")
    server.client.post("v1/read", json={"image": "U2VjcmV0IHBpY3R1cmU="})
    entries = wait_until(lambda: len(server.entries()) >= 3 and server.entries())
    assert entries[0] | {"time": 0, "ms": 0} == {
        "time": 0,
        "client": "127.0.0.1",
        "method": "POST",
        "path": "/v1/read",
        "status": 200,
        "ms": 0,
        "request_id": "one",
    }
    assert entries[1]["path"] == "/nowhere%0Afake%20line"
    assert "U2VjcmV0" not in server.log()
    assert "Secret" not in server.log()
    for line in server.log().splitlines():
        json.loads(line)


def test_the_plain_log_has_one_line_a_request(start) -> None:
    server = start()
    server.client.get("v2/health/live")
    line = wait_until(server.log)
    assert re.fullmatch(r"\S+ 127.0.0.1 GET /v2/health/live 200 [\d.]+ [0-9a-f]{16}\n", line)


def test_what_is_refused_before_its_head_is_read_has_an_id_and_a_line_too(start) -> None:
    server = start("--log-json", "--receive-seconds", "1")
    with server.connect() as silent:
        assert silent.recv(65536).startswith(b"HTTP/1.1 408 ")  # nothing was asked: no line
    said = server.say(b"nonsense\r\n\r\n").decode()
    identity = re.search(r"x-request-id: ([0-9a-f]{16})\r\n", said)[1]
    (entry,) = wait_until(server.entries)
    assert (entry["request_id"], entry["client"]) == (identity, "127.0.0.1")
    assert (entry["status"], entry["method"], entry["path"]) == (400, "-", "-")
    assert server.metric("digits_errors_total") == 1


def test_a_body_that_never_comes_is_refused_with_the_id_of_its_request(start) -> None:
    server = start("--log-json", "--receive-seconds", "1")
    with server.connect() as connection:
        connection.sendall(
            b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: mine\r\n"
            b"Content-Type: image/png\r\nContent-Length: 9\r\n\r\n"
        )
        said = connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nx-request-id: mine\r\n" in said
    (entry,) = wait_until(server.entries)
    assert (entry["request_id"], entry["status"], entry["path"]) == ("mine", 408, "/v1/read")


def test_too_many_connections_are_in_the_log(start) -> None:
    server = start("--log-json", "--connections", "1")
    with server.connect():
        said = server.say(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: late\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nx-request-id: late\r\n" in said
        (entry,) = wait_until(server.entries)
    assert (entry["request_id"], entry["status"], entry["path"]) == ("late", 503, "/v2")


@pytest.mark.parametrize("path", ["", "page.js", "docs", "metrics", "v2", "v2/health/live"])
def test_head_is_get_without_the_body(server: Server, path: str) -> None:
    asked, whole = server.client.head(path), server.client.get(path)
    assert (asked.status_code, asked.content) == (200, b"")
    for name in ("content-type", "x-content-type-options"):
        assert asked.headers[name] == whole.headers[name]
    assert int(asked.headers["content-length"]) > 0


def test_head_of_what_is_only_posted_is_405(server: Server) -> None:
    refused = server.client.head("v1/read")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert "HEAD" in server.client.post("v2").headers["allow"]


def test_metrics_count_requests_errors_waits_and_models(start, picture: bytes) -> None:
    server = start()
    for _ in range(3):
        server.client.post("v1/read", content=picture, headers=PNG)
    server.client.post("v1/read", content=b"x", headers=PNG)
    server.client.get("nowhere/1")
    server.client.get("nowhere/2")
    server.client.get("v2/models/cnn")
    server.client.get("v2/models/mlp")
    text = server.client.get("metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["digits_requests"].samples
        if sample.name == "digits_requests_total"
    }
    assert requests["/v1/read", "200"] == 3
    assert requests["/v1/read", "400"] == 1
    assert requests["none", "404"] == 2  # not one label for every path that somebody tries
    assert requests["/v2/models/{name}", "200"] == 2
    errors = {
        sample.labels["code"]: sample.value
        for sample in families["digits_errors"].samples
        if sample.name == "digits_errors_total"
    }
    assert errors == {"bad_picture": 1, "not_found": 2}
    assert server.metric("digits_queue_wait_seconds_count") >= 4
    assert server.metric("digits_read_total") == 6
    assert 'digits_model_info{default="true",model="cnn"} 1.0' in text
    assert server.metric("digits_request_seconds_count") >= 8
