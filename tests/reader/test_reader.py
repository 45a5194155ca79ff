import copy
import io
import itertools
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digit_classifier.errors import InternalError, ModelError, OptionError, PictureError
from digit_classifier.onnx_model import OnnxModel
from digit_classifier.picture import Page
from digit_classifier.reader import DigitReader, judgement
from digit_classifier.rejection import RejectionRule
from reader import drawing


def test_lines_stay_lines_and_digits_that_stand_apart_are_spaced(digits: DigitReader) -> None:
    assert digits.read(drawing.page("12  34/567")).text == "12 34\n567"


def test_path_bytes_array_and_image_give_the_same_reading(
    digits: DigitReader, tmp_path: Path
) -> None:
    pixels = drawing.page("305")
    image = Image.fromarray(pixels)
    image.save(tmp_path / "305.png")
    data = io.BytesIO()
    image.save(data, "PNG")
    sources = [tmp_path / "305.png", str(tmp_path / "305.png"), data.getvalue(), pixels, image]
    readings = [digits.read(source) for source in sources]
    assert {reading.text for reading in readings} == {"305"}
    assert {reading.digits[1].box for reading in readings} == {readings[0].digits[1].box}


def test_each_digit_knows_its_confidence_its_place_and_what_was_seen(digits: DigitReader) -> None:
    page = drawing.page("3/7")
    three, seven = digits.read(page).digits
    assert (three.digit, three.line, seven.digit, seven.line) == (3, 0, 7, 1)
    assert three.confidence == three.probabilities.max() == three.probabilities[3]
    assert three.image.shape == (28, 28)
    assert three.image.dtype == np.uint8
    x, y, width, height = three.box
    assert page[y : y + height, x : x + width].min() == 0
    assert seven.box[1] > y + height


def test_each_line_says_how_sure_it_is_as_a_whole(digits: DigitReader) -> None:
    reading = digits.read(drawing.page("35/7"))
    assert [line["text"] for line in reading["lines"]] == ["35", "7"]
    of_two, of_one = (line["confidence"] for line in reading["lines"])
    assert 0 < of_two < 1
    assert 0 < of_one < 1
    unsure = DigitReader(digits.model, threshold=1).read(drawing.page("35"))
    assert [line["confidence"] for line in unsure["lines"]] == [None]


def test_single_reads_the_whole_picture_as_one_digit(digits: DigitReader) -> None:
    page = drawing.page("13")
    assert len(digits.read(page, single=True).digits + digits.read(page, single=True).rejected) == 1


def test_a_mark_below_the_threshold_is_a_question_mark(model: Path) -> None:
    reading = DigitReader(model, threshold=1.0).read(drawing.page("37"))
    assert reading.text == "??"
    assert reading.digits == ()
    assert [mark.image is not None for mark in reading.rejected] == [True, True]
    assert reading.rejected[0].reason.startswith("less sure than the threshold of 1: at best a 3")


def test_the_threshold_is_the_models_own_unless_another_is_given(tmp_path: Path) -> None:
    soft = drawing.write_model(tmp_path / "soft.onnx", threshold=0.3, softness=0.2)
    assert DigitReader(soft).rule == RejectionRule(0.3, 5)
    assert DigitReader(soft, threshold=0.9).rule == RejectionRule(0.9)
    assert DigitReader(soft, threshold=0).rule == RejectionRule(0)


def test_a_readers_threshold_makes_another_of_the_same_rule(tmp_path: Path) -> None:
    soft = drawing.write_model(tmp_path / "soft.onnx", threshold=0.3, softness=0.2)
    for given in (None, 0.9, 0):
        reader = DigitReader(soft, threshold=given)
        assert reader.threshold == given
        assert DigitReader(soft, threshold=reader.threshold).rule == reader.rule


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "0.5"])
def test_a_threshold_outside_0_to_1_is_refused(model: Path, threshold: Any) -> None:
    with pytest.raises(OptionError, match="a number from 0 to 1 is needed"):
        DigitReader(model, threshold=threshold)


