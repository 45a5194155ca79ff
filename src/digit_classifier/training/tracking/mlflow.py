"""A training as MLflow keeps it: a run on a tracking server or in a database file."""

import importlib.util
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digit_classifier.atomic import write_text
from digit_classifier.errors import DataError, MissingExtraError, OptionError, TrackingError
from digit_classifier.shell import option
from digit_classifier.training.loop import Epoch
from digit_classifier.training.run import Plan
from digit_classifier.training.tracking.log import Log, describe

EXPERIMENT = "mnist-digit-classifier"
NOTE = "mlflow.json"  # in the run folder: which MLflow run it is, for --resume
# MLflow tries a server that does not answer for minutes, and reports its use to its makers.
# Whoever sets these names otherwise is obeyed.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MlflowLog(Log):
    """Writes params, metrics an epoch, plots and network through MLflow's client.

    The client leaves MLflow's global settings alone, so that a notebook's own run is not mixed
    up with it.
    """

    name = "the MLflow log"

    def __init__(self, uri: str) -> None:
        """Reach the server or open the store.

        Args:
            uri: what MLflow calls a tracking URI, such as http://host:5000 or
                sqlite:///mlflow.db.
        Raises:
            MissingExtraError: MLflow is not installed.
            OptionError: the URI holds a password, which the run folder would keep.
            TrackingError: no answer, or MLflow refuses the store.
        """
        if urlsplit(uri).password:
            raise OptionError(
                f"{option('mlflow')} holds a password, which would be kept in config.json. Give it "
                "in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead."
            )
        if importlib.util.find_spec("mlflow") is None:
            raise MissingExtraError("MLflow", "mlflow")
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._uri = uri
        try:
            from mlflow import MlflowClient

            for logger in ("mlflow", "alembic"):  # they tell how they make their tables
                logging.getLogger(logger).setLevel(logging.ERROR)
            self._client = MlflowClient(tracking_uri=uri)
            self._experiment = self._find_experiment()
        except Exception as error:  # a dozen unrelated classes
            words = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise TrackingError(f"MLflow cannot use {uri}: {words}") from error

    def begin(self, plan: Plan) -> None:
        """Make a run, or find the one that a resumed training began."""
        self._run = self._find_run(plan.folder)
        if self._run:
            self._client.update_run(self._run, status="RUNNING")
            rows = self._client.get_metric_history(self._run, "val_accuracy")
            self._written = max((row.step for row in rows), default=0)
            return
        self._written = 0
        made = self._client.create_run(self._experiment, run_name=plan.folder.resolve().name)
        self._run = made.info.run_id
        note = {"uri": self._uri, "run_id": self._run}
        write_text(plan.folder / NOTE, json.dumps(note, indent=2) + "\n")
        from mlflow.entities import Param

        params = [Param(name, str(value)) for name, value in describe(plan).items()]
        self._client.log_batch(self._run, params=params)

    def add(self, row: Epoch) -> None:
        """Write loss, accuracy, val_loss, val_accuracy and seconds."""
        if row.epoch > self._written:
            names = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
            self._measure(row.epoch, {name: getattr(row, name) for name in names})

    def end(self, plan: Plan, metrics: dict[str, Any]) -> None:
        """Add what the test set said, the run folder's files and the network as a model."""
        if metrics["finished"]:
            names = ("accuracy", "loss", "errors")
            self._measure(metrics["epochs"], {f"test_{name}": metrics[name] for name in names})
            for file in sorted(plan.folder.iterdir()):
                if file.suffix in (".png", ".svg"):
                    self._client.log_artifact(self._run, str(file), "plots")
                elif file.name in ("model.keras", "history.csv", "config.json", "metrics.json"):
                    self._client.log_artifact(self._run, str(file))
            self._add_model(plan.folder / "model.onnx")
        status = "FINISHED" if metrics["finished"] else "KILLED"
        self._client.set_terminated(self._run, status)

    def _add_model(self, path: Path) -> None:
        """Put the ONNX file there as MLflow's own kind of model, which it can load and serve."""
        import mlflow.onnx
        import numpy as np
        import onnx
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        images = Schema([TensorSpec(np.dtype("uint8"), (-1, 28, 28))])
        probabilities = Schema([TensorSpec(np.dtype("float32"), (-1, 10))])
        with tempfile.TemporaryDirectory() as folder:
            mlflow.onnx.save_model(
                onnx.load(path),
                f"{folder}/model",
                signature=ModelSignature(images, probabilities),
                pip_requirements=["numpy", "onnx", "onnxruntime"],
                save_as_external_data=False,
            )
            self._client.log_artifacts(self._run, f"{folder}/model", "model")

    def _measure(self, step: int, values: dict[str, float]) -> None:
        from time import time

        from mlflow.entities import Metric

        now = int(time() * 1000)
        rows = [Metric(name, float(value), now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=rows)

    def _find_experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))

    def _find_run(self, folder: Path) -> str:
        """The id of the MLflow run that a resumed training began; "" if there is none."""
        note = folder / NOTE
        if not note.is_file():
            return ""
        try:
            return str(json.loads(note.read_text("utf-8"))["run_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{note} cannot be read: {error}. Remove it to log anew.") from error
