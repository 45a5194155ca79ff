import json
from pathlib import Path

import pytest

from digit_classifier import weights
from digit_classifier.cli import main
from digit_classifier.training.networks import NETWORKS


def models(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["models", *map(str, arguments)])
    return int(stopped.value.code or 0)


def test_a_model_says_all_that_its_file_holds(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models(model) == 0
    out = capsys.readouterr().out
    assert "linear" in out
    assert '"threshold": 0.5' in out
    assert models(model, "--json") == 0
    described = json.loads(capsys.readouterr().out)
    assert described["name"] == "linear"
    assert described["reject"] == {"threshold": 0.5, "softness": 1.0}
    assert described["bytes"] == model.stat().st_size


def test_the_list_has_one_line_for_each_model_that_ships(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "FOLDER", model.parent)
    assert models() == 0
    shipped, trained = capsys.readouterr().out.split("\n\n")
    heading, *lines = shipped.splitlines()
    assert heading.split()[:2] == ["name", "file"]
    assert [line.split()[0] for line in lines] == ["linear"]
    assert [line.split()[0] for line in trained.splitlines()[1:]] == list(NETWORKS)


def test_a_model_that_is_not_there_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert models("nothing") == 2
    assert "no model called nothing" in capsys.readouterr().err


@pytest.mark.train
def test_a_keras_network_of_ones_own_reads_pictures_and_a_foreign_one_is_named(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """Ordinary Keras networks: floats go in, no word on their scale, and one tells 26 letters."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    for classes in (10, 26):
        layers = [keras.Input((28, 28)), keras.layers.Flatten()]
        net = keras.Sequential([*layers, keras.layers.Dense(classes, activation="softmax")])
        net.save(folder / f"own{classes}.keras")

    def run(command: str, *words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([command, *map(str, words)])
        return int(stopped.value.code or 0), *capsys.readouterr()

    own = folder / "own10.keras"
    code, out, error = run("predict", "--json", "--model", own, folder / "3.png")
    assert (code, json.loads(out)["model"]) == (0, "own10")
    assert f"{own} takes floats and does not say of which scale; it is given 0..1" in error
    foreign = folder / "own26.keras"
    for command, *words in (["predict", folder / "3.png", "--model"], ["serve", "--model"]):
        code, out, error = run(command, *words, foreign)
        assert (code, out) == (2, "")
        assert f"Error: {foreign} tells 26 classes apart" in error
        assert "ten classes, the digits 0 to 9" in error
