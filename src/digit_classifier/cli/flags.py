"""Flags that several commands share, and what was given of them."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from digit_classifier.errors import OptionError

scale = click.option(
    "--scale", type=click.Choice(["0..1", "0..255", "-1..1", "mnist"]),
    help="What a network of your own with float input was trained on; mnist: mean 0.1307, standard "
         "deviation 0.3081. Default: what its file says, else 0..1.",
)  # fmt: skip
threshold = click.option("--threshold", type=click.FloatRange(0, 1), metavar="0..1",
                         help="Least confidence for a digit, and for a line of them; below it a "
                              "mark is shown as ?. Default: the model's own rule, "
                              "which was measured.")  # fmt: skip
single = click.option(
    "--single", is_flag=True, help="Each picture holds one digit: do not look for more."
)
jobs = click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True,
                    help="Processes that share the reading of pictures.")  # fmt: skip


def turning(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --transpose and --invert, which say how images must be turned to be as MNIST's are."""
    invert = click.option(
        "--invert", is_flag=True, help="Swap ink and paper of every image: ink must be light."
    )
    transpose = click.option(
        "--transpose", is_flag=True,
        help="Swap rows and columns of every image, as EMNIST's files need.",
    )  # fmt: skip
    return transpose(invert(command))


def shown_images(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says whose test images a model is shown, and how."""
    dataset = click.option(
        "--dataset", default="mnist", show_default=True, metavar="NAME|PATH",
        help="Whose test images: mnist, sample or a path, as of `digits train`.",
    )  # fmt: skip
    data_dir = click.option(
        "--data-dir", type=click.Path(), metavar="FOLDER", help="Where MNIST's files are."
    )
    return dataset(turning(data_dir(command)))


def given(names: Iterable[str]) -> list[str]:
    """Which of the running command's parameters were typed, as they are spelt: `--json`."""
    context = click.get_current_context()
    spelt = {each.name: each.opts[0] for each in context.command.params}
    typed = click.core.ParameterSource.COMMANDLINE
    return [spelt[name] for name in names if context.get_parameter_source(name) is typed]


def refuse(names: Iterable[str], what: str) -> None:
    """A flag that the chosen work would ignore is a mistake.

    Args:
        names: of the parameters that it has no use for.
        what: the work, such as "--pictures".
    Raises:
        OptionError: one of them was typed.
    """
    for flag in given(names):
        raise OptionError(f"{flag} has no meaning for {what}. Leave it out.")
