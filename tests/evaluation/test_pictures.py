from pathlib import Path

import pytest

from digit_classifier.errors import DataError
from digit_classifier.evaluation import pictures


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_manifest_names_files_beside_it_or_in_images(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "images" / "b.png", tmp_path / "images" / "c.png")
    (tmp_path / "manifest.csv").write_text(
        "file,text,kind,style\na.png,7,,pen; 28x28\nb.png,12/3 4,odd,\nc.png,,,brush\n"
    )
    cases, _ = pictures.list_cases(tmp_path)
    assert [(case.path.name, case.text, case.kind, case.style) for case in cases] == [
        ("a.png", "7", "single", "pen"),
        ("b.png", "12/3 4", "odd", ""),
        ("c.png", "", "reject", "brush"),
    ]


def test_without_a_manifest_folders_say_the_digit_and_what_is_left_out_is_said(
    tmp_path: Path,
) -> None:
    touch(tmp_path / "seven" / "x.png", tmp_path / "0" / "deep" / "y.jpg")
    touch(tmp_path / "3-blue.png", tmp_path / "readme.txt", tmp_path / "10" / "z.png")
    cases, left_out = pictures.list_cases(tmp_path)
    assert {case.path.name: case.text for case in cases} == {"x.png": "7", "y.jpg": "0"}
    assert [sentence.split(":")[0] for sentence in left_out] == ["left out"] * 3
    assert "1 picture in the folder 10" in left_out[0]
    assert {case.kind for case in cases} == {"single"}


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ("file,digit\na.png,7\n", "file and text are needed"),
        ("file;text\na.png;7\n", "columns file;text; .* Save it as CSV with commas"),
        ("file\ttext\n".encode("utf-16"), "Save it as CSV in UTF-8"),
        ("", "no columns; file and text are needed"),
        ("file,text\n", "has no row below its headings; one a picture is needed"),
        ("file,text\na.png,7\na.png\n", "line 3: no text after a.png. .* a.png, with the comma"),
        ("file,text\nmissing.png,7\n", "line 2: no file missing.png"),
        ("file,text\na.png,seven\n", "line 2: text 'seven'"),
        (b"file,text\n\xff\xfe,7\n", "not a CSV file in UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(
    tmp_path: Path, manifest: str | bytes, sentence: str
) -> None:
    touch(tmp_path / "a.png")
    data = manifest.encode() if isinstance(manifest, str) else manifest
    (tmp_path / "manifest.csv").write_bytes(data)
    with pytest.raises(DataError, match=sentence):
        pictures.list_cases(tmp_path)


def test_a_manifests_newline_is_a_lines_end_and_a_picture_is_named_by_its_path(tmp_path) -> None:
    touch(tmp_path / "Eva" / "1" / "0.png")
    (tmp_path / "manifest.csv").write_text('file,text\nEva/1/0.png," 123\n456  7 / 8 "\n')
    ((case,), _) = pictures.list_cases(tmp_path)
    assert (case.text, case.digits, case.name) == ("123/456 7/8", "12345678", "Eva/1/0.png")
    (tmp_path / "manifest.csv").unlink()
    ((case,), _) = pictures.list_cases(tmp_path)
    assert case.name == "Eva/1/0.png"


def test_without_folders_the_files_names_say_the_digit(tmp_path: Path) -> None:
    touch(tmp_path / "3-blue.png", tmp_path / "5.png")
    cases, left_out = pictures.list_cases(tmp_path)
    assert {case.path.name: case.text for case in cases} == {"3-blue.png": "3", "5.png": "5"}
    assert left_out == []


def test_a_name_of_several_digits_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without a manifest"):
        pictures.list_cases(tmp_path)
    touch(tmp_path / "00012.png")
    with pytest.raises(DataError, match=r"do not begin with their one digit.*00012\.png"):
        pictures.list_cases(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        pictures.list_cases(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "read", "exact", "right"),
    [
        ("12/34", "1 2\n34", True, 4),
        ("12/34", "1234", False, 4),
        ("12 34", "12 34", True, 4),
        ("12 34", "12\n34", True, 4),
        ("12 34", "123\n4", False, 4),
        ("1234", "1?34", False, 3),
        ("1234", "124", False, 3),
        ("1234", "91234", False, 3),
        ("7", "", False, 0),
        ("7", "1111", False, 0),
        ("", "", True, 0),
        ("", "??", True, 0),
        ("", "?8", False, 0),
    ],
)
def test_readings_are_judged_by_picture_and_by_digit(
    text: str, read: str, exact: bool, right: int
) -> None:
    case = pictures.Case(Path("a.png"), text, "any")
    (outcome,) = pictures.judge([case], [read])
    assert (outcome.exact, outcome.digits_right) == (exact, right)


def test_among_letters_and_signs_the_digits_alone_count() -> None:
    cases = [
        pictures.Case(Path("a.png"), "33", "mixed"),
        pictures.Case(Path("b.png"), "33", "multi"),
    ]
    outcomes = pictures.judge(cases, ["3?\n3", "3?\n3"])
    assert [outcome.exact for outcome in outcomes] == [True, False]


def test_the_table_sums_by_kind_and_then_by_style() -> None:
    cases = [
        pictures.Case(Path("a"), "1", "single", "pen"),
        pictures.Case(Path("b"), "2", "single", "brush"),
        pictures.Case(Path("c"), "3", "single", "pen"),
        pictures.Case(Path("d"), "45", "multi", "pen"),
    ]
    outcomes = pictures.judge(cases, ["1", "9", "3", "4?"])
    assert pictures.tabulate(outcomes) == [
        pictures.Row("single", "", 3, 2, 3, 2),
        pictures.Row("single", "pen", 2, 2, 2, 2),
        pictures.Row("single", "brush", 1, 0, 1, 0),
        pictures.Row("multi", "", 1, 0, 2, 1),
    ]
