"""One training, from start to run folder."""

import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier.dataset import Dataset, load
from digit_classifier.dataset.labelled import MNIST_NAME, SAMPLE_NAME, hold_out
from digit_classifier.errors import DataError, OptionError, StorageError, TrainingError
from digit_classifier.shell import option
from digit_classifier.training.backend import check_installed, seeded, start
from digit_classifier.training.calibration import MIN_IMAGES
from digit_classifier.training.config import TrainConfig, check_names
from digit_classifier.training.curves import LivePlots, draw_files
from digit_classifier.training.loop import Epoch, Loop, StoppedError, stoppable
from digit_classifier.training.networks import build
from digit_classifier.training.networks import find as find_network
from digit_classifier.training.outputs import write_outputs
from digit_classifier.training.progress import usual_listener
from digit_classifier.training.recipes import Recipe
from digit_classifier.training.recipes import optimiser as make_optimiser
from digit_classifier.training.run import HELD_OUT, TEST, Listener, Plan, Run
from digit_classifier.training.run_folder import CHECKPOINT, RunFolder, check_out, going_on
from digit_classifier.training.steps import NONDIGIT_LABEL, make_objective
from digit_classifier.training.tracking import tracked
from digit_classifier.training.tuning import Tuning
from digit_classifier.training.tuning import settle as settle_tuning
from digit_classifier.words import count, kind_of

# 80 images of own data: 50 % right after 30 steps of the original network, 90 % after 300.
MIN_STEPS = 300
# Of fewer own images a network that reads already learns far more.
FEW_IMAGES = 500
Labelled = tuple[np.ndarray, np.ndarray]


def train(
    config: TrainConfig | None = None,
    listener: Listener | None = None,
    *,
    quiet: bool = False,
    lean: bool = False,
    **settings: Any,
) -> Run:
    """Train a network and write its run folder.

    >>> train(model="cnn", dataset="sample", epochs=2)  # doctest: +SKIP

    Shows a line that follows the training, in a notebook the two plots as they grow. Ctrl-C (in a
    notebook: interrupt) finishes the step, writes what the finished epochs gave, and returns with
    `stopped` set.

    Args:
        config: what to train; the original network on MNIST if left out.
        listener: hears how it goes, in place of what is shown.
        quiet: show nothing. What must be known, such as that the sample was taken in place of
            MNIST, is a Python warning all the same.
        lean: see `backend.start`.
        settings: fields of `TrainConfig` by name, on top of `config`.
    Raises:
        OptionError, DataError, DownloadError, StorageError, TrainingError, MissingExtraError:
            each with one sentence that says what to do.
    """
    config = settle_tuning(_settle(config, settings), settings.get("model"))
    listener = _heard(listener) or usual_listener(quiet=quiet)
    if config.recipe is None:
        config = replace(config, recipe=find_network(config.model).usual_recipe)
    recipe = _recipe(config)
    check_out(config)
    return _begin(config, recipe, None, listener, lean)


# help(), Jupyter and whoever else asks show the settings themselves.
_OWN = list(inspect.signature(train).parameters.values())[:-1]
train.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        *_OWN,
        *(
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=each.default,
                annotation=each.type,
            )
            for each in fields(TrainConfig)
        ),
    ],
    return_annotation=Run,
)


def resume(
    folder: str | Path, listener: Listener | None = None, *, quiet: bool = False, lean: bool = False
) -> Run:
    """Go on with a training that was stopped or killed.

    On one machine the weights end byte-equal to those of a training that was never stopped.

    Args:
        folder: a run folder that holds a checkpoint, or nothing but its config.json.
        listener: as for `train`.
        quiet: as for `train`.
        lean: see `backend.start`.
    Raises:
        OptionError: the training is finished already.
        DataError: no checkpoint, or the data is no longer the same.
        DigitError: as `train`.
    """
    if not isinstance(folder, (str, Path)):
        raise OptionError(f"{kind_of(folder)} was given as a run folder. Give its path.")
    run, listener = RunFolder(folder), _heard(listener) or usual_listener(quiet=quiet)
    config = run.config()
    if run.finished:
        raise OptionError(f"{folder} is finished: nothing to resume. Train anew.")
    return _begin(config, _recipe(config), run, listener, lean)


def _begin(
    config: TrainConfig, recipe: Recipe, run: RunFolder | None, listener: Listener, lean: bool
) -> Run:
    """Train as the network is trained: as a classifier, or by its own function."""
    check_installed(config.backend)
    listener = tracked(config, listener)
    job = find_network(config.model).train or _train_classifier
    return job(config, recipe, run, listener, lean)


def _heard(listener: Listener | None) -> Listener | None:
    if not isinstance(listener, Listener | None):
        raise OptionError(
            f"{kind_of(listener)} was given as listener. Give one whose class is a Listener."
        )
    return listener


def _settle(config: TrainConfig | None, settings: dict[str, Any]) -> TrainConfig:
    """The config with the settings put in."""
    if not isinstance(config, TrainConfig | None):
        raise OptionError(
            f"{kind_of(config)} was given as config. Name what it sets, as in "
            'train(dataset="sample"), or give a TrainConfig.'
        )
    check_names(settings)
    return replace(config or TrainConfig(), **settings)


