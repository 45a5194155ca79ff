"""`digits serve`: a page to draw on, and an HTTP server to build on."""

from pathlib import Path

import click

from digit_classifier.errors import MissingExtraError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="Port to listen on; 0 for any that is free.")  # fmt: skip
@click.option("--model", default="cnn", show_default=True, metavar="NAME|FOLDER|FILE.onnx",
              help="What reads unless a request names another.")  # fmt: skip
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--corrections", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep pictures that users correct, for `digits train --dataset FOLDER`. "
                   "Default: nothing is kept.")  # fmt: skip
@click.option("--log-json", is_flag=True, help="Write the access log as JSON.")
@click.option("--reload-model", is_flag=True,
              help="When the file of --model changes, check it and read with it.")  # fmt: skip
@click.option("--allow-host", multiple=True, metavar="NAME",
              help="A further name of the server, such as that of a proxy.")  # fmt: skip
@click.option("--max-body", type=click.IntRange(min=1), default=5_000_000, show_default=True,
              metavar="BYTES", help="Longest body of a request.")  # fmt: skip
@click.option("--max-pixels", type=click.IntRange(min=1), default=25_000_000, show_default=True,
              metavar="N", help="Largest picture.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), metavar="N", show_default="one a core",
              help="Threads that read.")  # fmt: skip
@click.option("--queue", type=click.IntRange(min=0), default=8, show_default=True, metavar="N",
              help="Requests that may wait for a thread; more get 503 at once.")  # fmt: skip
@click.option("--read-seconds", type=click.FloatRange(min=0, min_open=True), default=10,
              show_default=True, metavar="S", help="Longest time for a reading.")  # fmt: skip
@click.option("--receive-seconds", type=click.FloatRange(min=0, min_open=True), default=10,
              show_default=True, metavar="S",
              help="Longest time for a request to arrive; its body gets more while it comes "
                   "faster than 50 kB a second.")  # fmt: skip
@click.option("--stop-seconds", type=click.FloatRange(min=0), default=30, show_default=True,
              metavar="S", help="Longest wait for requests in flight at the end.")  # fmt: skip
@click.option("--connections", type=click.IntRange(min=1), default=1000, show_default=True,
              metavar="N", help="Most connections at once.")  # fmt: skip
@click.option("--max-corrections", type=click.IntRange(min=1), default=100_000_000,
              show_default=True, metavar="BYTES", help="Most disk for --corrections.")  # fmt: skip
def command(
    host: str,
    port: int,
    model: str,
    open_page: bool,
    corrections: Path | None,
    log_json: bool,
    reload_model: bool,
    allow_host: tuple[str, ...],
    max_body: int,
    max_pixels: int,
    workers: int | None,
    queue: int,
    read_seconds: float,
    receive_seconds: float,
    stop_seconds: float,
    connections: int,
    max_corrections: int,
) -> None:
    """Serve a page to draw digits on, and an HTTP interface (see /docs).

    Ctrl-C or SIGTERM stops it once the requests in flight are answered. Needs the serve extra.

    \b
    Examples:
      digits serve --open
      digits serve --port 0 --model runs/latest --reload-model
      digits serve --corrections my-digits
      digits serve --host 0.0.0.0 --log-json
    """
    try:
        import fastapi  # noqa: F401
        import httptools  # noqa: F401
        import orjson  # noqa: F401
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"{error.name}, which `digits serve` needs,", "serve") from error
    from digit_classifier.server.lifetime import serve
    from digit_classifier.server.settings import Limits, Settings

    limits = Limits(
        body_bytes=max_body,
        pixels=max_pixels,
        workers=workers or Limits().workers,
        queue=queue,
        read_seconds=read_seconds,
        receive_seconds=receive_seconds,
        stop_seconds=stop_seconds,
        connections=connections,
        corrections_bytes=max_corrections,
    )
    settings = Settings(host, port, model, corrections, log_json, reload_model, allow_host, limits)
    if not settings.is_local:
        click.echo(_warning(settings.host, corrections), err=True)

    def ready(address: str) -> None:
        click.echo(address)
        if open_page:
            click.launch(address)

    serve(settings, ready)


def _warning(host: str, corrections: Path | None) -> str:
    kept = f", and write up to the limit into {corrections}" if corrections else ""
    return (
        f"Warning: on {host}, everybody who can reach this machine can use the page, the reading "
        f"interface, /metrics and /docs, without a password and without encryption{kept}."
    )
