import numpy as np
import pytest

from digit_classifier.errors import DataError
from digit_classifier.training.config import TrainConfig
from digit_classifier.training.loop import Epoch
from digit_classifier.training.networks import build
from digit_classifier.training.recipes import Recipe, optimiser
from digit_classifier.training.run_folder import CHECKPOINT, FORMAT, RunFolder

ROW = Epoch(1, 0.5, 0.9, 0.4, 0.92, 1.25)


@pytest.fixture
def state(keras):
    model, adam = build("mlp", logits=True), optimiser(Recipe(), 10)
    adam.build(model.trainable_variables)
    return model, [*model.variables, *adam.variables]


def test_weights_optimiser_and_history_come_back(tmp_path, state):
    model, variables = state
    (steps,) = [one for one in variables if one.name == "iteration"]
    steps.assign(7)
    weights = model.get_weights()
    RunFolder(tmp_path).save_checkpoint(variables, [ROW], "abc")
    model.set_weights([w * 0 for w in weights])
    steps.assign(0)
    assert RunFolder(tmp_path).load_checkpoint(variables, "abc") == [ROW]
    assert int(steps) == 7
    for ours, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, before)


def test_no_checkpoint_is_said(tmp_path, state):
    with pytest.raises(DataError, match="holds no checkpoint.npz: nothing to resume"):
        RunFolder(tmp_path).load_checkpoint(state[1], "abc")


@pytest.mark.parametrize("keep", [0, 100, 50_000])
def test_a_cut_checkpoint_is_refused_before_anything_is_changed(tmp_path, state, keep):
    RunFolder(tmp_path).save_checkpoint(state[1], [ROW], "abc")
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:keep])
    before = state[0].get_weights()
    with pytest.raises(DataError, match="cannot be read"):
        RunFolder(tmp_path).load_checkpoint(state[1], "abc")
    np.testing.assert_array_equal(state[0].get_weights()[0], before[0])


def test_a_checkpoint_of_another_network_is_refused(tmp_path, state):
    RunFolder(tmp_path).save_checkpoint(state[1], [ROW], "abc")
    other, sgd = build("mlp", logits=True), optimiser(Recipe(optimiser="sgd"), 10)
    sgd.build(other.trainable_variables)
    with pytest.raises(DataError, match="does not fit the network and optimiser"):
        RunFolder(tmp_path).load_checkpoint([*other.variables, *sgd.variables], "abc")


@pytest.mark.parametrize("written_as", [None, FORMAT + 1])
def test_a_checkpoint_of_another_version_is_refused_as_such(tmp_path, state, written_as):
    """The first format held no network that answers: so its arrays do not fit."""
    older = {"0": np.zeros(3), "history": np.array("[]"), "data": np.array("abc")}
    np.savez(tmp_path / CHECKPOINT, **older, **({"format": written_as} if written_as else {}))
    with pytest.raises(DataError, match="written by another version of this program"):
        RunFolder(tmp_path).load_checkpoint(state[1], "abc")


def test_other_data_than_at_the_start_are_refused(tmp_path, state):
    run = RunFolder.create(TrainConfig(out=tmp_path))
    run.save_checkpoint(state[1], [ROW], "abc")
    with pytest.raises(DataError, match=r"trained on other data \(sha256 abc, now def\)"):
        run.load_checkpoint(state[1], "def")
