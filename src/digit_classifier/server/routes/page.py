"""The page that one draws on: files by fixed names; no path is made of what is asked for."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

from digit_classifier.server.errors import ApiError

FOLDER = Path(__file__).parents[1] / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def add(app: FastAPI) -> None:
    """Give `app` one route for each file that ships; `/` is index.html."""
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in KINDS:
            path = "/" if file.name == "index.html" else f"/{file.name}"
            _add_file(app, path, file, KINDS[file.suffix])


def _add_file(app: FastAPI, path: str, file: Path, kind: str) -> None:
    async def show() -> Response:
        try:
            content = file.read_bytes()
        except OSError:
            raise ApiError(404, "not_found", f"{file.name} is not installed.") from None
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    app.add_api_route(path, show, include_in_schema=False)
