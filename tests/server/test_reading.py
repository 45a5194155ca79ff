"""POST /v1/read: three forms of a picture, one answer, and every way of getting it wrong."""

import base64
import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from digit_classifier.cli import group
from digit_classifier.reader import DigitReader
from reader import drawing
from server.conftest import as_png
from server.process import Server, fault

PNG = {"Content-Type": "image/png"}


def part(what: bytes, content: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + what + b"\r\n\r\n" + content + b"\r\n"


def test_the_answer_is_the_object_that_predict_prints(
    server: Server, picture: bytes, tmp_path
) -> None:
    (tmp_path / "42.png").write_bytes(picture)
    command = [sys.executable, "-m", "digit_classifier", "predict", "42.png", "--json"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
    answer = server.client.post("v1/read", files={"file": ("42.png", picture)})
    assert answer.status_code == 200
    assert answer.json() == json.loads(printed)
    assert list(answer.json()) == list(json.loads(printed))
    assert answer.json()["text"] == "42"


def ten_pictures() -> dict[str, bytes]:
    """Pictures on which something is read, not read, left out, or to be noted."""

    def saved(pixels: np.ndarray, kind: str = "PNG", **how: object) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind, **how)
        return file.getvalue()

    page = drawing.page
    crowded = np.full((600, 600), 255, np.uint8)
    crowded[::40] = crowded[:, ::40] = 0
    first = Image.fromarray(page("7"))
    return {
        "42.png": saved(page("42")),
        "lines.png": saved(page("123/456")),
        "doubt.png": saved(page("4x")),
        "light.png": saved(255 - page("35")),
        "colour.jpg": saved(np.dstack([page("8")] * 3), "JPEG"),
        "blank.png": saved(page(" ")),
        "grid.png": saved(crowded),
        "frames.gif": saved(page("7"), "GIF", save_all=True, append_images=[first.rotate(90)]),
        "small.png": saved(page("6", height=40)),
        "space.png": saved(page("1 2")),
    }


@pytest.mark.parametrize("options", [{}, {"threshold": "0.9", "single": "true", "model": "small"}])
def test_command_line_show_and_http_give_one_object(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ["predict", "--json"]
    for name, value in options.items():
        flags += [f"--{name}"] + ([] if value == "true" else [value])
    noted = 0
    for name, data in ten_pictures().items():
        Path(name).write_bytes(data)
        sent = server.client.post("v1/read", params=options, files={"file": (name, data)}).json()
        for more in ([], ["--show", "seen.png"]):
            printed = CliRunner().invoke(group, [*flags, name, *more], catch_exceptions=False)
            assert json.loads(printed.stdout) == sent
        noted += "notes" in sent
        assert sent["model"] == options.get("model", "cnn")
    assert noted >= 2  # a blank page's own note, and an animation's


def test_a_multipart_file_a_raw_body_and_json_are_read_alike(
    server: Server, picture: bytes
) -> None:
    encoded = base64.b64encode(picture).decode()
    forms = [
        {"files": {"file": ("x.png", picture)}},
        {"content": picture, "headers": PNG},
        {"content": picture, "headers": {"Content-Type": "IMAGE/x-anything; q=1"}},
        {"json": {"image": encoded}},
        {"json": {"image": f"data:image/png;base64,{encoded}"}},
        {"json": {"image": base64.encodebytes(picture).decode()}},
    ]
    answers = [server.client.post("v1/read", **form).json() for form in forms]
    assert [answer.pop("file") for answer in answers] == ["x.png", *[None] * 5]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["text"] == "42"


def test_the_query_chooses_model_threshold_and_one_digit(server: Server, picture: bytes) -> None:
    def read(**query: object) -> dict:
        return server.client.post("v1/read", params=query, content=picture, headers=PNG).json()

    assert read(model="mlp")["model"] == "mlp"
    assert read(threshold=1)["text"] == "??"
    assert len(read(single=True)["digits"]) + len(read(single=True)["rejected"]) == 1
    assert "image" not in read()["digits"][0]


def test_details_show_what_the_network_saw(server: Server) -> None:
    data = as_png("4x")
    query = {"details": "true"}
    answer = server.client.post("v1/read", params=query, content=data, headers=PNG).json()
    seen = DigitReader().read(data)
    assert len(seen.digits) == 1
    assert len(seen.rejected) >= 1
    for mark, entry in zip(
        [*seen.digits, *seen.rejected], [*answer["digits"], *answer["rejected"]], strict=True
    ):
        if mark.image is None:
            assert entry["image"] is None
            continue
        pixels = np.frombuffer(base64.b64decode(entry["image"]), np.uint8)
        assert np.array_equal(pixels.reshape(28, 28), mark.image)
        assert np.allclose(entry["probabilities"], mark.probabilities, atol=1e-6)


def test_a_blank_picture_gives_no_digit_and_no_error(server: Server) -> None:
    answer = server.client.post("v1/read", content=as_png(" "), headers=PNG)
    assert answer.status_code == 200
    assert answer.json()["text"] == ""
    assert answer.json()["digits"] == []


def test_an_uploaded_name_is_echoed_and_never_opened(
    server: Server, picture: bytes, tmp_path
) -> None:
    (tmp_path / "7.png").write_bytes(as_png("7"))
    for name in (str(tmp_path / "7.png"), "../../../etc/passwd", "a\u202eb.png", "x" * 3000):
        answer = server.client.post("v1/read", files={"file": (name, picture)})
        assert answer.json()["file"] == name
        assert answer.json()["text"] == "42"


def test_half_a_character_in_an_uploaded_name_breaks_nothing(
    server: Server, picture: bytes
) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="+2AA-.png"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b; charset=utf-7"}
    answer = server.client.post("v1/read", content=head + picture + b"\r\n--b--\r\n", headers=kind)
    assert (answer.json()["text"], answer.json()["file"]) == ("42", "?.png")


def test_what_is_no_picture_gets_the_readers_own_sentence(server: Server, picture: bytes) -> None:
    def read(data: bytes) -> tuple[int, str, str]:
        return fault(server.client.post("v1/read", content=data, headers=PNG))

    status, code, message = read(b"not a picture at all")
    assert (status, code) == (400, "bad_picture")
    assert "begins with b'not a pi'" in message
    status, code, message = read(picture[: len(picture) // 2])
    assert (status, code) == (400, "bad_picture")
    assert "truncated" in message
    assert read(b"")[:2] == (400, "bad_picture")
    assert read(b"%PDF-1.7 ...")[:2] == (400, "bad_picture")


@pytest.mark.parametrize("kind", ["text/plain", "application/pdf", "video/mp4", "", "image"])
def test_another_content_type_is_415(server: Server, picture: bytes, kind: str) -> None:
    answer = server.client.post("v1/read", content=picture, headers={"Content-Type": kind})
    status, code, message = fault(answer)
    assert (status, code) == (415, "unsupported_type")
    assert "multipart" in message


def test_a_compressed_body_is_415(server: Server, picture: bytes) -> None:
    headers = {**PNG, "Content-Encoding": "gzip"}
    answer = server.client.post("v1/read", content=picture, headers=headers)
    assert fault(answer)[0] == 415


def test_more_pixels_than_the_limit_are_413_before_they_are_decoded(server: Server) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    data += struct.pack(">I", zlib.crc32(header))
    data += b"\0\0\0\0IDAT\x35\xaf\x06\x1e"
    assert fault(server.client.post("v1/read", content=data, headers=PNG))[:2] == (413, "too_large")


def test_a_model_that_is_not_there_is_404(server: Server, picture: bytes) -> None:
    for name in ("resnet", "../cnn", "", "CNN", "/etc/passwd"):
        query = {"model": name}
        answer = server.client.post("v1/read", params=query, content=picture, headers=PNG)
        assert fault(answer)[:2] == (404, "unknown_model")


@pytest.mark.parametrize("value", ["2", "-0.1", "nan", "inf", "sure", "", "1,5"])
def test_a_query_that_makes_no_sense_is_422_in_one_sentence(
    server: Server, picture: bytes, value: str
) -> None:
    for name, needed in (("threshold", "a number from 0 to 1"), ("single", "true or false")):
        answer = server.client.post(f"v1/read?{name}={value}", content=picture, headers=PNG)
        said = f"`{name}` must be {needed}, not {value!r}."
        assert fault(answer) == (422, "bad_input", said)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("v1/read?modle=cnn", "there is no 'modle' in the query; known is: `single`, `model`"),
        ("v1/read?model=cnn&model=mlp", "`model` is in the query twice; give it once."),
        ("v1/settings?x=", "there is no 'x' in the query; known is: none."),
        ("v2/models/cnn?version=1", "there is no 'version' in the query; known is: none."),
    ],
)
def test_a_query_with_a_name_that_is_not_known_or_twice_there_is_refused(
    server: Server, picture: bytes, path: str, said: str
) -> None:
    way = server.client.post if "read" in path else server.client.get
    answer = way(path, **({"content": picture, "headers": PNG} if "read" in path else {}))
    assert (answer.status_code, said in str(answer.json()["error"])) == (422, True)


def test_a_field_that_is_not_known_is_refused(server: Server, picture: bytes) -> None:
    image = base64.b64encode(picture).decode()
    asked = [
        server.client.post("v1/read", json={"image": image, "single": True}),
        server.client.post("v1/read", files={"file": picture}, data={"single": "true"}),
        server.client.post("v1/inside", json={"image": image, "model": "mlp"}),
    ]
    for answer, where in zip(asked, ("JSON", "form", "JSON"), strict=True):
        status, code, said = fault(answer)
        assert (status, code, f"in the {where}; known is: `" in said) == (422, "bad_input", True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 10_000 + "]" * 10_000, 400),
        ('{"image":' * 10_000 + "1" + "}" * 10_000, 400),
        ('{"image": NaN}', 400),
        ("", 400),
        ('{"image": "QUJD"', 400),
        ("[]", 422),
        ("3", 422),
        ("{}", 422),
        ('{"image": null}', 422),
        ('{"image": 5}', 422),
        ('{"image": ["QUJD"]}', 422),
        ('{"image": "not base64!"}', 422),
        ('{"image": "data:image/png,plain"}', 422),
        ('{"image": "QUJD"}', 400),
    ],
)
def test_json_that_holds_no_picture_is_refused(server: Server, body: str, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = server.client.post("v1/read", content=body.encode(), headers=headers)
    assert fault(answer)[0] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"nonsense", 400),
        (b"--b\r\n\r\n\r\n--b--\r\n", 400),
        (part(b'name="file"', b"text") + b"--b--\r\n", 422),
        (part(b'name="f"; filename="f"', b"x") + b"--b--\r\n", 422),
        (part(b'name="file"; filename="f"', b"cut off"), 422),
        (part(b'name="file"; filename="f"', b"") + b"--b--\r\n", 400),
        (part(b'name="a"; filename="f"', b"x") * 50, 400),
        (part(b'name="\xff"; filename="\xff"', b"x") + b"--b--\r\n", 422),
    ],
)
def test_a_form_that_holds_no_picture_is_refused(server: Server, body: bytes, status: int) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert fault(server.client.post("v1/read", content=body, headers=headers))[0] == status


def test_a_form_without_a_boundary_is_refused(server: Server) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    assert fault(server.client.post("v1/read", content=b"--b--", headers=headers))[0] == 400
