"""The `digits` command: parse, call, print.

Each command lives in a module of its own and is imported when it is asked for, so that reading
a digit does not pay for the training stack.
"""

import importlib
import logging
import signal
import sys
import traceback

import click

from digit_classifier import __version__
from digit_classifier.cli.streams import prepare
from digit_classifier.errors import DigitError, MissingExtraError
from digit_classifier.shell import digits

DEBUG = "--debug"

# command -> (module, one line of help, shown without importing the module)
COMMANDS = {
    "predict": "Read the handwritten digits in pictures.",
    "evaluate": "Measure a model: a report of its accuracy, errors, calibration and robustness.",
    "compare": "Compare models on the same images: which is better, or cannot be told.",
    "export": "Write a model in another format, proven to answer the same.",
    "models": "List the models that ship, and what a model says of itself.",
    "serve": "Serve a page to draw digits on, and an HTTP interface.",
    "train": "Train a network on MNIST.",
    "runs": "List the trainings there are, in a sortable table.",
    "data": "Show, download, verify and draw the labelled images.",
    "sheet": "Print a page for digits of your own hand, and read filled ones.",
}
# command -> the optional part that brings what it imports; the others need none
EXTRAS = {
    "evaluate": "evaluate", "compare": "evaluate", "serve": "serve", "train": "train",
    "data": "data", "sheet": "train", "export": "train",
}  # fmt: skip


# What other programs call a flag of ours.
_ALIASES = {
    "--lr": "--learning-rate", "--bs": "--batch-size", "--batch": "--batch-size",
    "--patience": "--early-stop", "--dataset-dir": "--data-dir", "--data": "--dataset",
    "--output": "--out", "--network": "--model", "--workers": "--jobs",
}  # fmt: skip


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
@click.option(DEBUG, is_flag=True, expose_value=False, help="Show the traceback of any error.")
def group() -> None:
    """Train digit networks on MNIST and read handwritten digits with them."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    0: done. 1: the world failed (network, disk), or this program did. 2: the user's mistake.
    130: Ctrl-C. Whatever went wrong is one sentence on standard error; --debug adds a traceback.
    """
    words = sys.argv[1:] if arguments is None else arguments
    debug = DEBUG in words  # wherever it stands, so that it can be put behind a command in haste
    if debug:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("digit_classifier").setLevel(logging.DEBUG)
    try:
        prepare()
        code = group.main([w for w in words if w != DEBUG], "digits", standalone_mode=False)
        sys.stdout.flush()  # what is left to print, while a failure can still be told
    except click.ClickException as error:
        (_suggested(error) if isinstance(error, click.NoSuchOption) else error).show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one has nothing left to stop
        click.echo("Stopped.", err=True)
        code = 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        code = _tell(error, words)
    sys.exit(code)


def _suggested(error: click.NoSuchOption) -> click.UsageError:
    """Name the flag that an unknown one is elsewhere; never --help, which is near to every word."""
    known = error.ctx.command.params if error.ctx else []
    alias = _ALIASES.get(error.option_name, "")
    near = [name for name in error.possibilities or () if name != "--help"]
    if any(alias in flag.opts for flag in known):
        return click.UsageError(f"{error.message} Did you mean '{alias}'?", error.ctx)
    return click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx)


def _tell(error: Exception, words: list[str]) -> int:
    """Say what went wrong in one sentence, and give the exit code for it."""
    name = next((word for word in words if word in COMMANDS), "")
    command = f"`digits {name}`" if name else "`digits`"
    lacking = error.name if isinstance(error, ModuleNotFoundError) else None
    if lacking and not lacking.startswith(__name__.split(".")[0]):
        error = MissingExtraError(f"{lacking}, which {command} needs,", EXTRAS.get(name, ""))
    if isinstance(error, OSError):
        # Files raise a DigitError. Python would write the rest once more as it ends, and complain.
        sys.stdout = None
        if isinstance(error, BrokenPipeError):
            return 1  # whoever read the output has seen enough
        what = error.filename or "standard input or output"
        told = f"{what} failed: {error.strerror or error}. Check where it comes from or goes to."
    elif isinstance(error, MemoryError):
        told = f"{command} needs more memory than there is. Close other programs, or give it less."
    elif isinstance(error, DigitError):
        told = str(error)
    else:
        reason = " ".join(str(error).split())
        again = digits(DEBUG, *(word for word in words if word != DEBUG))
        told = (
            f"internal error in {command}: {type(error).__name__}{': ' * bool(reason)}{reason}. "
            f"Please report it with the traceback that this prints: {again}"
        )
    click.echo(f"Error: {told}", err=True)
    return error.exit_code if isinstance(error, DigitError) else 1
