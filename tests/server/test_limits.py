"""Too much at once, too long, too many: each is refused in words, and the rest is served."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from server.conftest import as_png
from server.process import Server, everything, fault, one_answer, wait_until

PNG = {"Content-Type": "image/png"}
HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def test_a_body_over_the_limit_is_413_before_it_is_read(server: Server) -> None:
    """The body is announced and never sent: the answer comes all the same."""
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 5000001\r\n\r\n")
        answer = one_answer(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'{"error":{"code":"too_large","message":"the body has more than 5,000,000' in answer


def test_a_client_that_asks_first_is_not_told_to_go_on(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 6000000\r\n\r\n")
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_client_that_is_refused_leave_to_send_loses_no_request_to_the_body(
    server: Server,
) -> None:
    """It may go on without its body, so what it sends next must not be taken for that."""
    asked = HEAD.replace(b"image/png", b"text/plain") + b"Expect: 100-continue\r\n"
    with server.connect() as connection:
        connection.sendall(asked + b"Content-Length: 100\r\n\r\n")
        answer = everything(connection)  # it is closed
    assert answer.startswith(b"HTTP/1.1 415 ")


def test_a_body_of_unknown_length_is_cut_off_while_it_comes(server: Server) -> None:
    """No end is ever sent: the limit alone ends it."""
    with server.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(51):
            connection.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        answer = one_answer(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_client_that_sends_all_of_a_body_over_the_limit_reads_the_answer(server: Server) -> None:
    for _ in range(5):
        answer = server.client.post("v1/read", content=b"x" * 9_000_000, headers=PNG)
        assert fault(answer)[:2] == (413, "too_large")
    assert server.client.post("v1/read", content=as_png("5"), headers=PNG).status_code == 200


def test_the_limits_are_those_that_were_set(start) -> None:
    flags = ("--max-body", "3000", "--max-pixels", "5000")
    server = start(*flags)
    assert fault(server.client.post("v1/read", content=b"x" * 3001, headers=PNG))[0] == 413
    status, code, message = fault(server.client.post("v1/read", content=as_png("5"), headers=PNG))
    assert (status, code) == (413, "too_large")
    assert "5,000" in message
    limits = server.client.get("v1/settings").json()["limits"]
    assert (limits["body_bytes"], limits["pixels"]) == (3000, 5000)


def test_surplus_requests_are_refused_at_once_and_the_others_answered(
    start, slow_picture: bytes
) -> None:
    server = start("--workers", "1", "--queue", "1", "--read-seconds", "60")

    def read(_: int) -> httpx.Response:
        url = f"{server.address}v1/read"
        return httpx.post(url, content=slow_picture, headers=PNG, timeout=120, trust_env=False)

    with ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(read, range(12)))
    good = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(good) >= 2  # one is read, one waits
    assert {len(answer.json()["digits"]) for answer in good} == {len(good[0].json()["digits"])}
    assert refused
    for answer in refused:
        assert fault(answer)[:2] == (503, "overloaded")
        assert int(answer.headers["Retry-After"]) >= 1
    assert server.metric("digits_errors_total") == len(refused)
    assert server.client.post("v1/read", content=as_png("5"), headers=PNG).status_code == 200


def test_health_and_the_page_are_answered_while_all_processes_read(
    start, slow_picture: bytes
) -> None:
    server = start("--workers", "1", "--queue", "3", "--read-seconds", "100")

    def read(_: int) -> int:
        url = f"{server.address}v1/read"
        return httpx.post(url, content=slow_picture, headers=PNG, timeout=120).status_code

    with ThreadPoolExecutor(4) as clients:
        reading = [clients.submit(read, number) for number in range(4)]
        wait_until(lambda: server.metric("digits_queue_depth") >= 4)
        for path in ("v2/health/live", "v2/health/ready", "v1/settings", "docs", "metrics"):
            assert server.client.get(path).status_code == 200
        assert not all(future.done() for future in reading)
        assert [future.result() for future in reading] == [200] * 4
    wait_until(lambda: server.metric("digits_queue_depth") == 0)


def test_a_reading_that_takes_too_long_is_504(start, slow_picture: bytes) -> None:
    server = start("--workers", "1", "--queue", "9", "--read-seconds", "0.05")
    answer = server.client.post("v1/read", content=slow_picture, headers=PNG)
    status, code, message = fault(answer)
    assert (status, code) == (504, "too_slow")
    assert "0.05 s" in message
    # what nobody waits for is not begun, so the process is soon free again
    wait_until(lambda: server.metric("digits_queue_depth") == 0)
    assert server.client.get("v2/health/ready").status_code == 200


def test_too_many_connections_are_told_so(start) -> None:
    server = start("--connections", "5")
    server.client.close()
    held = [server.connect() for _ in range(5)]
    server.client = httpx.Client(base_url=server.address, timeout=60)

    def is_full() -> bool:
        with server.connect() as more:
            more.sendall(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = everything(more)
        if b" 200 " in answer:
            return False
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert b'{"error":"5 connections are open; try again in a second."}' in answer
        return True

    wait_until(is_full)
    for connection in held:
        connection.close()
    wait_until(lambda: not is_full())


def test_every_route_that_takes_a_body_has_a_limit(start, tmp_path) -> None:
    server = start("--corrections", str(tmp_path))
    headers = {"Content-Type": "application/json"}
    for path in ("v1/inside", "v1/corrections", "v2/models/cnn/infer"):
        answer = server.client.post(path, content=b" " * 5_000_001, headers=headers)
        assert fault(answer)[0] == 413


def test_many_clients_at_once_each_get_their_own_answer(server: Server) -> None:
    texts = ["0", "1", "23", "45", "67", "89", "7", "3"]
    wrong: list[str] = []

    def read(text: str) -> None:
        with httpx.Client(base_url=server.address, timeout=60) as client:
            for _ in range(10):
                files = {"file": (text, as_png(text))}
                answer = client.post("v1/read", files=files)
                if answer.status_code == 200 and answer.json()["file"] != text:
                    wrong.append(text)
                if answer.status_code == 200 and answer.json()["text"] != text:
                    wrong.append(answer.text)

    threads = [threading.Thread(target=read, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_all_bodies_together_are_bounded(start) -> None:
    server = start("--max-bodies", "1000000", "--max-body", "600000", "--receive-seconds", "60")
    head = HEAD + b"Content-Length: 600000\r\n\r\n"
    held = [server.connect() for _ in range(3)]
    for connection in held:
        connection.sendall(head + b"x" * 300_000)
    wait_until(lambda: server.metric("digits_requests_in_flight") == 4)  # and this question
    with server.connect() as more:
        more.sendall(head + b"x" * 500_000)
        answer = everything(more)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1" in answer
    for connection in held:
        connection.close()
    wait_until(lambda: server.metric("digits_requests_in_flight") == 1)
    assert server.client.post("v1/read", content=as_png("5"), headers=PNG).status_code == 200
    big = as_png("5") + b"\0" * 500_000
    for _ in range(5):  # what was held is given back
        assert server.client.post("v1/read", content=big, headers=PNG).status_code == 200


def test_too_many_images_at_once_are_told_to_be_fewer(server: Server) -> None:
    big = b'{"inputs": "' + b"0" * 5_000_000 + b'"}'
    answer = server.client.post(
        "v2/models/mlp/infer", content=big, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert "send fewer images at once" in fault(answer)[2]
