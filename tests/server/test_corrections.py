"""POST /v1/corrections: what is kept, where, and how `digits train --dataset` reads it."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digit_classifier
from digit_classifier.picture import decode, normalise
from digit_classifier.reader import DigitReader
from server.conftest import as_png
from server.process import DidNotStart, Server, fault


def correct(server: Server, picture: bytes, label: object, box: object = None, **more: object):
    image = base64.b64encode(picture).decode()
    body = {"image": image, "label": label, "box": box, **more}
    return server.client.post("v1/corrections", json=body)


def test_without_the_flag_nothing_is_kept(server: Server, picture: bytes) -> None:
    assert server.client.get("v1/settings").json()["corrections"] is None
    status, code, message = fault(correct(server, picture, 4))
    assert (status, code) == (404, "corrections_off")
    assert "--corrections" in message


def test_what_is_kept_is_a_dataset_for_training(start, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    server = start("--corrections", str(folder))
    for text in ("0123456789", "9876543210"):
        data = as_png(text)
        for digit in DigitReader().read(data).digits:
            answer = correct(server, data, digit.digit, list(digit.box))
            assert answer.status_code == 201
            assert re.fullmatch(rf"{digit.digit}/[\w-]+\.png", answer.json()["file"])
            assert (folder / answer.json()["file"]).is_file()
    dataset = digit_classifier.load(str(folder))
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    assert sorted(labels) == sorted([*range(10), *range(10)])


def test_a_digit_is_cut_out_as_the_reader_saw_it(start, tmp_path: Path) -> None:
    server = start("--corrections", str(tmp_path))
    data = as_png("3857")
    for digit in DigitReader().read(data).digits:
        file = tmp_path / correct(server, data, digit.digit, list(digit.box)).json()["file"]
        seen = normalise(decode(file))
        moved = [np.roll(seen, step, (0, 1)).astype(int) for step in np.ndindex(3, 3)]
        moved = [np.roll(each, (-1, -1), (0, 1)) for each in moved]
        assert min(np.abs(each - digit.image).mean() for each in moved) < 6  # a pixel aside
    whole = tmp_path / correct(server, as_png("6"), 6).json()["file"]
    assert np.array_equal(np.array(Image.open(whole)), decode(as_png("6")).pixels)


def test_a_photographs_data_are_not_kept(start, tmp_path: Path) -> None:
    server = start("--corrections", str(tmp_path))
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "my very own camera"
    Image.open(io.BytesIO(as_png("6"))).convert("RGB").save(file, "JPEG", exif=exif)
    kept = tmp_path / correct(server, file.getvalue(), 6).json()["file"]
    assert b"my very own camera" not in kept.read_bytes()


def test_nothing_but_the_label_and_the_servers_own_name_makes_the_path(
    start, tmp_path: Path, picture: bytes
) -> None:
    server = start("--corrections", str(tmp_path / "kept"))
    for field in ("file", "name", "path"):
        answer = correct(server, picture, 4, **{field: "../../evil.png"})
        assert fault(answer)[:2] == (422, "bad_input")
    answer = as_form(server, picture, label="4")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / "kept" / answer.json()["file"]]
    for label in ("../4", "4", -1, 10, 4.5, None, True, [4]):
        assert fault(correct(server, picture, label))[:2] == (422, "bad_input")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == files


@pytest.mark.parametrize(
    "box",
    [[0, 0, 10], [0, 0, 0, 5], [-1, 0, 5, 5], [0, 0, 10**6, 5], [0, 0, 5, 10**30], ["0"] * 4, "all",
     [0.5, 0, 5, 5], {}],
    ids=str,
)  # fmt: skip
def test_a_box_outside_the_picture_is_refused(keeping: Server, picture: bytes, box: object) -> None:
    assert fault(correct(keeping, picture, 4, box))[:2] == (422, "bad_input")


def as_form(server: Server, picture: bytes, **fields: str):
    files = {"file": ("../../etc/passwd", picture)}
    return server.client.post("v1/corrections", data=fields, files=files)


def test_a_form_keeps_what_json_keeps(start, tmp_path: Path, picture: bytes) -> None:
    server = start("--corrections", str(tmp_path))
    x, y, width, height = DigitReader().read(picture).digits[0].box
    of_json = correct(server, picture, 4, [x, y, width, height]).json()["file"]
    of_form = as_form(server, picture, label="4", box=f"{x},{y},{width},{height}")
    assert of_form.status_code == 201
    assert (tmp_path / of_form.json()["file"]).read_bytes() == (tmp_path / of_json).read_bytes()
    assert as_form(server, picture, label="2").json()["file"].startswith("2/")


def test_a_form_keeps_a_picture_that_base64_makes_too_long(keeping: Server) -> None:
    noise = np.random.default_rng(0).integers(150, 256, (1250, 1250, 3), np.uint8)
    noise[200:1000, 600:660] = 0
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format="PNG")
    data = file.getvalue()
    assert 3_750_000 < len(data) < 4_900_000
    assert correct(keeping, data, 1).status_code == 413
    assert as_form(keeping, data, label="1").status_code == 201


@pytest.mark.parametrize(
    "fields",
    [{}, {"label": "10"}, {"label": "-1"}, {"label": "04"}, {"label": " 4"}, {"label": "four"},
     {"label": "٤"}, {"label": "4", "box": "1,2,3"}, {"label": "4", "box": "[0,0,5,5]"},
     {"label": "4", "box": ""}, {"label": "4", "box": "0,0,999999,5"},
     {"label": "4", "replaces": ""}],
    ids=str,
)  # fmt: skip
def test_a_form_that_makes_no_sense_is_refused(
    keeping: Server, picture: bytes, fields: dict[str, str]
) -> None:
    assert fault(as_form(keeping, picture, **fields))[:2] == (422, "bad_input")


def test_a_form_with_two_labels_is_refused(keeping: Server, picture: bytes) -> None:
    form = [("label", (None, "4")), ("label", (None, "5")), ("file", ("4.png", picture))]
    said = "`label` is in the form twice; give it once."
    assert fault(keeping.client.post("v1/corrections", files=form)) == (422, "bad_input", said)


def test_a_number_that_is_no_digit_is_told_so_and_not_that_it_is_no_number(
    keeping: Server, picture: bytes
) -> None:
    for label in ("10", "-1"):
        told = fault(as_form(keeping, picture, label=label))[2]
        assert told == f"`label` must be a whole number from 0 to 9, not {label}."


def test_another_content_type_is_refused(keeping: Server, picture: bytes) -> None:
    kind = {"Content-Type": "image/png"}
    answer = keeping.client.post("v1/corrections", content=picture, headers=kind)
    assert fault(answer)[:2] == (415, "unsupported_type")


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_second_choice_takes_the_place_of_the_first(
    start, tmp_path: Path, picture: bytes
) -> None:
    server = start("--corrections", str(tmp_path), "--max-corrections", "4096")
    first = correct(server, picture, 5).json()["file"]
    second = correct(server, picture, 6, replaces=first).json()["file"]  # although it is full
    assert files_in(tmp_path) == [second]
    third = as_form(server, picture, label="7", replaces=second).json()["file"]
    assert files_in(tmp_path) == [third]
    assert server.client.get("v1/settings").json()["corrections"]["bytes"] == 4096
    (tmp_path / third).unlink()
    assert correct(server, picture, 8, replaces=third).status_code == 201  # gone: nothing to do
    assert fault(correct(server, picture, 8, replaces=third))[1] == "folder_full"


def test_a_correction_can_be_taken_back(start, tmp_path: Path, picture: bytes) -> None:
    server = start("--corrections", str(tmp_path))
    kept, other = (correct(server, picture, label).json()["file"] for label in (4, 2))
    answer = server.client.delete("v1/corrections", params={"file": kept})
    assert (answer.status_code, answer.json()) == (200, {"file": kept})
    assert files_in(tmp_path) == [other]
    assert server.client.get("v1/settings").json()["corrections"]["bytes"] == 4096
    again = server.client.delete("v1/corrections", params={"file": kept})
    assert fault(again)[:2] == (404, "not_found")


def test_without_the_flag_nothing_is_taken_back(server: Server) -> None:
    name = {"file": "5/20260131T120000-0123456789abcdef.png"}
    answer = server.client.delete("v1/corrections", params=name)
    assert fault(answer)[:2] == (404, "corrections_off")


def test_a_page_of_another_origin_takes_nothing_back(keeping: Server, picture: bytes) -> None:
    kept = {"file": correct(keeping, picture, 4).json()["file"]}
    foreign = {"Origin": "https://evil.example"}
    answer = keeping.client.delete("v1/corrections", params=kept, headers=foreign)
    assert fault(answer)[:2] == (403, "foreign_origin")
    assert keeping.client.delete("v1/corrections", params=kept).status_code == 200


@pytest.fixture(scope="module")
def among_others(tmp_path_factory) -> Iterator[tuple[Server, Path]]:
    """A server whose folder has pictures in it and around it that others put there."""
    folder = tmp_path_factory.mktemp("outer") / "kept"
    for place in (folder / "5", folder / "55", folder.parent / "5"):
        place.mkdir(parents=True)
        (place / NAME).write_bytes(b"mine")
    for path in (folder / NAME, folder.parent / NAME, folder / "5" / "mine.png"):
        path.write_bytes(b"mine")
    running = Server("--corrections", str(folder))
    yield running, folder
    running.stop()


NAME = "20260131T120000-0123456789abcdef.png"


@pytest.mark.parametrize(
    "name",
    [f"../5/{NAME}", f"5/../{NAME}", f"5/../../{NAME}", f"/5/{NAME}", f"5//{NAME}", f"55/{NAME}",
     f"5/{NAME}\n", f"5/{NAME}\x00", f"5\\{NAME}", f"٥/{NAME}", f"./5/{NAME}", NAME, "5/mine.png",
     f"5/{NAME}/..", "5", "..", "/etc/passwd"],
    ids=repr,
)  # fmt: skip
def test_only_what_the_server_wrote_here_is_removed(
    among_others: tuple[Server, Path], picture: bytes, name: str
) -> None:
    server, folder = among_others
    before = files_in(folder.parent)
    assert fault(correct(server, picture, 4, replaces=name))[:2] == (422, "bad_input")
    assert fault(server.client.delete("v1/corrections", params={"file": name}))[0] == 422
    assert files_in(folder.parent) == before


def test_a_picture_that_would_spoil_a_training_is_refused(keeping: Server, picture: bytes) -> None:
    before = keeping.client.get("v1/settings").json()["corrections"]["bytes"]
    assert fault(correct(keeping, as_png(" "), 4))[:2] == (422, "no_ink")
    assert fault(correct(keeping, picture, 4, [0, 0, 9, 9]))[:2] == (422, "no_ink")
    assert fault(correct(keeping, b"no picture", 4))[:2] == (400, "bad_picture")
    status, _, sentence = fault(correct(keeping, as_png("0123456789"), 4))
    assert (status, "10 marks" in sentence, "`box`" in sentence) == (422, True, True)
    assert keeping.client.get("v1/settings").json()["corrections"]["bytes"] == before


def test_the_folder_is_bounded(start, tmp_path: Path, picture: bytes) -> None:
    flags = ("--corrections", str(tmp_path), "--max-corrections", "20000")
    server = start(*flags)
    answers = [correct(server, picture, 4).status_code for _ in range(6)]
    assert answers == [201] * 4 + [507] * 2
    assert fault(correct(server, picture, 4))[1] == "folder_full"
    kept = server.client.get("v1/settings").json()["corrections"]
    assert kept == {"folder": tmp_path.name, "bytes": 16384, "limit_bytes": 20000}
    server.stop()
    assert fault(correct(start(*flags), picture, 4))[0] == 507


def test_a_full_folder_that_is_emptied_by_hand_takes_more(
    start, tmp_path: Path, picture: bytes
) -> None:
    server = start("--corrections", str(tmp_path), "--max-corrections", "8192")
    assert [correct(server, picture, 4).status_code for _ in range(3)] == [201, 201, 507]
    for name in files_in(tmp_path):
        (tmp_path / name).unlink()
    assert [correct(server, picture, 4).status_code for _ in range(3)] == [201, 201, 507]


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DidNotStart, match="cannot keep corrections in"):
        Server("--corrections", str(tmp_path / "file" / "folder"))
