"""Each format in its own runtime, on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from digit_classifier import cli, weights
from digit_classifier.cli.opening import opened
from digit_classifier.export import exporter as formats
from digit_classifier.export import litert, parity
from digit_classifier.onnx_model import OnnxModel, open_session
from digit_classifier.stats import wilson
from evaluation import networks

pytestmark = pytest.mark.xdist_group("export")


@pytest.fixture
def run(data, tmp_path, monkeypatch, capsys):
    """Runs `digits` in an empty folder; gives the exit code, and what was said."""
    monkeypatch.chdir(tmp_path)

    def digits(*words):
        words = [str(word) for word in words]
        if words[0] == "export":
            words += ["--dataset", str(data)]
        with pytest.raises(SystemExit) as left:
            cli.main(words)
        told = capsys.readouterr()
        return left.value.code or 0, told.out + told.err

    return digits


@pytest.mark.train
@pytest.mark.parametrize(
    ("name", "file"),
    [("keras", "small.keras"), ("savedmodel", "small_savedmodel"), ("litert", "small.tflite"),
     ("onnx", "small.onnx")],
)  # fmt: skip
def test_a_float_format_answers_as_the_model_and_is_judged_as_any(run, dataset, name, file):
    code, said = run("export", "small", "--to", name)
    assert code == 0, said
    assert "0 answers changed" in said
    told = json.loads(Path(f"{file}.json").read_text())
    assert told["difference"] <= told["allowed"] <= 1e-4
    assert told["onnx"]["accuracy"] == told["file"]["accuracy"]
    with opened(file) as model:
        answers = model.predict(dataset.test_images)
    before = OnnxModel(weights.find("small")).predict(dataset.test_images)
    np.testing.assert_allclose(answers, before, atol=1e-4)


@pytest.mark.train
def test_whole_numbers_read_as_well_and_take_and_give_bytes(run, dataset):
    from ai_edge_litert.interpreter import Interpreter

    code, said = run("export", "small", "--to", "litert-int8", "--out", "b.tflite")
    assert code == 0, said
    told = json.loads(Path("b.tflite.json").read_text())
    assert told["file"]["bytes"] < told["onnx"]["bytes"] / 2.5
    right = round(told["file"]["accuracy"] * 200)
    assert told["file"]["interval"] == pytest.approx(wilson(right, 200))
    network = Interpreter(model_path="b.tflite")
    network.allocate_tensors()
    for each in (*network.get_input_details(), *network.get_output_details()):
        assert each["dtype"] is np.uint8
    with opened("b.tflite") as model:
        answers = model.predict(dataset.test_images)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert (answers.argmax(axis=1) == dataset.test_labels).mean() == told["file"]["accuracy"]


def test_what_answers_otherwise_than_the_model_is_refused_and_nothing_is_left(run, monkeypatch):
    write = formats.EXPORTERS["onnx"].write

    def spoil(source, path, options):
        import onnx

        write(source, path, options)
        graph = onnx.load(path)
        held = max(graph.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        numbers = np.frombuffer(held.raw_data, np.float32) * np.float32(1.01)
        held.raw_data = numbers.tobytes()
        onnx.save(graph, path)

    spoilt = formats.Exporter("", ".onnx", spoil, formats.EXPORTERS["onnx"].open, tolerance=1e-5)
    monkeypatch.setitem(formats.EXPORTERS._things, "onnx", spoilt)
    code, said = run("export", "mlp", "--to", "onnx")
    assert code == 1
    assert "off the model's, at most 1e-05 is allowed; it was not written" in said
    assert list(Path().iterdir()) == []


def test_whole_numbers_may_lose_a_twentieth_of_a_point_and_no_more(tmp_path):
    def told(lost):
        before = parity.Answers(0.99, (0, 1), 0, 0)
        after = parity.Answers(0.99 - lost / 10_000, (0, 1), 0, 0)
        return parity.Parity("m", "f", "uint8", "d", 10_000, 0.5, None, 9, before, after, {}, "")

    parity._check(told(5), tmp_path / "m.tflite")
    with pytest.raises(parity.TrainingError, match="reads 6 of 10,000 images fewer"):
        parity._check(told(6), tmp_path / "m.tflite")


def test_floats_go_into_an_onnx_file_of_the_operators_that_were_asked_for(run, dataset):
    import onnx

    code, said = run("export", "mlp", "--to", "onnx", "--input", "float", "--opset", "21")
    assert code == 0, said
    (entry,) = [e for e in onnx.load("mlp-float.onnx").opset_import if not e.domain]
    assert entry.version == 21
    session = open_session("mlp-float.onnx")
    x = dataset.test_images.astype(np.float32) / 255
    answers = session.run(["probabilities"], {"images": x})[0]
    before = OnnxModel(weights.find("mlp")).predict(dataset.test_images)
    np.testing.assert_allclose(answers, before, atol=1e-5)


def test_a_network_of_another_make_becomes_one_of_pixels_and_probabilities(run, dataset):
    networks.write("net.onnx", networks.weights(), layout=("n", 1, 28, 28), dtype="float32", end="")
    code, said = run("export", "net.onnx", "--to", "onnx", "--out", "plain.onnx", "--scale", "0..1")
    assert code == 0, said
    model = OnnxModel("plain.onnx")
    assert model.wiring == "uint8 of shape (n, 28, 28); gives probabilities"
    before = OnnxModel("net.onnx", scale="0..1").predict(dataset.test_images)
    np.testing.assert_allclose(model.predict(dataset.test_images), before, atol=1e-5)


@pytest.mark.train
def test_a_keras_file_of_another_make_is_exported_or_it_is_said_why_not(run, keras, dataset):
    for classes in (10, 26):
        layers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(classes)]
        keras.Sequential(layers).save(f"own{classes}.keras")
    code, said = run("export", "own10.keras", "--to", "litert")
    assert code == 0, said
    logits = keras.models.load_model("own10.keras")(dataset.test_images[..., None] / 255)
    with opened("own10.tflite") as model:
        answers = model.predict(dataset.test_images)
    np.testing.assert_allclose(answers, keras.ops.softmax(logits), atol=1e-4)
    code, said = run("export", "own26.keras", "--to", "litert")
    assert code == 2
    assert "takes (None, 28, 28, 1) and gives (None, 26); a digit network" in said


@pytest.mark.train
def test_a_run_of_ones_own_is_exported_from_its_folder(run, keras, dataset):
    from digit_classifier.training.export import export_onnx, save_keras
    from digit_classifier.training.networks import build

    network, images = build("quick"), dataset.test_images
    Path("run").mkdir()
    save_keras(network, Path("run/model.keras"))
    answers = network.predict(images, verbose=0)
    export_onnx(network, Path("run/model.onnx"), {"network": "quick"}, images, answers)
    code, said = run("export", "run", "--to", "litert")
    assert code == 0, said
    assert Path("run.tflite").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("mlp", "--to", "word"), "no format is called 'word'. There are:"),
        (("mlp", "small", "--to", "onnx"), "onnx holds one model, 2 were given"),
        (("mlp", "--to", "keras", "--opset", "15"), "--opset has no meaning for keras"),
        (("none", "--to", "onnx"), "no model called none"),
        (("gone.keras", "--to", "onnx"), "no model at gone.keras"),
    ],
)
def test_a_mistake_is_one_sentence(run, words, sentence):
    code, said = run("export", *words)
    assert code == 2
    assert sentence in said
    assert "Traceback" not in said


def test_a_model_never_replaces_itself(run):
    Path("net.onnx").write_bytes(weights.find("mlp").read_bytes())
    code, said = run("export", "net.onnx", "--to", "onnx")
    assert code == 2
    assert "would be lost" in said


def test_a_file_that_is_no_tflite_is_one_sentence(tmp_path):
    (tmp_path / "a.tflite").write_bytes(b"hello")
    with pytest.raises(litert.ModelError, match="is not a model that LiteRT can load"):
        litert.open_litert(tmp_path / "a.tflite")
