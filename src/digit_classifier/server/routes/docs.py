"""What this server is and how it does: /v1/settings, /metrics, the page, and /docs.

/docs is the OpenAPI document as a plain page.

FastAPI's own pages fetch Swagger UI from elsewhere and need inline script, which this server's
content security policy forbids; packages that carry it weigh megabytes. What a reader needs is a
list of operations with an example that can be copied, and that needs no script at all.
"""

import json
import mimetypes
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digit_classifier import __version__
from digit_classifier.server import schemas
from digit_classifier.server.service import service_of

# A line that can be copied, for the operations that take a body.
EXAMPLES = {
    "/v1/read": "curl -F file=@drawing.png {base}v1/read",
    "/v1/inside": 'curl --json \'{{"image": "..."}}\' {base}v1/inside',
    "/v1/corrections": 'curl --json \'{{"image": "...", "label": 7}}\' {base}v1/corrections',
    "/v2/models/{name}/infer": (
        'curl --json \'{{"inputs": [{{"name": "images", "datatype": "UINT8", '
        '"shape": [1, 28, 28], "data": [...]}}]}}\' {base}v2/models/cnn/infer'
    ),
}


FOLDER = Path(__file__).parents[1] / "page"
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
router = APIRouter()


class Page(StaticFiles):
    """The page that one draws on, and the files that it is made of."""

    def __init__(self) -> None:
        for suffix, kind in KINDS.items():  # some systems have other ideas
            mimetypes.add_type(kind, suffix)
        super().__init__(directory=FOLDER, html=True)

    @staticmethod
    def has(path: str) -> bool:
        """Whether a file has this path; `/` is index.html."""
        return path.lstrip("/") in {"", *(file.name for file in FOLDER.iterdir())}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, which a browser asks for anew each time."""
        if not self.has(scope["path"]):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.get(
    "/v1/settings",
    tags=["reading"],
    summary="Models, limits, and whether corrections are kept",
    response_model=schemas.Settings,
)
async def settings(request: Request) -> Response:
    """The default model comes first; `limits` are in bytes, pixels, seconds and numbers."""
    service = service_of(request)
    kept = service.corrections
    content = {
        "version": __version__,
        "models": service.models.describe(),
        "default_model": service.models.default,
        "reload_error": service.models.reload_error,
        "corrections": kept.describe() if kept else None,
        "limits": asdict(service.settings.limits),
    }
    return Response(orjson.dumps(content), media_type="application/json")


@router.get(
    "/metrics",
    tags=["operation"],
    summary="Counters and histograms, in Prometheus's text form",
    responses={200: {"description": "Metrics.", "content": {"text/plain": {}}}},
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Requests, errors by code, latency, wait for a process, queue and models."""
    text = service_of(request).metrics.render()
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/docs", include_in_schema=False)
async def show_documents(request: Request) -> Response:
    """The document of OpenAPI, for people."""
    page = render(request.app.openapi(), str(request.base_url))
    return Response(page, media_type="text/html")


def render(document: dict[str, Any], base: str) -> str:
    """The page.

    Args:
        document: of OpenAPI.
        base: the server's own address.
    """
    about = document["info"]
    operations = [
        _operation(path, method, operation, base)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    named = document["components"]["schemas"].items()
    title = escape(about["title"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: HTTP interface</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<main>
<h1>{title} {escape(about["version"])}</h1>
<p>Every error is <code>{{"error": {{"code": ..., "message": ...}}}}</code>, under
<code>/v2</code> <code>{{"error": "..."}}</code>.
Machines read <a href="/openapi.json">/openapi.json</a>; people draw on
<a href="/">the page</a>.</p>
{"".join(operations)}
<section><h2>Schemas</h2>
{"".join(_schema(name, schema) for name, schema in named)}
</section>
</main>
</body>
</html>
"""


def _operation(path: str, method: str, operation: dict[str, Any], base: str) -> str:
    parts = [
        f"<section><h2><span>{method.upper()}</span> <code>{escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}.</p>",
    ]
    if "description" in operation:
        parts.append(f"<p>{_code(operation['description'])}</p>")
    rows = [
        (p["name"], escape(p.get("description", f"in the {p['in']}")))
        for p in operation.get("parameters", [])
    ]
    parts.append(_table("Parameters", rows))
    content = operation.get("requestBody", {}).get("content", {})
    parts.append(_table("Body", [(kind, _content(body)) for kind, body in content.items()]))
    if method == "post" and path in EXAMPLES:
        parts.append(f"<pre>{escape(EXAMPLES[path].format(base=base))}</pre>")
    rows = []
    for status, said in operation["responses"].items():
        bodies = [body for body in said.get("content", {}).values() if "schema" in body]
        rows.append((status, " ".join([escape(said["description"]), *map(_content, bodies)])))
    parts.append(_table("Answers", rows))
    return "".join([*parts, "</section>\n"])


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    """Rows of (text, markup); nothing where there are none."""
    if not rows:
        return ""
    lines = [
        f"<tr><th><code>{escape(first)}</code></th><td>{second}</td></tr>" for first, second in rows
    ]
    return f"<h3>{title}</h3><table>{''.join(lines)}</table>"


def _content(body: dict[str, Any]) -> str:
    """What a body or an answer holds: its schema's name, which leads to it, or its fields."""
    schema = body["schema"]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="/docs#{name}">{name}</a>'
    fields = schema.get("properties")
    return escape(f"fields: {', '.join(fields)}") if fields else "the bytes of the file"


def _schema(name: str, schema: dict[str, Any]) -> str:
    shown = escape(json.dumps(schema, indent=1))
    return f'<details><summary>{name}</summary><pre id="{name}">{shown}</pre></details>'


def _code(text: str) -> str:
    """Escaped, with `...` as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
