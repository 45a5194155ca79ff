"""runs/latest is the newest finished run, for every command, with links and without."""

import shutil
from pathlib import Path

import pytest

from digit_classifier import latest, weights
from digit_classifier.errors import DataError
from digit_classifier.training.run_folder import RunFolder
from digit_classifier.training.runs import list_runs, read_history


@pytest.fixture(params=["link", "file"])
def runs(request, tmp_path, monkeypatch):
    """Two runs in runs/, the second the newer; on a disk with links and on one without."""
    monkeypatch.chdir(tmp_path)
    if request.param == "file":

        def refuse(*_arguments, **_more):
            raise OSError(1314, "A required privilege is not held by the client")

        monkeypatch.setattr(Path, "symlink_to", refuse)
    for name in ("a", "b"):
        folder = Path("runs", name)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "model.onnx").write_text(name)
        header = "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
        (folder / "history.csv").write_text(f"{header}\n1,1,0.5,1,0.5,{ord(name)}\n")
        latest.point_at(folder)
    return Path("runs")


def test_every_way_to_name_a_run_understands_it(runs):
    assert weights.find("runs/latest").read_text() == "b"
    assert RunFolder("runs/latest").path.resolve() == Path("runs/b").resolve()
    assert read_history("runs/latest")[0].seconds == ord("b")
    assert len(list_runs("runs/latest")) == 1


def test_no_run_is_listed_twice(runs):
    assert [run.run for run in list_runs(runs)] == ["runs/a", "runs/b"]
    assert sorted(path.name for path in runs.iterdir()) == ["a", "b", "latest"]


def test_a_run_that_is_gone_is_said(runs):
    shutil.rmtree("runs/b")
    with pytest.raises(DataError, match="stands for runs/b, which is gone"):
        weights.find("runs/latest")


def test_what_the_user_called_latest_stays_and_nothing_is_left_outside_runs(tmp_path):
    for place in ("runs/latest", "runs/run", "mine/run"):
        (tmp_path / place).mkdir(parents=True)
    latest.point_at(tmp_path / "runs" / "run")
    latest.point_at(tmp_path / "mine" / "run")
    assert (tmp_path / "runs" / "latest").is_dir()
    assert not (tmp_path / "runs" / "latest").is_symlink()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["run"]
