"""What the OpenAPI document promises, tried with hundreds of made-up requests; and /docs."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from digit_classifier.reader import DigitReader
from server.process import Server, fault

ROUTES = {
    "/v1/read": {"post"},
    "/v1/settings": {"get"},
    "/v1/inside": {"get", "post"},
    "/v1/corrections": {"post", "delete"},
    "/v2": {"get"},
    "/v2/health/live": {"get"},
    "/v2/health/ready": {"get"},
    "/v2/models/{name}": {"get"},
    "/v2/models/{name}/ready": {"get"},
    "/v2/models/{name}/infer": {"post"},
    "/metrics": {"get"},
}


def test_the_document_lists_every_route(server: Server) -> None:
    paths = server.client.get("openapi.json").json()["paths"]
    assert {path: set(methods) for path, methods in paths.items()} == ROUTES


def test_every_error_in_the_document_has_the_one_form_of_its_part(server: Server) -> None:
    for path, methods in server.client.get("openapi.json").json()["paths"].items():
        form = "InferenceError" if path.startswith("/v2") else "Error"
        for operation in methods.values():
            for status, said in operation["responses"].items():
                assert said["description"].endswith(".")
                if status >= "400":
                    schema = said["content"]["application/json"]["schema"]
                    assert schema == {"$ref": f"#/components/schemas/{form}"}


def test_a_path_that_is_not_there_says_where_the_routes_are_listed(server: Server) -> None:
    for path in ("nowhere", "v1", "page/page.js"):
        status, code, message = fault(server.client.get(path))
        assert (status, code) == (404, "not_found")
        assert message == f"there is nothing at '/{path}'; /docs lists every route."


def test_no_made_up_request_breaks_what_the_document_says(keeping: Server, tmp_path: Path) -> None:
    """No 500, no undocumented status or shape, nothing taken that the document forbids."""
    command = shutil.which("schemathesis", path=Path(sys.executable).parent)
    assert command
    flags = [
        "--generation-deterministic",
        "--max-examples=6",
        "--phases=examples,coverage,fuzzing",
        # a text that stands for no picture is refused, and no schema can say which do
        "--exclude-checks=positive_data_acceptance",
        "--no-color",
    ]
    run = [command, "run", f"{keeping.address}openapi.json", *flags]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "13 selected" in done.stdout
    assert "Traceback" not in keeping.log()


class Page(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href")]
        assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]


def test_the_documents_page_lists_every_route_and_fetches_nothing_from_elsewhere(
    server: Server,
) -> None:
    answer = server.client.get("docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert "script" not in page.tags
    assert "style" not in page.tags
    for link in page.links:
        assert re.match(r"/(?!/)", link)
        assert server.client.get(link.lstrip("/")).status_code == 200
    for path in ROUTES:
        assert f"<code>{path}</code>" in answer.text


def test_another_method_is_405_and_told_which_are_right(server: Server) -> None:
    for path, methods in ROUTES.items():
        answer = server.client.request("PATCH", path.lstrip("/").replace("{name}", "cnn"))
        status, code, message = fault(answer)
        assert (status, code) == (405, "" if path.startswith("/v2") else "method_not_allowed")
        assert message.startswith(f"PATCH is not possible at {answer.request.url.path}; use ")
        allowed = {*map(str.upper, methods), *(["HEAD"] if "get" in methods else [])}
        assert answer.headers["allow"] == ", ".join(sorted(allowed))


def test_a_models_own_rule_is_told_with_what_its_threshold_is_of(server: Server) -> None:
    models = {model["name"]: model for model in server.client.get("v1/settings").json()["models"]}
    rule = DigitReader("cnn").rule
    assert models["cnn"]["rule"] == rule.describe()
    assert set(models["cnn"]["rule"]) == {"threshold", "softness"}
    assert "threshold" not in models["cnn"]
