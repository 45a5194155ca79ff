import importlib.util
import json

import pytest

from digit_classifier.errors import MissingExtraError, OptionError, TrackingError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training import Listener, TrainConfig, resume, tracking, train
from digit_classifier.training.tracking import Tracked
from digit_classifier.training.tracking.log import Log

with_mlflow = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None,
    reason='MLflow is not installed: pip install "mnist-digit-classifier[mlflow]"',
)


def config(small_folder, **more):
    return TrainConfig(**{"dataset": str(small_folder), "epochs": 3, "out": "run", **more})


class Crash(Listener):
    """The process dies after an epoch was saved and before it was logged."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch(self, row):
        if row.epoch == self.epoch:
            raise KeyboardInterrupt


def events_of(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def scalars(folder, tag):
    import tensorflow as tf

    read = events_of(folder).Tensors(tag)
    return [(event.step, float(tf.make_ndarray(event.tensor_proto))) for event in read]


def check_epochs(folder, history):
    """Every epoch once, in order, with the figures of the history."""
    for part, prefix in (("training", ""), ("validation", "val_")):
        for tag in ("loss", "accuracy"):
            expected = [(row.epoch, getattr(row, prefix + tag)) for row in history]
            found = scalars(folder / "tensorboard" / part, tag)
            assert [step for step, _ in found] == [step for step, _ in expected]
            assert [v for _, v in found] == pytest.approx([v for _, v in expected], rel=1e-6)


def test_tensorboard_reads_back_what_was_trained_every_epoch_the_test_figures_and_the_plots(
    keras, plots, small_folder, tmp_path
):
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    train(config(small_folder, out="plain"))
    assert not (tmp_path / "plain/tensorboard").exists()
    run = train(config(small_folder, tensorboard=True))
    check_epochs(tmp_path / "run", run.history)
    folder = tmp_path / "run/tensorboard"
    seconds = scalars(folder / "training", "seconds")
    assert [value for _, value in seconds] == pytest.approx([r.seconds for r in run.history])
    assert scalars(folder, "test/accuracy") == [(3, pytest.approx(run.metrics["accuracy"]))]
    assert scalars(folder, "test/errors") == [(3, run.metrics["errors"])]

    events = events_of(folder)
    assert b"| learning_rate | 0.001 |" in events.Tensors("training")[0].tensor_proto.string_val[0]
    png = events.Tensors("plot/loss")[0].tensor_proto.string_val[2]
    assert png.startswith(b"\x89PNG")
    told = plugin_data_pb2.HParamsPluginData.FromString(
        events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    ).session_start_info.hparams
    assert told["recipe"].string_value == "classic"
    assert told["epochs"].number_value == 3

    # It only watches: the weights are those of a training without it.
    models = [keras.models.load_model(tmp_path / name / "model.keras") for name in ("plain", "run")]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_resumed_run_continues_its_tensorboard_log_without_doubling(
    keras, plots, small_folder, tmp_path
):
    with pytest.raises(KeyboardInterrupt):
        train(config(small_folder, tensorboard=True), Crash(3))
    folder = tmp_path / "run/tensorboard"
    assert [step for step, _ in scalars(folder / "training", "loss")] == [1, 2]
    (file,) = (folder / "validation").iterdir()
    file.write_bytes(file.read_bytes()[:-5])  # the crash cut the last record off
    run = resume("run")
    check_epochs(tmp_path / "run", run.history)
    assert len(scalars(folder, "test/loss")) == 1


class Failing(Log):
    name = "the diary"

    def __init__(self, at):
        self.at, self.heard = at, []

    def _hear(self, what):
        self.heard.append(what)
        if what == self.at:
            raise OSError("no space left\nand more that nobody reads")

    def begin(self, plan):
        self._hear("begin")

    def add(self, row):
        self._hear("add")

    def end(self, plan, metrics):
        self._hear("end")


class Ear(Listener):
    def __init__(self):
        self.warnings = []

    def on_warning(self, sentence):
        self.warnings.append(sentence)


def with_log(monkeypatch, log):
    from digit_classifier.training import session

    monkeypatch.setattr(session, "tracked", lambda config, ear: Tracked(ear, [log]))


@pytest.mark.parametrize(("at", "heard"), [("add", 2), ("end", 3)])
def test_a_log_that_fails_does_not_cost_the_training(keras, small_folder, monkeypatch, at, heard):
    log, ear = Failing(at), Ear()
    with_log(monkeypatch, log)
    run = train(config(small_folder, epochs=1), ear)
    assert run.metrics["finished"]
    assert ear.warnings == [
        "the diary cannot be written: no space left. The training goes on without it."
    ]
    assert len(log.heard) == heard


def test_a_log_that_cannot_be_begun_is_an_error(keras, small_folder, monkeypatch):
    with_log(monkeypatch, Failing("begin"))
    with pytest.raises(TrackingError, match=r"^the diary cannot be written: no space left\.$"):
        train(config(small_folder))


@pytest.mark.parametrize(
    ("flags", "extra"),
    [({"tensorboard": True}, "tensorboard"), ({"mlflow": "sqlite:///x.db"}, "mlflow")],
)
def test_what_is_not_installed_is_said_before_anything_is_made(
    small_folder, tmp_path, monkeypatch, flags, extra
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *p: None if n == extra else find(n, *p)
    )
    with pytest.raises(MissingExtraError, match=rf"pip install .*\[{extra}\]"):
        train(config(small_folder, **flags))
    assert not (tmp_path / "run").exists()


def test_a_password_is_not_kept_in_the_run_folder(small_folder, tmp_path):
    with pytest.raises(OptionError, match="MLFLOW_TRACKING_PASSWORD"):
        train(config(small_folder, mlflow="http://me:secret@127.0.0.1:5000"))
    assert not (tmp_path / "run").exists()


def test_without_flags_nothing_stands_between_training_and_listener():
    ear = Listener()
    assert tracking.tracked(TrainConfig(), ear) is ear


@with_mlflow
@pytest.mark.filterwarnings("ignore")
def test_mlflow_holds_params_metrics_plots_and_a_model_that_answers(
    keras, plots, small_folder, tmp_path, sample
):
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    run = train(config(small_folder, mlflow=uri))
    client = mlflow.MlflowClient(tracking_uri=uri)
    note = json.loads((tmp_path / "run/mlflow.json").read_text())
    kept = client.get_run(note["run_id"])
    assert kept.info.status == "FINISHED"
    assert kept.info.run_name == "run"
    assert kept.data.params["recipe"] == "classic"
    assert kept.data.params["learning_rate"] == "0.001"
    assert kept.data.params["dataset_sha256"] == run.plan.dataset.sha256
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "seconds"):
        rows = client.get_metric_history(note["run_id"], name)
        expected = [(row.epoch, getattr(row, name)) for row in run.history]
        assert [(row.step, row.value) for row in rows] == expected
    assert kept.data.metrics["test_accuracy"] == run.metrics["accuracy"]
    files = {file.path for file in client.list_artifacts(note["run_id"])}
    assert files == {"config.json", "history.csv", "metrics.json", "model", "model.keras", "plots"}
    plots = {file.path for file in client.list_artifacts(note["run_id"], "plots")}
    assert "plots/loss.png" in plots

    folder = mlflow.artifacts.download_artifacts(
        run_id=note["run_id"], artifact_path="model", tracking_uri=uri
    )
    answers = mlflow.pyfunc.load_model(folder).predict(sample.test_images[:20])
    expected = OnnxModel(tmp_path / "run/model.onnx").predict(sample.test_images[:20])
    (answers,) = answers.values()
    assert answers == pytest.approx(expected)


@with_mlflow
@pytest.mark.filterwarnings("ignore")
def test_a_resumed_run_continues_its_mlflow_run_without_doubling(keras, small_folder, tmp_path):
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with pytest.raises(KeyboardInterrupt):
        train(config(small_folder, mlflow=uri), Crash(2))
    resume("run")
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("mnist-digit-classifier").experiment_id
    (kept,) = client.search_runs([experiment])
    rows = client.get_metric_history(kept.info.run_id, "loss")
    assert [row.step for row in rows] == [1, 2, 3]
    assert kept.info.status == "FINISHED"


@with_mlflow
@pytest.mark.filterwarnings("ignore")
def test_an_mlflow_server_that_does_not_answer_is_said_before_anything_is_made(
    small_folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingError, match=r"MLflow cannot use http://127\.0\.0\.1:9"):
        train(config(small_folder, mlflow="http://127.0.0.1:9"))
    assert not (tmp_path / "run").exists()
