import numpy as np
import onnx
import pytest
from tools import ensemble
from tools.ensemble import combine

from digit_classifier.errors import ModelError, OptionError, TrainingError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.training.export import export_onnx
from digit_classifier.training.networks import build


@pytest.fixture(scope="module")
def members(keras, tmp_path_factory):
    """Three untrained networks as training exports them, two of one kind."""
    folder = tmp_path_factory.mktemp("members")
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    paths = []
    for seed, name in enumerate(("mlp", "quick", "quick")):
        keras.utils.set_random_seed(seed)
        network = build(name)
        about = {"name": name, "seed": seed, "recipe": "fast", "accuracy": 0.9 + seed / 100}
        about |= {"dataset": "MNIST", "parameters": network.count_params(), "epochs": seed + 1}
        paths.append(folder / f"{name}-{seed}.onnx")
        export_onnx(network, paths[-1], about, images, network.predict(images, verbose=0))
    return paths


def test_the_answer_is_the_mean_of_the_members_answers(members, tmp_path, sample):
    combine(members, tmp_path / "all.onnx")
    images = sample.test_images[:100]
    answers = [OnnxModel(path).predict(images) for path in members]
    assert np.abs(answers[1] - answers[2]).max() > 0.01  # or the mean would prove nothing
    joined = OnnxModel(tmp_path / "all.onnx")
    np.testing.assert_allclose(joined.predict(images), np.mean(answers, axis=0), atol=1e-6)
    assert joined.predict(images[:0]).shape == (0, 10)


def test_the_file_takes_one_uint8_input_and_names_input_output_and_count(members, tmp_path):
    combine(members, tmp_path / "all.onnx", name="committee")
    graph = onnx.load(tmp_path / "all.onnx").graph
    assert [entry.name for entry in graph.input] == ["images"]
    assert [entry.name for entry in graph.output] == ["probabilities"]
    for entry in (graph.input[0], graph.output[0]):
        assert entry.type.tensor_type.shape.dim[0].dim_param == "n"
    assert graph.name == "committee"


def test_the_same_members_give_the_same_bytes(members, tmp_path):
    combine(members, tmp_path / "a.onnx")
    combine(members, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_an_ensemble_can_be_a_member(members, tmp_path, sample):
    combine(members[1:], tmp_path / "pair.onnx")
    combine([members[0], tmp_path / "pair.onnx"], tmp_path / "all.onnx")
    images = sample.test_images[:10]
    both = [OnnxModel(path).predict(images) for path in (members[0], tmp_path / "pair.onnx")]
    answers = OnnxModel(tmp_path / "all.onnx").predict(images)
    np.testing.assert_allclose(answers, np.mean(both, axis=0), atol=1e-6)


def test_it_says_who_its_members_are_but_not_what_was_measured_of_one(members, tmp_path):
    combine(members, tmp_path / "all.onnx")
    said = OnnxModel(tmp_path / "all.onnx").metadata
    assert said["name"] == "ensemble"
    assert said["dataset"] == "MNIST"
    assert said["members"][2] == {"name": "quick", "recipe": "fast", "seed": 2, "epochs": 3}
    assert said["parameters"] == sum(OnnxModel(path).metadata["parameters"] for path in members)
    assert "accuracy" not in said


def test_it_says_what_the_caller_measured_of_it(members, tmp_path):
    combine(members, tmp_path / "all.onnx", metadata={"accuracy": 0.5, "reject": {"threshold": 1}})
    said = OnnxModel(tmp_path / "all.onnx").metadata
    assert (said["accuracy"], said["reject"]) == (0.5, {"threshold": 1})
    assert (said["dataset"], len(said["members"])) == ("MNIST", 3)


def test_one_member_is_no_ensemble(members, tmp_path):
    with pytest.raises(OptionError, match="two members or more, 1 was given"):
        combine(members[:1], tmp_path / "all.onnx")


def test_a_member_that_is_not_there_is_named(members, tmp_path):
    with pytest.raises(ModelError, match=r"no model at .*gone\.onnx"):
        combine([members[0], tmp_path / "gone.onnx"], tmp_path / "all.onnx")


def test_members_with_other_operators_are_refused(members, tmp_path):
    other = onnx.load(members[0])
    other.opset_import[0].version = 13
    onnx.save(other, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx uses the ONNX operators .*13.*15"):
        combine([members[0], tmp_path / "other.onnx"], tmp_path / "all.onnx")


def test_more_than_eight_megabytes_are_refused_and_nothing_is_written(members, tmp_path):
    count = 8_000_000 // members[1].stat().st_size + 1
    with pytest.raises(ModelError, match=r"of 8\.\d MB, at most 8 MB"):
        combine([members[1]] * count, tmp_path / "all.onnx")
    assert list(tmp_path.glob("*.onnx")) == []


def test_a_file_that_answers_otherwise_is_not_written(members, tmp_path, monkeypatch):
    join = ensemble._join

    def wrong(models, *rest):  # counts the first member twice
        return join([models[0], models[0], *models[1:]], *rest)

    monkeypatch.setattr(ensemble, "_join", wrong)
    with pytest.raises(TrainingError, match=r"differ from its members' mean by \d"):
        combine(members, tmp_path / "all.onnx")
    assert list(tmp_path.glob("*.onnx")) == []
