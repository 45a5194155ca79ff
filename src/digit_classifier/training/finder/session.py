"""One training of the finder, from drawn pages to its run folder."""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from digit_classifier.dataset import Dataset
from digit_classifier.dataset.labelled import hold_out
from digit_classifier.drawn import faces
from digit_classifier.errors import DataError, OptionError
from digit_classifier.shell import option
from digit_classifier.training.backend import seeded, start
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.curves import LivePlots, draw_curves, draw_files, save_curves
from digit_classifier.training.export import versions
from digit_classifier.training.finder import network, pages
from digit_classifier.training.finder.export import to_onnx
from digit_classifier.training.finder.measure import fit, measure
from digit_classifier.training.loop import Epoch, stoppable
from digit_classifier.training.recipes import Recipe
from digit_classifier.training.recipes import optimiser as make_optimiser
from digit_classifier.training.run import Listener, Plan, Run
from digit_classifier.training.run_folder import CHECKPOINT, RunFolder
from digit_classifier.training.session import load_data

VALIDATED_ON = "drawn crops of held-out styles"
CLIP = 5.0  # norm of a gradient, at most
STATISTICS = 40  # batches with which the batch norms of averaged weights are measured anew


def train(
    config: TrainConfig, recipe: Recipe, run: RunFolder | None, listener: Listener, lean: bool
) -> Run:
    """Train the finder; arguments and result as `Network.train` says.

    A row of the history counts the middles of digits: those found and told rightly are its
    accuracy. metrics.json holds what `measure` finds on whole pages that training never saw.
    """
    _check(config)
    dataset = load_data(config, listener)
    start(config.backend, lean=lean)
    images, labels, *others = hold_out(dataset)
    if len(np.unique(labels)) < 10 or len(np.unique(others[1])) < 10:
        raise DataError(
            f"{dataset.name} has not every digit among its training images and among those that "
            "are held out; pages are written with all ten. Train the finder on MNIST."
        )
    unseen, validation = pages.held_out(others[0], others[1], recipe.batch_size)
    with seeded(config.seed):
        model = network.build(recipe.precision)
        kept = network.build()
    steps = max(1, pages.CROPS // recipe.batch_size)
    optimiser = make_optimiser(recipe, steps * recipe.epochs)
    optimiser.clipnorm = CLIP
    optimiser.build(model.trainable_variables)
    state = [*model.variables, *optimiser.variables]
    history: list[Epoch] = []
    if run is None or run.is_new:
        run = run or RunFolder.create(config)
        run.save_checkpoint(state, [], dataset.sha256)
    else:
        history = run.load_checkpoint(state, dataset.sha256)
    run.clear_temporaries()
    plan = _plan(config, recipe, dataset, kept, len(labels), validation, run, history)
    listener.on_start(plan)
    for note in faces.notes():
        listener.on_warning(note)
    plots = LivePlots(plan, partial(draw_files, plan), listener.on_warning)
    step, answer = _compile(model, kept, optimiser)
    drawn = pages.draw(images, labels, config.seed, recipe.epochs, len(history) + 1)
    stopped = False
    with stoppable() as stop:
        for number, content in enumerate(drawn, len(history) + 1):
            trained = _epoch(number, content, plan, step, listener, stop)
            if trained is None:
                stopped = True
                break
            _average(model, kept, optimiser, plan, content)
            val_loss, val_accuracy = _validate(answer, validation)
            row = Epoch(number, trained[0], trained[1], val_loss, val_accuracy, trained[2])
            history.append(row)
            run.save_checkpoint(state, history, dataset.sha256)
            run.write_history(history)
            listener.on_epoch(row)
            plots.add(row)
            if stop() and number < recipe.epochs:
                stopped = True
                break
        drawn.close()
    known = pages.known(others[0], others[1])
    metrics = _finish(plan, kept, history, known, unseen, run, stopped=stopped)
    listener.on_end(metrics)
    return Run(plan, tuple(history), metrics, kept, stopped)


def _check(config: TrainConfig) -> None:
    """Refuse what this training would ignore.

    Raises:
        OptionError: another backend, or to stop early.
    """
    if config.backend != "tensorflow":
        raise OptionError(
            f"the finder is trained on TensorFlow only; leave out {option('backend')}"
        )
    if config.early_stop:
        raise OptionError(f"the finder trains all its epochs; leave out {option('early_stop')}")


def _plan(
    config: TrainConfig,
    recipe: Recipe,
    dataset: Dataset,
    model: Any,
    digits: int,
    validation: Sequence[pages.Batch],
    run: RunFolder,
    history: list[Epoch],
) -> Plan:
    """What listeners show first; the crops stand where other networks have images."""
    crops = np.concatenate([x for x, _ in validation])
    middles = np.concatenate([y[..., 0].max(axis=(1, 2)) for _, y in validation])
    return Plan(
        config=config,
        recipe=recipe,
        dataset=dataset,
        parameters=model.count_params(),
        training_images=digits,
        validation_set=(crops, middles),
        validated_on=VALIDATED_ON,
        folder=run.path,
        finished=tuple(history),
    )


def _compile(
    model: Any, kept: Any, optimiser: Any
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One step of training, and what the kept network answers, each with loss and counts."""
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            answer = model(x, training=True)
            loss = network.loss(answer, y)[0]
        variables = model.trainable_variables
        optimiser.apply(tape.gradient(loss, variables), variables)
        return tf.stack([loss, *network.right(answer, y)])

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def judge(x: Any, y: Any) -> Any:
        answer = kept(x, training=False)
        return tf.stack([network.loss(answer, y)[0], *network.right(answer, y)])

    return step, judge


def _epoch(
    number: int,
    content: list[Any],
    plan: Plan,
    step: Callable[..., Any],
    listener: Listener,
    stop: Callable[[], bool],
) -> tuple[float, float, float] | None:
    """Loss, accuracy and seconds; None where it was stopped before its end."""
    begun, size = perf_counter(), plan.recipe.batch_size
    steps = max(1, pages.CROPS // size)
    sums = np.zeros(3)
    for i, (x, y) in enumerate(pages.batches(content, size, plan.config.seed, number), 1):
        sums += step(x, y).numpy()
        listener.on_progress(number, i / steps)
        if stop() and i < steps:
            return None
    return float(sums[0] / steps), float(sums[2] / max(sums[1], 1)), perf_counter() - begun


def _average(model: Any, kept: Any, optimiser: Any, plan: Plan, content: list[Any]) -> None:
    """Keep the running average of the weights, with batch norms measured anew."""
    kept.set_weights(model.get_weights())
    averages = optimiser._model_variables_moving_average
    for mine, average in zip(kept.trainable_variables, averages, strict=True):
        mine.assign(average)
    size, seed = plan.recipe.batch_size, plan.config.seed
    for x, _ in pages.batches(content, size, seed, 0, STATISTICS):
        kept(x, training=True)


def _validate(judge: Callable[..., Any], validation: Sequence[pages.Batch]) -> tuple[float, float]:
    sums = sum(judge(x, y).numpy() for x, y in validation)
    return float(sums[0] / len(validation)), float(sums[2] / max(sums[1], 1))


def _finish(
    plan: Plan,
    kept: Any,
    history: list[Epoch],
    known: list[Any],
    unseen: list[Any],
    run: RunFolder,
    *,
    stopped: bool,
) -> dict[str, Any]:
    """Write model.keras, finder.onnx, the plots and metrics.json."""
    said: dict[str, Any] = {
        "name": "finder",
        "recipe": plan.config.recipe,
        "seed": plan.config.seed,
    }
    said |= {"epochs": len(history), "dataset_sha256": plan.dataset.sha256}
    kept.save(run.path / "model.keras")
    to_onnx(kept, run.path / "finder.onnx", {**said, "versions": versions()})
    if history:
        save_curves(draw_curves(history, plan.dataset.name, plan.validation), run.path)
    agreement = fit(run.path / "finder.onnx", known)
    said["agreement"] = agreement.describe()
    to_onnx(kept, run.path / "finder.onnx", {**said, "versions": versions()})
    figures = measure(run.path / "finder.onnx", unseen, agreement)
    metrics = {
        **said,
        **figures,
        "model": "finder",
        "measured_on": f"{figures['digits']:,} digits of {len(unseen):,} drawn pages",
        "loss": history[-1].val_loss if history else 0.0,
        "dataset": plan.dataset.name,
        "parameters": plan.parameters,
        "validated_on": VALIDATED_ON,
        "kept_epoch": len(history),
        "seconds": round(sum(row.seconds for row in history), 3),
        "finished": not stopped,
        "versions": versions(),
    }
    if not stopped:
        run.write_json("metrics.json", metrics)
        (run.path / CHECKPOINT).unlink(missing_ok=True)
    return metrics
