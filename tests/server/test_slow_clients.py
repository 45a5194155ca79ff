"""Clients that drip: cut off, told why, and nobody else waits for them."""

import time

import httpx

from server.conftest import as_png
from server.process import PATIENCE, Server, everything, wait_until

HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
LIVE = b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
CUT_OFF = b'{"error":{"code":"too_slow"'


def drip(server: Server, start: bytes, drop: bytes) -> bytes:
    """Send `start`, then `drop` again and again until the server has enough; what it said."""
    with server.connect() as connection:
        connection.sendall(start)
        connection.settimeout(0.05)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return connection.recv(65536)
            except TimeoutError:
                connection.sendall(drop)
    raise AssertionError("it was never cut off")


def test_a_head_that_drips_is_cut_off(start) -> None:
    server = start("--receive-seconds", "2")
    answer = drip(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"x")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert CUT_OFF in answer


def test_a_body_that_drips_is_cut_off(start) -> None:
    server = start("--receive-seconds", "2")
    for head, drop in (
        (HEAD + b"Content-Length: 99999\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ):
        answer = drip(server, head, drop)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert CUT_OFF in answer
    wait_until(lambda: server.metric("digits_queue_depth") == 0)


def test_a_connection_on_which_nothing_comes_is_cut_off(start) -> None:
    server = start("--receive-seconds", "2")
    with server.connect() as connection:
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_a_second_request_that_drips_is_cut_off_too(start) -> None:
    server = start("--receive-seconds", "2")
    with server.connect() as connection:
        connection.sendall(LIVE)
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 ")
        connection.sendall(LIVE[:20])
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_a_long_body_on_a_poor_line_gets_its_time(start) -> None:
    """Slower than the limit in all, but far faster than a drip."""
    server = start("--receive-seconds", "1")
    body = as_png("5") + b"\0" * 800_000
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:600_000])
        for at in range(600_000, len(body), 10_000):
            connection.sendall(body[at : at + 10_000])
            time.sleep(0.1)  # what is tested is a body that takes longer than a second
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_hundred_that_drip_delay_nobody(server: Server) -> None:
    held = [server.connect() for _ in range(100)]
    for number, connection in enumerate(held):
        connection.sendall((LIVE if number % 2 else HEAD + b"Content-Length: 99\r\n\r\nx")[:-2])
    for _ in range(20):
        assert httpx.get(f"{server.address}v2/health/live", timeout=60).status_code == 200
    answer = httpx.post(f"{server.address}v1/read", files={"file": as_png("5")}, timeout=60)
    assert answer.json()["text"] == "5"
    for connection in held:
        connection.close()


def test_one_that_does_not_read_its_answers_is_let_go(start) -> None:
    server = start("--receive-seconds", "2")
    with server.connect() as connection:
        connection.settimeout(0.2)
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50

        def is_gone() -> bool:
            try:
                connection.sendall(asked)
            except TimeoutError:
                return False
            except OSError:
                return True
            return False

        wait_until(is_gone)
    assert server.client.get("v2/health/live").status_code == 200
    assert "Traceback" not in server.log()