@pytest.mark.parametrize("model", [None, b"bytes", 7])
def test_what_is_no_model_is_refused_with_what_is_needed(model: Any) -> None:
    with pytest.raises(
        ModelError, match="was given as a model; needed a name, a path.* or an Onnx"
    ):
        DigitReader(model)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_of_a_reader_reads_as_it_does(model: Path, copied: Any) -> None:
    page = drawing.page("3x7")
    for source in (OnnxModel(model), OnnxModel(model.read_bytes())):
        reader = DigitReader(source, threshold=0.9)
        twin = copied(reader)
        assert (twin.name, twin.threshold) == (reader.name, 0.9)
        assert twin.read(page).to_dict() == reader.read(page).to_dict()


def test_a_blank_picture_has_no_digits_and_says_so(digits: DigitReader) -> None:
    reading = digits.read(np.full((50, 60), 255, np.uint8))
    assert (reading.text, reading.digits, reading.error) == ("", (), None)
    assert reading.notes == ("nothing stands out from the paper",)


def test_what_is_no_picture_raises_from_read(digits: DigitReader, folder: Path) -> None:
    with pytest.raises(PictureError, match=r"broken\.png"):
        digits.read(folder / "broken.png")


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_picture_of_many_is_an_error_of_its_own(
    digits: DigitReader, folder: Path, jobs: int
) -> None:
    names = ["3.png", "broken.png", "missing.png", "12.png"]
    readings = list(digits.read_many([folder / name for name in names], jobs=jobs))
    assert [reading.text for reading in readings] == ["3", "", "", "12"]
    assert [reading.error is None for reading in readings] == [True, False, False, True]
    assert [reading.file for reading in readings] == [str(folder / name) for name in names]


class Unexpected:
    """Taken for a picture of Pillow's, at which the program fails as it should not."""

    def getexif(self) -> None:
        pass

    @property
    def size(self) -> tuple[int, int]:
        raise KeyError("no size")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_of_the_program_is_an_error_of_the_one_picture(
    digits: DigitReader, folder: Path, jobs: int
) -> None:
    readings = list(digits.read_many([folder / "3.png", Unexpected(), folder / "12.png"], jobs))
    assert [reading.text for reading in readings] == ["3", "", "12"]
    error = str(readings[1].error)
    assert error.startswith("the picture could not be read: internal error in picture/decode.py:")
    assert error.endswith(" (KeyError: 'no size'); please report it with the file")


def test_a_fault_of_the_program_names_its_cause(digits: DigitReader) -> None:
    with pytest.raises(InternalError, match="please report it") as raised:
        digits.read(Unexpected())
    assert isinstance(raised.value.__cause__, KeyError)


