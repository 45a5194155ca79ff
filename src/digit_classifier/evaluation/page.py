"""The report as one HTML file: style, pictures and all inside, nothing asked of any server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from digit_classifier import plotting
from digit_classifier.atomic import write_text
from digit_classifier.errors import OptionError
from digit_classifier.evaluation.section import Section
from digit_classifier.machine import count_cores, list_versions, name_processor
from digit_classifier.shell import option
from digit_classifier.words import count

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
    environment.filters |= {"is_number": is_number, "tied": tie, "written": write_cell}
    shown = [
        {
            "section": part.section,
            "figures": [
                (figure, embed_svg(svg, f"{figure.name}-", figure.caption))
                for figure, svg in zip(part.section.figures, part.pictures, strict=True)
            ],
            "seconds": part.seconds,
        }
        for part in parts
    ]
    return environment.get_template(TEMPLATE.name).render(parts=shown, **{"worked": 0, **facts})


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


METRICS = "metrics.json"
# What a step does with the progress of its own: (what, done, of how much)
Step = Callable[[Callable[[str, int, int], None]], Section]


@dataclass(frozen=True, eq=False)
class Report:
    """A report or a comparison that was written.

    Attributes:
        folder: where it is.
        sections: what it says, in order.
        metrics: what metrics.json holds; under "seconds" how long it took.
    """

    folder: Path
    sections: list[Section]
    metrics: dict[str, Any]


def describe_making(made_by: str, *packages: str) -> dict[str, Any]:
    """What every metrics.json says of itself: which command, when, where, which versions."""
    return {
        "made_by": made_by,
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": {"processor": name_processor(), "cores": count_cores()},
        "versions": list_versions("mnist-digit-classifier", "numpy", "onnxruntime", *packages),
    }


def say_making(metrics: dict[str, Any]) -> dict[str, str]:
    """The same in the words of the page's foot."""
    made, machine = datetime.fromisoformat(metrics["made"]), metrics["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in metrics["versions"].items())
    return {
        "made_by": metrics["made_by"],
        "made": f"{made.day} {made:%B %Y}",
        "machine": f"{machine['processor']} with {count(machine['cores'], 'core')}",
        "versions": f"Versions: {versions}",
    }


def check_place(out: Path, made_by: str) -> None:
    """See that nothing but an earlier folder of the same kind would be overwritten.

    Args:
        out: where a folder is to be written.
        made_by: the command that writes it, as its metrics.json says.
    Raises:
        OptionError: a file, or a folder that holds something else.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise OptionError(f"{out} is a file; a report is a folder. Choose another {option('out')}.")
    found = {file.name for file in out.iterdir()}
    try:
        metrics = json.loads((out / METRICS).read_text("utf-8"))
        ours = set(metrics["files"]) if metrics["made_by"] == made_by else set()
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    if strange := sorted(found - ours):
        raise OptionError(
            f"{out} holds {strange[0]}, which is of no report; choose another {option('out')}, or "
            "move it away. Only a report is replaced by a report."
        )


def render_section(step: Step, folder: Path, tell: Callable[[str, int, int], None]) -> Part:
    """Measure one section and draw its pictures into `folder`, as PNG and as SVG.

    Raises:
        StorageError: a file cannot be written.
    """
    began = time.perf_counter()
    section = step(tell)
    pictures = []
    for figure in section.figures:
        tell(f"drawing {figure.name.replace('_', ' ')}", 1, 1)
        with plotting.style():
            plotting.save(figure.draw(), folder / figure.name)
        pictures.append((folder / f"{figure.name}.svg").read_text("utf-8"))
    return Part(section, pictures, time.perf_counter() - began)


def write_metrics(folder: Path, metrics: dict[str, Any]) -> dict[str, Any]:
    """Write metrics.json, which also lists the folder's files.

    Args:
        folder: with all other files in it.
        metrics: what it is to hold, "made_by" among it.
    Returns:
        What it holds.
    Raises:
        StorageError: it cannot be written.
    """
    files = sorted([METRICS, *(file.name for file in folder.iterdir())])
    metrics = {**metrics, "files": files}
    text = json.dumps(plain(metrics), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / METRICS, text + "\n")
    return metrics


def plain(value: Any) -> Any:
    """Numpy's numbers as Python's, and None for what is not finite: JSON has no word for it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
