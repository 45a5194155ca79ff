"""Bytes that are no HTTP, or HTTP that makes no sense: an answer in the one form, or a close."""

import json
import random

import pytest

from server.process import Server

HOST = b"Host: localhost\r\n"
NONSENSE = {
    "empty": b"",
    "line breaks": b"\r\n\r\n\r\n",
    "words": b"hello, is anybody there?\r\n\r\n",
    "zeros": b"\0" * 5000,
    "a greeting in TLS": bytes.fromhex("16030100c2010000be0303") + b"\x55" * 190,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n\r\n",
    "a method nobody has": b"FETCH / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "no path": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "bad percents": b"GET /%zz%ff%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "an absolute address": b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address that is none": b"GET http://[::1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    "two lengths": b"POST /v1/read HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /v1/read HTTP/1.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /v1/read HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    "a length in words": b"POST /v1/read HTTP/1.1\r\nContent-Length: five\r\n\r\n",
    "an endless length": b"POST /v1/read HTTP/1.1\r\nContent-Length: " + b"9" * 50 + b"\r\n\r\n",
    "a chunk of nonsense": b"POST /v1/read HTTP/1.1\r\n" + HOST + b"Content-Type: image/png\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a chunk that ends early": b"POST /v1/read HTTP/1.1\r\n" + HOST
    + b"Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a body that ends early": b"POST /v1/read HTTP/1.1\r\n" + HOST
    + b"Content-Type: image/png\r\nContent-Length: 500\r\n\r\nab",
    "an endless head": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100_000,
    "an endless header": b"GET / HTTP/1.1\r\nA: " + b"b" * 500_000,
    "an endless path": b"GET /" + b"a" * 500_000,
    "a web socket": b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "an upgrade with a body": b"POST /v1/read HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\n"
    b"Upgrade: h2c\r\nContent-Type: image/png\r\nContent-Length: 2\r\n\r\nab",
    "half a request": b"GET /v1/sett",
}  # fmt: skip


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_gets_an_error_in_the_one_form_or_nothing(server: Server, data: bytes) -> None:
    try:
        answer = server.say(data)
    except OSError:  # it had enough before all was sent
        answer = b""
    for status, body in answers(answer):
        assert status < 500 or status == 505
        if status >= 400 and body:
            assert set(json.loads(body)["error"]) == {"code", "message"}
    assert server.client.get("v2/health/live").status_code == 200


def test_random_bytes_and_broken_requests_never_break_the_server(
    server: Server, picture: bytes
) -> None:
    rng = random.Random(4)
    good = b"POST /v1/read?details=1 HTTP/1.1\r\n" + HOST + b"Content-Type: image/png\r\n"
    good += b"Content-Length: %d\r\n\r\n" % len(picture) + picture
    for _ in range(150):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(min(len(data), rng.choice([140, 10_000])))] = rng.randrange(256)
        start, stop = sorted(rng.choices(range(len(data)), k=2))
        if rng.random() < 0.3:
            del data[start:stop]
        try:
            found = answers(server.say(bytes(data)))
        except OSError:
            continue
        for status, body in found:
            assert status < 500
            if status >= 400:
                assert set(json.loads(body)["error"]) == {"code", "message"}
    assert server.client.get("v2/health/live").status_code == 200
    assert "Traceback" not in server.log()


def test_two_requests_at_once_are_answered_in_order(server: Server, picture: bytes) -> None:
    read = b"POST /v1/read HTTP/1.1\r\n" + HOST + b"Content-Type: image/png\r\n"
    read += b"Content-Length: %d\r\n\r\n" % len(picture) + picture
    live = b"GET /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n"
    wrong = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(read + live + read + wrong)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    found = answers(b"".join(parts))
    assert [status for status, _ in found] == [200, 200, 200, 404]
    assert json.loads(found[2][1])["text"] == "42"


def answers(data: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer in a stream of them."""
    found = []
    while data.startswith(b"HTTP/1.1 "):
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next((int(x.split(":")[1]) for x in lines if x.startswith("content-length:")), 0)
        found.append((int(lines[0].split()[1]), rest[:length]))
        data = rest[length:]
    assert not data, f"no HTTP: {data[:80]!r}"
    return found


def test_a_head_that_does_not_end_is_431(server: Server) -> None:
    for endless in (b"A: b\r\n" * 11_000, b"A: " + b"b" * 66_000):
        with server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n" + endless)
            assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")
