"""`digits predict test.csv --submission`: a digit for every row."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digit_classifier import weights
from digit_classifier.cli import main
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.reader import DigitReader


@pytest.fixture
def images():
    made = np.random.default_rng(3).integers(0, 256, (30, 28, 28), np.uint8)
    made[0] = 0  # nothing is there: it gets a digit, too
    return made


@pytest.fixture
def predict(capsys):
    """Run `digits predict`; exit code, and what it printed."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["predict", *map(str, arguments)])
        return int(stopped.value.code or 0), "".join(capsys.readouterr())

    return run


def write_table(path, images, heading=True):
    rows = [",".join(map(str, image.reshape(-1))) for image in images]
    names = ",".join(f"pixel{n}" for n in range(784))
    path.write_text("\n".join([names, *rows] if heading else rows))
    return str(path)


@pytest.mark.parametrize("heading", [True, False])
def test_every_row_gets_a_digit_in_kaggles_form_and_doubts_are_counted(
    tmp_path, predict, images, heading
):
    table, out = write_table(tmp_path / "test.csv", images, heading), tmp_path / "s.csv"
    code, said = predict(table, "--submission", out)
    assert code == 0, said
    lines = out.read_text().splitlines()
    reader = DigitReader()
    probabilities = reader.model.predict(images)
    assert isinstance(reader.model, OnnxModel)
    assert lines[0] == "ImageId,Label"
    assert lines[1:] == [f"{n},{row.argmax()}" for n, row in enumerate(probabilities, start=1)]
    unsure = int((~reader.rule.accept(probabilities)).sum())
    assert f"30 rows by cnn, not sure of {unsure} of them" in said


def test_flags_that_have_no_meaning_and_files_that_are_no_table_are_one_sentence(
    tmp_path, predict, images
):
    table, out = write_table(tmp_path / "test.csv", images), str(tmp_path / "s.csv")
    picture = tmp_path / "pi.png"
    Image.new("L", (40, 40), 255).save(picture)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    for arguments, words in (
        ([table, "--submission", out, "--json"], "--json has no meaning for --submission"),
        ([table, table, "--submission", out], "reads one CSV file, 2 were given"),
        ([str(tmp_path / "bad.csv"), "--submission", out], "columns found: 2; needed 785"),
        ([str(picture), "--submission", out], "is a picture (PNG); --submission needs a CSV file"),
        ([table], f"predict {table} --submission submission.csv"),
        ([str(tmp_path / "none.csv"), "--submission", out], "cannot read"),
    ):
        code, said = predict(*arguments)
        assert code == 2
        assert words in said
    assert not (tmp_path / "s.csv").exists()


def test_a_submission_replaces_neither_the_table_nor_the_model(tmp_path, predict, images):
    table = write_table(tmp_path / "test.csv", images)
    net = tmp_path / "net.onnx"
    net.write_bytes(weights.find("mlp").read_bytes())
    for out in (table, net):
        before = Path(out).read_bytes()
        code, said = predict(table, "--model", net, "--submission", out)
        assert (code, "is what is read and would be lost" in said) == (2, True)
        assert Path(out).read_bytes() == before
