"""What a stranger's page, a stranger's name for this machine, and a crooked path come to."""

import pytest

from server.process import Server, fault

PNG = {"Content-Type": "image/png"}


def test_a_page_of_another_origin_may_not_post(server: Server, picture: bytes) -> None:
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{server.port + 1}"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = server.client.post("v1/read", content=picture, headers={**PNG, **foreign})
        assert fault(answer)[:2] == (403, "foreign_origin")
        assert not [name for name in answer.headers if name.startswith("access-control")]
    asked = {"Origin": "https://evil.example", "AccessLogMiddleware-Control-Request-Method": "POST"}
    answer = server.client.request("OPTIONS", "v1/read", headers=asked)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_the_servers_own_page_may(server: Server, picture: bytes) -> None:
    for own in (
        {"Origin": server.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        answer = server.client.post("v1/read", content=picture, headers={**PNG, **own})
        assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "["])
def test_another_name_that_points_here_is_refused(server: Server, host: str) -> None:
    for path, code in (("", "wrong_host"), ("v1/settings", "wrong_host"), ("v2/health/live", "")):
        answer = server.client.get(path, headers={"Host": host})
        assert fault(answer)[:2] == (421, code)


def test_this_machines_own_names_and_allowed_ones_are_not(server: Server, start) -> None:
    for host in ("localhost", "LOCALHOST:8000", "127.0.0.1", f"[::1]:{server.port}"):
        assert server.client.get("v1/settings", headers={"Host": host}).status_code == 200
    proxied = start("--allow-host", "digits.example.org")
    for host, status in (("digits.example.org", 200), ("evil.example", 421)):
        assert proxied.client.get("v1/settings", headers={"Host": host}).status_code == status
    assert b" 200 " in server.say(b"GET /v2/health/live HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
def test_a_request_names_one_host(server: Server, hosts: bytes) -> None:
    answer = server.say(b"GET /v1/settings HTTP/1.1\r\n" + hosts + b"\r\n")
    assert b" 400 " in answer
    assert b'"code":"bad_request"' in answer


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/page/../../errors.py",
        "/..%2f..%2ferrors.py",
        "/%2e%2e/errors.py",
        "//etc/passwd",
        "/page.js/../../weights/cnn.onnx",
        "/static//etc/passwd",
        "/index.html%00.js",
        "/..\\errors.py",
        "/application.py",
        "/page/page.js",
    ],
)
def test_no_path_leads_out_of_the_page(server: Server, path: str) -> None:
    answer = server.say(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'{"error":{"code":"not_found"' in answer


@pytest.mark.parametrize("path", ["", "docs", "v1/settings", "nowhere"])
def test_every_answer_forbids_what_no_page_of_ours_does(server: Server, path: str) -> None:
    headers = server.client.get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_server_for_others_warns_and_takes_any_name(start) -> None:
    server = start("--host", "0.0.0.0")
    assert "Warning: on 0.0.0.0, everybody who can reach this machine" in server.log()
    assert "/metrics" in server.log()
    named = {"Host": "digits.example.org"}
    assert server.client.get("v1/settings", headers=named).status_code == 200
    foreign = {**named, "Origin": "https://evil.example"}
    assert server.client.post("v1/read", headers=foreign).status_code == 403
