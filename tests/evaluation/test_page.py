"""The page: figures flush right, pictures that are part of it, nothing that breaks it."""

import html5lib
import pytest

from digit_classifier import plotting
from digit_classifier.evaluation.page import Part, embed_svg, is_number, render, tie
from digit_classifier.evaluation.section import ReportFigure, Section, Table

FACTS = {
    "title": "What <b> & co are worth", "subtitle": "Judged by “drawn”",
    "tiles": [("1 %", "of it")],
    "made": "1 May 2026", "seconds": 2.0, "worked": 3.0, "machine": "a machine",
    "versions": "Versions: some",
}  # fmt: skip


@pytest.fixture(scope="module")
def svg(tmp_path_factory):
    from matplotlib.figure import Figure

    path = tmp_path_factory.mktemp("figure") / "figure"
    with plotting.style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="a line", color=plotting.BLUE)
        axes.set_title("1 < 2 & so on")
        axes.legend()
        plotting.save(figure, path)
    return path.with_suffix(".svg").read_text("utf-8")


def document(svg, names=("one", "two")):
    figures = [ReportFigure(name, "What <it> shows & says.", lambda: None) for name in names]
    tables = [
        Table(["Digit", "", "Share"], [["<0>", 1234, "12.5 %"]], "A & B"),
        Table(["", ""], [["sha256", "ab" * 32]]),
        Table(["Nothing"], []),
    ]
    section = Section("key", "Is 1 < 2?", ["Yes: 5 % & more.", "<script>alert(1)</script>"],
                      tables, figures)  # fmt: skip
    return render([Part(section, [svg] * len(figures), 1.25)], FACTS)


def test_the_page_is_html_without_error(svg):
    html5lib.HTMLParser(strict=True).parse(document(svg))


def test_what_is_said_is_text_and_never_markup(svg):
    page = document(svg)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "What &lt;b&gt; &amp; co are worth" in page


def test_pictures_are_in_the_page_each_with_ids_of_its_own(svg):
    tree = html5lib.parse(document(svg), namespaceHTMLElements=False)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    known = {f"#{name}" for name in ids}
    links = [value for element in tree.iter() for key, value in element.items() if "href" in key]
    assert links
    assert set(links) <= known


def test_colours_of_plots_are_those_of_the_page(svg):
    inside = embed_svg(svg, "p-", "a plot")
    for colour in ("#ffffff", plotting.INK, plotting.FAINT, plotting.BLUE):
        assert colour.lower() in svg.lower()
        assert colour.lower() not in inside.lower()
    assert "var(--ink)" in inside
    assert 'aria-label="a plot"' in inside


@pytest.mark.parametrize(
    ("cell", "number"),
    [(5, True), ("1,234", True), ("99.5 %", True), ("0.0 to 3.7", True), ("-", True),
     ("7 read as 1", False), ("MNIST", False), ("", False), ("ab12", False)],
)  # fmt: skip
def test_figures_are_told_from_words(cell, number):
    assert is_number(cell) == number


def test_a_figure_and_its_unit_stay_on_one_line():
    assert tie("99.5 % of 3 images in 2 ms") == "99.5\u00a0% of 3 images in 2\u00a0ms"
