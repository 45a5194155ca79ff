"""What a finished training writes: the network in two formats, figures and plots.

In an order in which a failure costs only what it concerns: Keras's file first, figures whatever
becomes of plots and model.onnx, and the checkpoint goes when all the rest is there.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from digit_classifier import latest
from digit_classifier.atomic import write_png
from digit_classifier.errors import StorageError, TrainingError
from digit_classifier.rejection import RejectionRule
from digit_classifier.stats import wilson
from digit_classifier.training.calibration import calibrate
from digit_classifier.training.change import draw_changes
from digit_classifier.training.curves import draw_curves, save_curves
from digit_classifier.training.export import export_onnx, save_keras, versions
from digit_classifier.training.loop import Epoch, score
from digit_classifier.training.run import HELD_OUT, TEST, Plan
from digit_classifier.training.run_folder import CHANGED, CHECKPOINT, RunFolder


def write_outputs(
    run: RunFolder,
    plan: Plan,
    network: Any,
    answer: Callable[[np.ndarray], np.ndarray],
    history: Sequence[Epoch],
    *,
    stopped: bool,
) -> tuple[dict[str, Any], list[str]]:
    """Write model.keras, the plots, model.onnx and metrics.json into the run folder.

    A network is calibrated on held-out images first, where there are any. The test set is
    answered here, once. After Ctrl-C metrics.json is not written and the checkpoint stays, so
    that the training can be resumed.

    Args:
        run: where.
        plan: what was trained.
        network: the Keras network, with its final weights.
        answer: the compiled network, uint8 (n, 28, 28) to probabilities (n, 10).
        history: the finished epochs.
        stopped: whether Ctrl-C ended the training.
    Returns:
        What metrics.json holds, `finished` telling whether the training came to its end; and a
        sentence for each file that could not be made, for another reason than the disk.
    Raises:
        StorageError: a file cannot be written; the checkpoint stays, so that it can be tried again.
    """
    unwritten = []
    chosen: dict[str, Any] = {}
    if plan.validated_on == HELD_OUT and history:
        try:
            chosen = _calibrated(network, answer, plan)
        except Exception as error:  # of a part that no network need be lost for
            unwritten.append(
                f"confidence could not be calibrated ({type(error).__name__}: {error})."
            )
    images, labels = plan.dataset.test_images, plan.dataset.test_labels
    probabilities = answer(images)
    metrics = _figures(plan, history, *score(probabilities, labels), finished=not stopped)
    metrics |= chosen
    if plan.tuning and not stopped:
        changes = plan.tuning.changes(answer, RejectionRule.read(chosen))
        metrics["tuned"] = plan.tuning.describe(changes)
        if sheet := draw_changes(changes):
            write_png(run.path / CHANGED, sheet)
    save_keras(network, run.path / "model.keras")
    if history:
        try:
            save_curves(draw_curves(history, plan.dataset.name, plan.validation), run.path)
        except StorageError:
            raise
        except Exception as error:  # matplotlib's, of any class
            unwritten.append(f"the plots could not be drawn: {error}.")
    metrics["onnx_difference"] = None
    path = run.path / "model.onnx"
    try:
        metrics["onnx_difference"] = export_onnx(
            network, path, _metadata(metrics), images, probabilities
        )
    except TrainingError as error:
        path.unlink(missing_ok=True)  # of an earlier epoch
        unwritten.append(str(error))
    if not stopped:
        run.write_json("metrics.json", metrics)
    if not stopped and not unwritten:
        (run.path / CHECKPOINT).unlink(missing_ok=True)
        latest.point_at(run.path)
    return metrics, unwritten


def _calibrated(
    network: Any, answer: Callable[[np.ndarray], np.ndarray], plan: Plan
) -> dict[str, Any]:
    """Calibrate the network on the held-out images; what its metadata says of that."""
    temperature, rejection = calibrate(network, answer, *plan.validation_set)
    chosen: dict[str, Any] = {"temperature": round(temperature, 4)}
    if rejection:
        rule, accepted = rejection
        chosen["reject"] = {**rule.describe(), "accepted": round(accepted, 4)}
    return chosen


def _figures(
    plan: Plan, history: Sequence[Epoch], loss: float, accuracy: float, *, finished: bool
) -> dict[str, Any]:
    n = len(plan.dataset.test_labels)
    right = round(accuracy * n)
    kept = plan.kept(history)
    return {
        "accuracy": right / n,
        "interval": [round(bound, 6) for bound in wilson(right, n)],
        "errors": n - right,
        "loss": round(loss, 6),
        "measured_on": f"{n:,} {TEST}",
        "validated_on": plan.validated_on,
        "validation_images": plan.validation_images,
        "dataset": plan.dataset.name,
        "dataset_sha256": plan.dataset.sha256,
        "model": plan.config.model,
        "recipe": plan.config.recipe,
        "parameters": plan.parameters,
        "epochs": len(history),
        "kept_epoch": kept.epoch if kept else 0,
        "averaged": bool(kept and kept.averaged),
        "seed": plan.config.seed,
        "backend": plan.config.backend,
        "seconds": round(sum(row.seconds for row in history), 3),
        "finished": finished,
        "versions": versions(),
    }


def _metadata(metrics: dict[str, Any]) -> dict[str, Any]:
    """What model.onnx says of itself."""
    names = ("accuracy", "interval", "measured_on", "dataset", "dataset_sha256", "recipe", "seed")
    return {
        "name": metrics["model"],
        "network": metrics["model"],
        "classes": [str(digit) for digit in range(10)],
        **{name: metrics[name] for name in names},
        "parameters": metrics["parameters"],
        "epochs": metrics["epochs"],
        "versions": metrics["versions"],
        **{name: metrics[name] for name in ("temperature", "reject", "tuned") if name in metrics},
    }
