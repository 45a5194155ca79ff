"""A reading as Python, JSON, FastAPI, pandas and a notebook take it."""

import io
import json
import pickle
import sys
import types

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request
from PIL import Image

from digit_classifier.errors import PictureError
from digit_classifier.reader import Digit, DigitReader, Reading, overlay
from reader import drawing
from support import run_async


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def test_it_prints_as_one_line(digits: DigitReader, folder) -> None:
    reading = digits.read(folder / "12.png")
    line = repr(reading)
    assert str(reading) == line
    assert line.startswith("<Reading '12', ")
    assert line.endswith(f"from {folder / '12.png'}>")
    assert line.count("%") == 2
    assert "\n" not in repr(digits.read(drawing.page("1/2")))
    assert "nothing stands out from the paper" in repr(digits.read(np.zeros((9, 9), np.uint8)))
    (broken,) = digits.read_many([folder / "broken.png"])
    assert "broken.png is not a picture" in repr(broken)
    assert repr(reading.digits[0]).startswith("<Digit 1, ")
    assert repr(digits) == "<DigitReader linear>"


def test_it_is_a_mapping_of_plain_values(digits: DigitReader) -> None:
    reading = digits.read(drawing.page("37"))
    assert dict(reading) == reading.to_dict() == json.loads(json.dumps(reading.to_dict()))
    assert reading["text"] == "37"
    assert [digit["digit"] for digit in reading["digits"]] == [3, 7]
    assert {reading: 1}[reading] == 1


def test_a_fastapi_route_may_return_it(digits: DigitReader) -> None:
    app = FastAPI()

    @app.post("/plain")
    async def plain(request: Request):
        return digits.read(await request.body())

    @app.post("/typed")
    async def typed(request: Request) -> Reading:
        return digits.read(await request.body())

    @app.post("/many")
    async def many(request: Request) -> list[Digit]:
        return digits.read(await request.body()).digits

    data = png(drawing.page("37"))
    expected = digits.read(data).to_dict()

    async def ask(route: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            if route == "openapi.json":
                return await client.get(route)
            return await client.post(route, content=data)

    given = {
        route: run_async(ask(route)).json() for route in ("plain", "typed", "many", "openapi.json")
    }
    assert given["plain"] == given["typed"] == expected
    assert given["many"] == expected["digits"]
    answer = given["openapi.json"]["paths"]["/typed"]["post"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["type"] == "object"


def test_pickling_keeps_all_but_the_picture(digits: DigitReader) -> None:
    reading = digits.read(drawing.page("37"))
    copied = pickle.loads(pickle.dumps(reading))
    assert copied.to_dict() == reading.to_dict()
    assert copied == reading == digits.read(drawing.page("37"))
    assert len({copied, reading}) == 1
    assert reading != digits.read(drawing.page("38"))
    assert reading.digits[0] != reading.digits[1]
    assert (copied.digits[0].image == reading.digits[0].image).all()
    assert len(pickle.dumps(reading)) < 6000


def test_a_copy_may_be_of_another_name(digits: DigitReader) -> None:
    reading = digits.read(drawing.page("3"))
    assert reading.replace(file="x.png").to_dict() == {**reading.to_dict(), "file": "x.png"}
    assert reading.file is None


def test_what_was_read_from_a_file_or_is_given_again_is_drawn(digits: DigitReader, folder) -> None:
    seen = digits.read(folder / "3.png")
    page = drawing.page("3")
    drawn = np.asarray(overlay.draw(page, seen))
    assert (np.asarray(seen.draw()) == drawn).all()
    assert (np.asarray(digits.read(page).draw(page)) == drawn).all()
    with pytest.raises(PictureError):
        seen.draw(b"no picture")


def test_without_its_picture_what_the_network_saw_is_drawn(digits, monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)  # a notebook keeps its pictures
    drawn = digits.read(drawing.page("37")).draw()
    assert drawn.size == (2 * overlay.CELL, overlay.CELL + overlay.CAPTION)


def test_a_notebook_shows_the_picture_and_what_was_seen(digits: DigitReader, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    page = drawing.page("3<7".replace("<", " "))
    reading = digits.read(io.BytesIO(png(page)))
    assert reading.draw().height > page.shape[0]
    shown = reading._repr_html_()
    assert reading.text in shown
    assert '<img alt="' in shown
    for _ in range(40):  # later ones take its place: a long loop must not fill the memory
        digits.read(page)
    assert reading.draw().height == overlay.CELL + overlay.CAPTION


def test_a_notebook_shows_why_nothing_was_read(digits: DigitReader, tmp_path) -> None:
    blank = digits.read(np.full((50, 60), 255, np.uint8))._repr_html_()
    assert "no digit" in blank
    assert "nothing stands out from the paper" in blank
    (tmp_path / "<b>.png").write_text("no picture")
    (broken,) = digits.read_many([tmp_path / "<b>.png"])
    assert "&lt;b&gt;.png is not a picture" in broken._repr_html_()
