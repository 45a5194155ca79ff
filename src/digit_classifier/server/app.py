"""The application: its routes, and what stands around them."""

from fastapi import FastAPI

from digit_classifier import __version__
from digit_classifier.server import error_responses, middleware, request_filter, service
from digit_classifier.server.routes import (
    activations,
    corrections,
    docs,
    health,
    inference,
    page,
    reading,
)
from digit_classifier.server.routes import (
    settings as settings_route,
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
    error_responses.install(app)
    # routes are tried in turn: first what is asked for most
    reading.add(app, state)
    inference.add(app, state)
    page.add(app)
    settings_route.add(app, state)
    activations.add(app, state)
    corrections.add(app, state)
    health.add(app, state)
    docs.add(app, state.models.models)
    # the one added last stands outermost
    app.add_middleware(request_filter.RequestFilter, service=state)
    app.add_middleware(middleware.AccessLogMiddleware, service=state)
    return app
