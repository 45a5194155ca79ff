"""`digits export`: a model in another format, proven to answer as it does."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli import flags
from digit_classifier.words import count

if TYPE_CHECKING:
    from digit_classifier.export.exporter import Exporter, Options
    from digit_classifier.export.parity import Answers, Parity


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL")
@click.option("--to", "name", required=True, metavar="FORMAT",
              help="onnx, keras, savedmodel, litert or litert-int8, or one of a plugin of "
                   "yours.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH",
              help="Default: the model's name with the format's ending, here.")  # fmt: skip
@click.option("--input", "given", type=click.Choice(["uint8", "float", "drawing"]), default="uint8",
              show_default=True,
              help="What an .onnx file takes: pixels, floats of 0 to 1, or a picture of a digit of "
                   "any size.")  # fmt: skip
@click.option("--opset", type=click.IntRange(min=13), metavar="N",
              help="Version of ONNX's operators. Default: the model's own.")  # fmt: skip
@flags.shown_images
@flags.scale
def command(
    models: tuple[str, ...],
    name: str,
    out: Path | None,
    given: str,
    opset: int | None,
    scale: str | None,
    **shown: Any,
) -> None:
    """Write a model in another format, and prove that it answers the same.

    MODEL is a shipped model, a run folder, an .onnx file, or a .keras file of any make. The file is
    run in its own runtime on MNIST's 10,000 test images and compared with the .onnx: what differs
    by more than rounding is not written. The figures stand in PATH.json beside it. Whole numbers
    get their ranges from the training images of --dataset.

    \b
    Examples:
      digits export cnn --to litert
      digits export cnn --to litert-int8 --out digits.tflite
      digits export runs/latest --to savedmodel
      digits export mlp --to keras
      digits export small --to onnx --input float --opset 21
      digits export cnn --to onnx --input drawing
    """
    from rich.console import Console

    from digit_classifier.atomic import check_spares
    from digit_classifier.cli.opening import load_aloud
    from digit_classifier.errors import OptionError
    from digit_classifier.export.exporter import EXPORTERS, Options, opened
    from digit_classifier.export.parity import export
    from digit_classifier.progress import progress_bar

    if name not in EXPORTERS:
        known = "\n".join(f"  {each:12} {EXPORTERS[each].summary}" for each in EXPORTERS)
        raise OptionError(f"no format is called {name!r}. There are:\n{known}")
    if len(models) > 1:
        raise OptionError(f"{name} holds one model, {len(models)} were given.")
    exporter, options = EXPORTERS[name], Options(given, opset)
    _check_options(name, exporter, options)
    data = load_aloud(shown.pop("dataset"), **shown)
    with ExitStack() as stack:
        (source,) = (stack.enter_context(opened(model, data, scale)) for model in models)
        dress = "" if given == Options.input else f"-{given}"
        path = out or Path(f"{source.name}{dress}{exporter.suffix}")
        check_spares(path, source.path, *([source.saved] if source.saved else []))
        progress = stack.enter_context(progress_bar(Console(stderr=True)))
        parity = export(source, name, exporter, path, options, progress)
    _print(path, parity)


def _check_options(name: str, exporter: "Exporter", options: "Options") -> None:
    """What a format would ignore is a mistake."""
    from digit_classifier.errors import OptionError
    from digit_classifier.export.exporter import Options

    for option in ("input", "opset"):
        value = getattr(options, option)
        if value != getattr(Options(), option) and option not in exporter.takes:
            raise OptionError(f"--{option} has no meaning for {name}. Leave it out.")


def _print(path: Path, parity: "Parity | None") -> None:
    if parity is None:
        click.echo(f"Written  {path}; nothing here runs it, so it was not compared")
        return
    click.echo(f"{'':14} {'size':>10} {'accuracy':>9}  {'95 % interval':18} {'one image':>10}")
    click.echo(_row("model.onnx", parity.onnx))
    click.echo(_row(parity.format, parity.file))
    allowed = "" if parity.allowed is None else f" ({parity.allowed:.0e} is allowed)"
    changed = count(parity.changed, "answer")
    click.echo(
        f"Of {parity.images:,} test images of {parity.dataset}, {changed} changed; the largest "
        f"difference of a probability is {parity.difference:.1e}{allowed}."
    )
    click.echo(f"Written  {path}, {path}.json")


def _row(what: str, answers: "Answers") -> str:
    low, high = (100 * bound for bound in answers.interval)
    return (
        f"{what:14} {answers.bytes / 1e3:>7,.0f} kB {100 * answers.accuracy:>7.2f} %  "
        f"{f'{low:.2f} to {high:.2f} %':18} {answers.microseconds:>7,.0f} µs"
    )