def _recipe(config: TrainConfig) -> Recipe:
    chosen = {
        name: getattr(config, name)
        for name in ("epochs", "batch_size", "learning_rate")
        if getattr(config, name) is not None
    }
    if config.early_stop:
        chosen["holds_out"] = True  # the test set chooses nothing
    return replace(find_network(config.model).recipe(config.recipe or ""), **chosen)


def load_data(config: TrainConfig, listener: Listener) -> Dataset:
    """Load the data set.

    Raises:
        DataError: there is nothing to tell apart.
    """
    dataset = load(
        config.dataset,
        data_dir=config.data_dir,
        offline=config.offline,
        progress=listener.on_task,
        strict=config.strict,
        transpose=config.transpose,
        invert=config.invert,
        warn=False,  # the listener does
    )
    if len(digits := np.unique(dataset.train_labels)) < 2:
        raise DataError(
            f"all {len(dataset.train_labels):,} training images of {dataset.name} are of "
            f"{digits[0]}; at least two digits are needed to tell apart. Add pictures of another."
        )
    return dataset


def _load_tuning(config: TrainConfig, recipe: Recipe, listener: Listener) -> Tuning:
    """The own pictures, and MNIST or the sample to mix in.

    Raises:
        DigitError: as `load`.
    """
    own = load(
        config.dataset,
        progress=listener.on_task,
        strict=config.strict,
        transpose=config.transpose,
        invert=config.invert,
        warn=False,
        whole=True,
    )
    mnist = load(
        data_dir=config.data_dir, offline=config.offline, progress=listener.on_task, warn=False
    )
    return Tuning(config, recipe, own, mnist)


