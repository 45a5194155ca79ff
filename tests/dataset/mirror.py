"""A loopback server that serves files well or badly, as each path is told to."""

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = b"<!DOCTYPE html><title>Please log in to the network</title>"


class Mirror(ThreadingHTTPServer):
    """Serves `folder` below /<behaviour>/; so one server is several mirrors."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: Counter[str] = Counter()
        self.ranges: list[str | None] = []
        self.released = threading.Event()

    def url(self, behaviour: str, name: str = "") -> str:
        return f"http://127.0.0.1:{self.server_port}/{behaviour}/{name}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are part of the game


class _Handler(BaseHTTPRequestHandler):
    server: Mirror
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        _, behaviour, name = self.path.split("/", 2)
        self.server.asked[f"{behaviour}/{name}"] += 1
        self.server.ranges.append(self.headers["Range"])
        content = (self.server.folder / name).read_bytes()
        if re.fullmatch(r"\d{3}", behaviour):
            self.answer(int(behaviour), b"no", "text/plain")
        else:
            getattr(self, behaviour)(content)

    def answer(
        self,
        status: int,
        body: bytes,
        kind: str = "application/gzip",
        length: int | None = None,
        **headers: str,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def good(self, content: bytes) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if not found:
            return self.answer(200, content)
        start = int(found[1])
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self.answer(206, content[start:], Content_Range=span)

    def no_range(self, content: bytes) -> None:
        self.answer(200, content)

    def mislabelled(self, content: bytes) -> None:
        self.answer(200, content, Content_Encoding="gzip")

    def html(self, content: bytes) -> None:
        self.answer(200, HTML, "text/html; charset=utf-8")

    def padded_html(self, content: bytes) -> None:
        self.answer(200, HTML.ljust(len(content)), "text/html")

    def wrong(self, content: bytes) -> None:
        self.answer(200, content[:-1] + bytes([content[-1] ^ 1]))

    def short(self, content: bytes) -> None:
        self.answer(200, content[: len(content) // 2])

    def truncated(self, content: bytes) -> None:
        self.answer(200, content[: len(content) // 2], length=len(content))
        self.close_connection = True

    def unannounced(self, content: bytes) -> None:
        """Half the file, without a length, then the end."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def endless(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)
            while not self.server.released.is_set():
                self.wfile.write(bytes(10_000))
        self.close_connection = True

    def stalled(self, content: bytes) -> None:
        self.answer(200, content[: len(content) // 2], length=len(content))
        self.server.released.wait(30)
        self.close_connection = True

    def silent(self, content: bytes) -> None:
        self.server.released.wait(30)
        self.close_connection = True

    def dribble(self, content: bytes) -> None:
        self.answer(200, b"", length=len(content))
        with contextlib.suppress(OSError):
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.server.released.wait(0.05):
                    break
        self.close_connection = True

    def hang_up(self, content: bytes) -> None:
        self.close_connection = True


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Mirror]:
    with Mirror(folder) as mirror:
        thread = threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mirror
        finally:
            mirror.released.set()
            mirror.shutdown()
            thread.join()
