"""`digits train`: train a network and show how it went."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, get_args

import click
from rich.console import Console

from digit_classifier.cli import flags
from digit_classifier.progress import Show, progress_bar
from digit_classifier.shell import digits, flag_of
from digit_classifier.stats import caveat
from digit_classifier.training import Listener, TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import HELD_OUT, Plan
from digit_classifier.training.run_folder import RunFolder
from digit_classifier.training.window import Window
from digit_classifier.words import count

NOTHING = (
    "It learned nothing: that is about what guessing reads. Look at its images with `digits data "
    "show`, and try more --epochs, a smaller --learning-rate, or --from cnn."
)


def _flags(command: Callable[..., None]) -> Callable[..., None]:
    """Make a flag of every field of `TrainConfig`, in their order."""
    for field in reversed(fields(TrainConfig)):
        about = field.metadata
        assert field.default is not MISSING
        flag = flag_of(field.name)
        more: dict[str, Any] = {"help": about["help"], "default": field.default}
        if field.type is bool:
            more["is_flag"] = True
        elif "choices" in about:
            more |= {"type": click.Choice(about["choices"]), "show_default": True}
        else:
            more["type"] = next(iter(get_args(field.type)), field.type)
            more |= {"metavar": about.get("metavar"), "show_default": field.default is not None}
        command = click.option(flag, field.name, **more)(command)
    return command


@click.command("train")
@_flags
@click.option(
    "--resume",
    metavar="RUN",
    help="Go on with a training that was stopped; takes no other flag than --no-show.",
)
@click.option("--show/--no-show", default=True, help="Show the plots in a window while it trains.")
def command(resume: str | None, show: bool, **chosen: Any) -> None:
    """Train a network on MNIST.

    Without any flag this is the original job: the 784-32-32-10 network, 60,000 training images,
    10 epochs, validated on the 10,000 test images after each, and two plots.

    \b
    Examples:
      digits train
      digits train --recipe best --out runs/best
      digits train --dataset sample --epochs 20 --no-show
      digits train --dataset sample --epochs 50 --early-stop 3
      digits train --from cnn --dataset my-digits
      digits train --data-dir ~/mnist --backend jax
      digits train --resume runs/best
    """
    from digit_classifier.errors import OptionError
    from digit_classifier.training import session

    console = Console(highlight=False, soft_wrap=True)
    with _Screen(console, show) as screen:
        if resume:
            if given := flags.given(chosen):
                raise OptionError(
                    f"--resume goes on as the training began and takes no {', '.join(given)}. "
                    "Leave it out."
                )
            run = session.resume(resume, screen, lean=True)
        else:
            asked = {name: value for name, value in chosen.items() if flags.given([name])}
            _check(asked)
            run = session.train(None, screen, lean=True, **asked)
        following = ["predict", "PICTURE", "--model", run.folder]
        if run.stopped:
            following = ["train", "--resume", run.folder, *([] if show else ["--no-show"])]
        elif not (run.folder / "model.onnx").is_file():  # a network that reads no digit by itself
            following = ["runs"]
        if not run.stopped and is_chance(run.metrics):
            console.print(NOTHING, style="yellow", markup=False)
        else:
            console.print(f"Next      {digits(*following)}", markup=False)
        if run.stopped:
            sys.exit(130)
        screen.leave_window()


def is_chance(metrics: dict[str, Any]) -> bool:
    """Whether what was trained reads hardly more digits than guessing does, which is a tenth."""
    low, _ = metrics["interval"]
    return bool(metrics["accuracy"] < 0.3 and low < 0.2)


def _check(given: dict[str, Any]) -> None:
    """Say what is wrong with a setting of its flag."""
    from digit_classifier.errors import OptionError

    try:
        TrainConfig(**given)
    except OptionError as error:
        name, _, rest = str(error).partition(" ")
        raise OptionError(f"{flag_of(name)} {rest}") from None


class _Screen(Listener):
    """Tells a terminal, or a file, how the training goes."""

    def __init__(self, console: Console, show: bool) -> None:
        self._console, self._show = console, show
        self._bar = contextlib.ExitStack()
        self._move: Show = lambda _what, _done, _total: None
        self._plan: Any = None
        self._log: Callable[[str], None] = lambda _line: None
        self._seconds: list[float] = []
        self._window: Window | None = None

    def __enter__(self) -> "_Screen":
        self._move = self._bar.enter_context(progress_bar(self._console))
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
        self._close_window()

    def leave_window(self) -> None:
        """Wait for somebody at a terminal to close the window, or say why there is none."""
        if not self._window:
            return
        with contextlib.suppress(KeyboardInterrupt):
            if self._window.is_open and sys.stdin.isatty() and sys.stdout.isatty():
                self._say("Plots     in the window: close it to end")
                self._window.wait()
        missing = self._close_window()
        if missing:
            where = self._plan.folder / "loss.png"
            self._say(f"Plots     {missing}; see {where} and accuracy.png beside it")

    def _close_window(self) -> str | None:
        window, self._window = self._window, None
        return window.close() if window else None

    def _say(self, line: str, style: str = "") -> None:
        self._console.print(line, style=style, markup=False)
        self._log(line)

    def on_task(self, what: str, done: int, total: int) -> None:
        self._move(what, done, total)

    def on_start(self, plan: Plan) -> None:
        self._plan, self._log = plan, RunFolder(plan.folder).log
        data, recipe = plan.dataset, plan.recipe
        for note in data.notes:
            self._say(f"Warning: {note}", "yellow")
        if tuning := plan.tuning:
            own = tuning.own
            held_out = f", {len(own.test_labels):,} held out" * bool(len(own.test_labels))
            self._say(f"From      {tuning.start.name}, sha256 {tuning.start.sha256[:12]}...")
            self._say(
                f"Learns    {count(tuning.learned_from, 'picture')} of {own.name}{held_out}, from "
                f"{own.source}; {100 * tuning.mix:g} % of what it sees is {data.name}"
            )
        tested = f", {len(data.test_labels):,} test images at the end"
        tested *= plan.validated_on == HELD_OUT
        self._say(
            f"Data      {data.name}: {plan.training_images:,} training and "
            f"{plan.validation_images:,} {plan.validated_on}{tested}, from {data.source}"
        )
        self._say(
            f"Network   {plan.config.model}, {plan.parameters:,} parameters, "
            f"Keras on {plan.config.backend}, seed {plan.config.seed}"
        )
        batch = min(recipe.batch_size, plan.training_images)
        self._say(
            f"Training  recipe {plan.config.recipe}: {count(recipe.epochs, 'epoch')} of batches of "
            f"{batch}, learning rate {recipe.learning_rate:g}"
        )
        if plan.finished:
            self._say(f"Resuming  after epoch {len(plan.finished)}")
        self._say("")
        if self._show:
            self._window = Window(plan.folder, data.name, plan.validation)

    def on_progress(self, epoch: int, share: float) -> None:
        self._move(f"epoch {epoch}/{self._plan.recipe.epochs}", share, 1.0)

    def on_epoch(self, row: Epoch) -> None:
        epochs = self._plan.recipe.epochs
        self._seconds.append(row.seconds)
        usual = self._seconds[1:]  # the first epoch of a session compiles: it tells nothing
        left = (
            f", {_duration(sum(usual) / len(usual) * (epochs - row.epoch))} left" if usual else ""
        )
        self._say(
            f"epoch {row.epoch:>{len(str(epochs))}}/{epochs}  loss {row.loss:.4f}  "
            f"accuracy {100 * row.accuracy:.2f} %  val loss {row.val_loss:.4f}  "
            f"val accuracy {100 * row.val_accuracy:.2f} %  {row.seconds:.2f} s{left}"
        )

    def on_end(self, metrics: dict[str, Any]) -> None:
        self._bar.close()
        low, high = metrics["interval"]
        self._say(
            f"\nAccuracy  {100 * metrics['accuracy']:.2f} % of {metrics['measured_on']} of "
            f"{metrics['dataset']} (95 % interval {100 * low:.2f} to {100 * high:.2f} %), "
            f"{count(metrics['errors'], 'error')}, loss {metrics['loss']:.4f}",
            "bold",
        )
        for line in metrics.get("tuned", {}).get("table", ()):
            self._say(line, "" if line.startswith(" ") else "bold")
        if few := caveat(len(self._plan.dataset.test_labels)):
            self._say(f"          {few}", "yellow")
        if not metrics["finished"]:
            asked = self._plan.recipe.epochs
            self._say(f"Stopped   after epoch {metrics['epochs']} of {asked}", "yellow")
        if self._plan.patience and metrics["kept_epoch"]:
            self._say(
                f"Kept      epoch {metrics['kept_epoch']} of {metrics['epochs']}, the lowest loss "
                f"on {self._plan.validated_on}"
            )
        saved = ", ".join(RunFolder(self._plan.folder).results)
        self._say(f"Saved     {self._plan.folder}: {saved}")

    def on_warning(self, sentence: str) -> None:
        self._say(f"Warning: {sentence}", "yellow")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
