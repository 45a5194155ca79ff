"""POST /v1/corrections: what is kept, where, and how `digits train --dataset` reads it."""

import base64
import io
import re
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
        assert np.abs(seen.astype(int) - digit.image).mean() < 4
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
    answer = correct(server, picture, 4, file="../../evil.png", name="/etc/passwd")
    assert answer.status_code == 201
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


def test_a_picture_that_would_spoil_a_training_is_refused(keeping: Server, picture: bytes) -> None:
    before = keeping.client.get("v1/settings").json()["corrections"]["bytes"]
    assert fault(correct(keeping, as_png(" "), 4))[:2] == (422, "no_ink")
    assert fault(correct(keeping, picture, 4, [0, 0, 9, 9]))[:2] == (422, "no_ink")
    assert fault(correct(keeping, b"no picture", 4))[:2] == (400, "bad_picture")
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


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DidNotStart, match="cannot keep corrections in"):
        Server("--corrections", str(tmp_path / "file" / "folder"))
