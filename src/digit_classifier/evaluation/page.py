"""The report as one HTML file: style, pictures and all inside, nothing asked of any server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digit_classifier import plotting
from digit_classifier.evaluation.section import Section

TEMPLATE = Path(__file__).with_name("page.html.jinja")
# Colours of the plots that a dark page turns: colour -> CSS variable.
_THEMED = {
    "#ffffff": "--page",
    plotting.INK: "--ink",
    plotting.FAINT: "--line",
    "#8C8C8C": "--axis",
    plotting.BLUE: "--blue",
    plotting.ORANGE: "--orange",
    plotting.GREEN: "--green",
    plotting.PURPLE: "--purple",
}
_NUMBER = re.compile(r"[-−]?[\d.,]+( to [\d.,]+)?( %| ms| MB)?|-")


@dataclass(frozen=True)
class Part:
    """A section with its pictures drawn.

    Attributes:
        section: what it says.
        pictures: the SVG text of each figure, in their order.
        seconds: how long measuring and drawing took.
    """

    section: Section
    pictures: Sequence[str]
    seconds: float


def render(parts: Sequence[Part], facts: Mapping[str, Any]) -> str:
    """Make the page.

    Args:
        parts: the sections.
        facts: what the head and the foot of the page say: title, subtitle, tiles (pairs of a
            figure and what it is), machine, versions, made (when), seconds and, where it is
            known, worked (processor seconds).
    Returns:
        An HTML document.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "embedded": embed_svg, "is_number": is_number, "tied": tie, "written": write_cell
    }  # fmt: skip
    return environment.get_template(TEMPLATE.name).render(parts=parts, **{"worked": 0, **facts})


def is_number(cell: object) -> bool:
    """Whether a cell of a table is a figure, to be set flush right."""
    return isinstance(cell, int | float) or bool(_NUMBER.fullmatch(str(cell)))


def write_cell(cell: str | int | float) -> str:
    """A cell of a table, thousands set apart."""
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def tie(text: str) -> str:
    """Keep figures and their units on one line."""
    return re.sub(r"(?<=\d) (?=(%|s|ms|MB|nats|degrees|pixels)\b|%)", "\u00a0", str(text))


def embed_svg(svg: str, prefix: str, label: str) -> str:
    """Make an SVG file of matplotlib's part of an HTML page, in the page's colours.

    Args:
        svg: the file's text.
        prefix: put before its ids, which else would be those of the next picture too.
        label: what it shows, for those who do not see it.
    Returns:
        Markup that may stand in HTML as it is.
    """
    from markupsafe import Markup, escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", svg, flags=re.S)
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()  # type: ignore[union-attr]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
    )
    svg = head + svg[svg.index(">") + 1 :]
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
    # A space is a glyph without a path, which HTML does not allow.
    svg = re.sub(r'<path (id="[^"]*") (transform="[^"]*")\s*/>', r'<path \1 d="M0 0" \2/>', svg)
    for colour, variable in _THEMED.items():
        svg = re.sub(rf"{colour}\b", f"var({variable})", svg, flags=re.I)
    return Markup(re.sub(r"\s*\n\s*", " ", svg))
