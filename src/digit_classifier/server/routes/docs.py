"""What this server is and how it does: /v1/settings, /metrics, the page, and /docs.

/docs is the OpenAPI document as a plain page.

FastAPI's own pages fetch Swagger UI from elsewhere and need inline script, which this server's
content security policy forbids; packages that carry it weigh megabytes. What a reader needs is a
list of operations with an example that can be copied, and that needs no script at all.
"""

import json
import mimetypes
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digit_classifier import __version__
from digit_classifier.server import schemas
from digit_classifier.server.request_body import check_query
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
router = APIRouter(dependencies=[Depends(check_query)])


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
    import jinja2  # only for who reads it, for a sooner start

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["written"] = partial(json.dumps, indent=1)
    template = environment.get_template("docs.html.jinja")
    return template.render(document, base=base, examples=EXAMPLES)
