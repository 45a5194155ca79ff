"""The application: its routes, and what stands around them."""

from fastapi import FastAPI

from digit_classifier import __version__
from digit_classifier.server import (
    about,
    access,
    corrections,
    documents,
    faults,
    guard,
    health,
    inference,
    inside,
    pages,
    reading,
    service,
)
from digit_classifier.server.settings import Settings


def build(settings: Settings) -> FastAPI:
    """Load the models and put the application together.

    Args:
        settings: how to serve.
    Returns:
        An ASGI application; `app.state.service` is what its routes share.
    Raises:
        ModelError: a model that is missing or does not work.
        StorageError: the folder for corrections cannot be written.
    """
    state = service.start(settings)
    app = FastAPI(
        title="mnist-digit-classifier",
        version=__version__,
        summary="Reads handwritten digits.",
        # FastAPI's own pages fetch their script from elsewhere and need inline script
        docs_url=None,
        redoc_url=None,
        telemetry=None,
    )
    app.state.service = state
    faults.install(app)
    # routes are tried in turn: first what is asked for most
    reading.add(app, state)
    inference.add(app, state)
    pages.add(app)
    about.add(app, state)
    inside.add(app)
    corrections.add(app, state)
    health.add(app, state)
    documents.add(app, state.shelf.models)
    # the one added last stands outermost
    app.add_middleware(guard.Guard, service=state)
    app.add_middleware(access.Access, service=state)
    return app
