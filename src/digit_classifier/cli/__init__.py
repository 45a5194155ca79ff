"""The `digits` command: parse, call, print.

Each command lives in a module of its own and is imported when it is asked for, so that reading
a digit does not pay for the training stack.
"""

import importlib
import sys

import click

from digit_classifier import __version__
from digit_classifier.errors import DigitError

# command -> (module, one line of help, shown without importing the module)
COMMANDS = {
    "predict": "Read the handwritten digits in pictures.",
    "evaluate": "Judge a model: a report of how good it is, where it errs, what it is sure of.",
    "compare": "Compare models on the same images: which is better, or cannot be told.",
    "models": "List the models that ship, and what a model says of itself.",
    "serve": "Serve a page to draw digits on, and an HTTP interface.",
    "train": "Train a network on MNIST.",
    "runs": "List the trainings there are, in a sortable table.",
    "data": "Show, download, verify and draw the labelled images.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use, from `digit_classifier.cli.<name>`."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import `digit_classifier.cli.<name>` and give its `command`."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"digit_classifier.cli.{name}").command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digits")
def group() -> None:
    """Train digit networks on MNIST and read handwritten digits with them."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    0: done. 1: the world failed (network, disk). 2: the user's mistake. 130: Ctrl-C. Whatever
    went wrong is one sentence on standard error, never a traceback.
    """
    try:
        code = group.main(arguments, prog_name="digits", standalone_mode=False)
        sys.stdout.flush()  # what is left to print, while a failure can still be told
    except DigitError as error:
        click.echo(f"Error: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except OSError as error:
        # Files raise a DigitError. Python would write the rest once more as it ends, and complain.
        sys.stdout = None
        what = error.filename or "standard input or output"
        click.echo(
            f"Error: {what} failed: {error.strerror or error}. "
            "Check where it comes from or goes to.",
            err=True,
        )
        code = 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        code = 130
    sys.exit(code)
