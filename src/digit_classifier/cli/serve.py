"""`digits serve`: a page to draw on, and an HTTP server to build on."""

import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from digit_classifier.cli import flags, opening
from digit_classifier.cli.streams import warn
from digit_classifier.server.settings import Limits, Settings


class _Seconds(click.FloatRange):
    """A range without nan and inf, which are in every range of click's."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


def _limit_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` one flag for each limit, with the limit's own default."""
    defaults = Limits()
    for field in reversed(fields(Limits)):
        said, least = field.metadata, field.metadata["least"]
        seconds = _Seconds(min=least or 0, min_open=least is None)
        command = click.option(
            said["flag"], field.name, metavar=said["unit"], help=said["help"],
            type=click.IntRange(min=least) if field.type is int else seconds,
            default=getattr(defaults, field.name),
            show_default="one a core, 8 at most" if field.name == "workers" else True,
        )(command)  # fmt: skip
    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="Port to listen on; 0 for any that is free.")  # fmt: skip
@click.option("--model", default="cnn", show_default=True, metavar="NAME|FOLDER|FILE",
              help="What reads unless a request names another.")  # fmt: skip
@flags.scale
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--corrections", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep pictures that users correct, for `digits train --dataset FOLDER`. "
                   "Default: nothing is kept.")  # fmt: skip
@click.option("--log-json", is_flag=True, help="Write the access log as JSON.")
@click.option("--reload-model", is_flag=True,
              help="When the file of --model changes, check it and read with it.")  # fmt: skip
@click.option("--allow-host", multiple=True, metavar="NAME",
              help="A further name of the server, such as that of a proxy.")  # fmt: skip
@_limit_flags
def command(
    host: str,
    port: int,
    model: str,
    scale: str | None,
    open_page: bool,
    corrections: Path | None,
    log_json: bool,
    reload_model: bool,
    allow_host: tuple[str, ...],
    **limits: Any,
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
    # wanted when somebody asks, and missed now rather than then
    import jinja2  # noqa: F401
    import python_multipart  # noqa: F401

    from digit_classifier.server.run import serve

    def ready(address: str) -> None:
        click.echo(address)
        if open_page:
            click.launch(address)

    with opening.exported(model) as path:
        opening.load(path, model, scale)  # warns
        settings = Settings(
            host, port, str(path), scale, corrections, log_json, reload_model, allow_host,
            Limits(**limits),
        )  # fmt: skip
        if not settings.is_local:
            kept = f", and write up to the limit into {corrections}" if corrections else ""
            warn(
                f"on {host}, everybody who can reach this machine can use the page, the reading "
                "interface, /metrics and /docs, without a password and without encryption"
                f"{kept}."
            )
        serve(settings, ready)