def test_a_page_that_cannot_be_judged_spoils_no_other(
    digits: DigitReader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judgement.judge

    def fail(page: Page, *arguments: Any, **named: Any) -> judgement.Verdict:
        return judge(page, *arguments, **named) if len(page.marks) == 1 else judge(None)  # type: ignore

    monkeypatch.setattr(judgement, "judge", fail)
    readings = digits.read_batch([folder / "3.png", folder / "12.png", folder / "5.png"])
    assert [reading.text for reading in readings] == ["3", "", "5"]
    assert str(readings[1].error).startswith("12.png could not be read: internal error in reader/")


def test_several_processes_read_as_one_does(digits: DigitReader) -> None:
    pages = [drawing.page(f"{number:02}") for number in range(0, 100, 3)] * 3
    one = [reading.to_dict() for reading in digits.read_many(pages)]
    assert [reading.to_dict() for reading in digits.read_many(pages, jobs=2)] == one


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_takes_its_sources_as_it_goes(digits: DigitReader, jobs: int) -> None:
    endless = (drawing.page(str(number % 10)) for number in itertools.count())
    readings = digits.read_many(endless, jobs=jobs)
    assert [reading.text for reading in itertools.islice(readings, 8)] == list("01234567")
    readings.close()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_model_without_a_file_reads_as_any_other(model: Path, jobs: int) -> None:
    reader = DigitReader(OnnxModel(model.read_bytes()))
    assert reader.name == "linear"
    assert [reading.text for reading in reader.read_many([drawing.page("3")], jobs)] == ["3"]


@pytest.mark.parametrize("one", ["3.png", Path("3.png"), b"\x89PNG"])
def test_one_picture_is_not_taken_for_many(digits: DigitReader, one: Any) -> None:
    for read in (digits.read_many, digits.read_batch):
        with pytest.raises(OptionError, match=r"one picture was given.*\[picture\]"):
            read(one)


def test_a_batch_may_come_from_a_generator(digits: DigitReader) -> None:
    readings = digits.read_batch(drawing.page(text) for text in "37")
    assert [reading.text for reading in readings] == ["3", "7"]


def test_no_jobs_are_refused(digits: DigitReader) -> None:
    with pytest.raises(OptionError, match="at least 1"):
        digits.read_many([], jobs=0)


UNGUARDED = """
from digit_classifier import DigitReader
from digit_classifier.errors import DigitError
try:
    print([r.text for r in DigitReader(MODEL).read_many(["3.png", "12.png"] * 20, jobs=2)])
except DigitError as error:
    print(error)
"""


@pytest.mark.process
@pytest.mark.parametrize("words", [["script.py"], ["-"]])
def test_a_script_that_does_not_guard_its_start_is_told_to(
    model: Path, folder: Path, words: list[str], tmp_path: Path
) -> None:
    code = UNGUARDED.replace("MODEL", repr(str(model)))
    (tmp_path / "script.py").write_text(code)
    for name in ("3.png", "12.png"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    said = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, input=code, capture_output=True, text=True,
        timeout=100,
    )  # fmt: skip
    assert said.stderr == ""
    (line,) = said.stdout.splitlines()
    assert 'Put the script\'s own start under `if __name__ == "__main__":`' in line


@pytest.mark.parametrize("single", ["no", 1, None])
def test_single_is_true_or_false(digits: DigitReader, single: Any) -> None:
    for read in (digits.read, lambda *a: digits.read_many([a[0]], 1, a[1])):
        with pytest.raises(OptionError, match=f"single is {single!r}; True or False is needed"):
            read(drawing.page("3"), single)


def test_threads_may_share_a_reader(digits: DigitReader) -> None:
    pages = [drawing.page(str(number)) for number in range(10)] * 4
    with ThreadPoolExecutor(4) as pool:
        assert [reading.text for reading in pool.map(digits.read, pages)] == list("0123456789") * 4


def test_the_dictionary_is_json_with_the_promised_keys(digits: DigitReader, tmp_path: Path) -> None:
    Image.fromarray(drawing.page("3x5")).save(tmp_path / "3x.png")
    reading = DigitReader(digits.model, threshold=0.7).read(tmp_path / "3x.png").to_dict()
    assert list(reading) == ["file", "text", "lines", "digits", "rejected", "model", "error"]
    assert list(reading["digits"][0]) == ["digit", "confidence", "probabilities", "box", "line"]
    assert list(reading["rejected"][0]) == ["box", "reason", "probabilities"]
    assert reading == json.loads(json.dumps(reading))
    assert reading["model"] == "linear"
    assert sum(reading["digits"][0]["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_notes_are_in_the_dictionary_only_where_there_are_some(digits: DigitReader) -> None:
    assert "notes" not in digits.read(drawing.page("3")).to_dict()
    assert digits.read(np.zeros((9, 9), np.uint8)).to_dict()["notes"]


def test_reading_a_digit_imports_no_training_stack(model: Path, folder: Path) -> None:
    code = f"""
import sys
from digit_classifier import DigitReader
assert DigitReader({str(model)!r}).read({str(folder / "12.png")!r}).text == "12"
names = "tensorflow keras jax matplotlib sklearn scipy mlxtend onnx requests rich".split()
print([name for name in names if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")