def _train_classifier(
    config: TrainConfig, recipe: Recipe, run: RunFolder | None, listener: Listener, lean: bool
) -> Run:
    """Train in a run folder that there is, or in a new one; see `Network.train`."""
    tuning = _load_tuning(config, recipe, listener) if config.start else None
    dataset = tuning.mnist if tuning else load_data(config, listener)
    start(config.backend, lean=lean)
    if tuning:
        training, validation, validated_on = tuning.training, tuning.validation, HELD_OUT
    else:
        training, validation, validated_on = _split(dataset, recipe, config.seed)
    held_out = len(validation[1]) if validated_on == HELD_OUT else 0
    steps = -(-(tuning.seen if tuning else len(training[1])) // recipe.batch_size)
    if tuning:
        dataset = replace(dataset, notes=tuning.notes)
    else:
        dataset = _warned(dataset, config, recipe, held_out, steps)
    sha256 = tuning.sha256 if tuning else dataset.sha256
    with seeded(config.seed):
        model = build(config.model, logits=True, precision=recipe.precision)
        network = tuning.build() if tuning else build(config.model)
    if tuning:
        model.set_weights(network.get_weights())
    optimiser = make_optimiser(recipe, steps * recipe.epochs)
    final = recipe.first_final_epoch, make_objective(recipe, final=True)
    loop = Loop(
        model,
        network,
        optimiser,
        make_objective(recipe),
        training,
        validation,
        batch_size=recipe.batch_size,
        seed=config.seed,
        xla=find_network(config.model).xla,
        final=final if recipe.final_distortions else None,
        choose=validated_on == HELD_OUT,
    )
    initial = []
    if tuning:
        loop.choose_rows = tuning.choose_rows
        initial = [np.array(np.asarray(each)) for each in loop.variables]
    history: list[Epoch] = []
    if run is None or run.is_new:
        # As late as can be: from here on it can be resumed.
        run = run or RunFolder.create(config)
        try:
            run.save_checkpoint(loop.variables, [], sha256)
        except BaseException:
            run.discard()
            raise
    else:
        history = run.load_checkpoint(loop.variables, sha256)
    run.clear_temporaries()
    plan = Plan(
        config=config,
        recipe=recipe,
        dataset=dataset,
        parameters=network.count_params(),
        training_images=int(np.count_nonzero(training[1] != NONDIGIT_LABEL))
        - (tuning.learned_from if tuning else 0),
        validation_set=validation,
        validated_on=validated_on,
        folder=run.path,
        finished=tuple(history),
        tuning=tuning,
    )
    try:
        listener.on_start(plan)
        with stoppable() as stop:  # also while it saves
            stopped, fault = _train_epochs(loop, plan, run, history, listener, stop)
            if tuning and not stopped:
                try:
                    tuning.try_folds(loop, network, initial, recipe.epochs, listener.on_task, stop)
                except StoppedError:
                    stopped = True
            if fault and not history:  # nothing was learned, and nothing would be another time
                (run.path / CHECKPOINT).unlink(missing_ok=True)
                run.discard()
                raise fault
            if stopped:
                # Half an epoch is nothing that can be resumed: go back to the last whole one.
                run.load_checkpoint(loop.variables, sha256)
            metrics, unwritten = write_outputs(
                run, plan, network, loop.answer, history, stopped=stopped
            )
        if held_out >= MIN_IMAGES and history and "reject" not in metrics:
            listener.on_warning(
                f"fewer than {MIN_IMAGES} of {held_out:,} held-out images were read rightly, so "
                "the network gets no rule of its own for when to answer ?."
            )
        listener.on_end(metrics)
    except StorageError as error:
        onward = going_on(run.path)
        raise StorageError(f"{error} What was saved is whole; then go on with: {onward}") from error
    if fault:
        kept = f"The weights after epoch {len(history)} are kept in {run.path}."
        raise TrainingError(f"{fault} {kept}") from fault
    if unwritten:
        again = going_on(run.path)
        raise TrainingError(f"{' '.join(unwritten)} All else is saved. To try that again: {again}")
    # After it was saved: for model.evaluate in a notebook.
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Run(plan, tuple(history), metrics, network, stopped)


def _train_epochs(
    loop: Loop,
    plan: Plan,
    run: RunFolder,
    history: list[Epoch],
    listener: Listener,
    stop: Callable[[], bool],
) -> tuple[bool, TrainingError | None]:
    """Run the epochs that are left, saving after each; whether and by what they were cut short."""
    epochs = plan.recipe.epochs
    plots = LivePlots(plan, partial(draw_files, plan), listener.on_warning)
    for number in range(len(history) + 1, epochs + 1):
        hear = partial(listener.on_progress, number)
        kept = plan.kept(history)
        if plan.patience and kept and len(history) - kept.epoch >= plan.patience:
            break
        best = kept.val_loss if plan.patience and kept else np.inf
        try:
            row = loop.run_epoch(number, best=best, stop=stop, progress=hear)
        except StoppedError:
            return True, None
        except TrainingError as error:
            return True, error
        history.append(row)
        run.save_checkpoint(loop.variables, history, plan.sha256)
        run.write_history(history)
        listener.on_epoch(row)
        plots.add(row)
        if stop() and number < epochs:
            return True, None
    return False, None


def _split(dataset: Dataset, recipe: Recipe, seed: int) -> tuple[Labelled, Labelled, str]:
    """Images and labels to train on and to validate on, and what the latter are."""
    if recipe.holds_out:
        images, labels, *held_out = hold_out(dataset)
        if len(held_out[1]):
            training = _with_drawings(images, labels, recipe, seed)
            return training, (held_out[0], held_out[1]), HELD_OUT
    training = dataset.train_images, dataset.train_labels
    if recipe.holds_out:
        training = _with_drawings(*training, recipe, seed)
    return training, (dataset.test_images, dataset.test_labels), TEST


def _warned(
    dataset: Dataset, config: TrainConfig, recipe: Recipe, held_out: int, steps: int
) -> Dataset:
    """The data, with what so few images mean for this training among its notes.

    Args:
        dataset: what is trained on.
        config: as asked for; who chooses how many epochs is not told that they are few.
        recipe: how.
        held_out: how many images measure each epoch and are not tested on.
        steps: in an epoch.
    """
    notes = list(dataset.notes)
    if recipe.holds_out and not held_out:
        notes.append(
            "no digit has two different training images, so none is held out: each epoch is "
            "measured on the test images, and the network is not calibrated"
            + (", nor is the training stopped early." if config.early_stop else ".")
        )
    elif recipe.holds_out and held_out < MIN_IMAGES:
        notes.append(
            f"held-out training images: {held_out}, and {MIN_IMAGES} are needed to calibrate "
            "confidence. It stays as trained, and the network gets no rule of its own for when to "
            "answer ?."
        )
    own = dataset.name not in (MNIST_NAME, SAMPLE_NAME)
    if own and (few := len(dataset.train_labels)) < FEW_IMAGES:
        notes.append(
            f"{count(few, 'training image')}: this starts from nothing, which learns little of so "
            f"few. To go on from a network that reads already: {option('start', 'cnn')}."
        )
    if not config.epochs and steps * recipe.epochs < MIN_STEPS:
        notes.append(
            f"{count(recipe.epochs, 'epoch')} of so few images give "
            f"{count(steps * recipe.epochs, 'training step')}. If it learns little, "
            f"give more, such as {option('epochs', -(-MIN_STEPS // steps))}."
        )
    return replace(dataset, notes=tuple(notes))


def _with_drawings(
    images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The training images, and the share of drawn digits and non-digits that the recipe asks."""
    kept = len(labels)
    whole = kept / (1 - recipe.nondigits - recipe.styles)
    if styled := round(whole * recipe.styles):
        from digit_classifier.drawn import styles

        drawn, answers = styles.generate(styled, seed)
        images, labels = np.concatenate([images, drawn]), np.concatenate([labels, answers])
    if count := round(whole * recipe.nondigits):
        from digit_classifier.drawn import nondigits

        others = nondigits.generate(count, seed, images[:kept])
        images = np.concatenate([images, others])
        labels = np.concatenate([labels, np.full(count, NONDIGIT_LABEL, np.uint8)])
    return images, labels
