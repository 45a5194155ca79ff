"""`digits data`: show, download, verify and draw the labelled images."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digit_classifier.cli import flags
from digit_classifier.cli.opening import load_aloud, progress_bars
from digit_classifier.cli.streams import warn
from digit_classifier.shell import digits
from digit_classifier.words import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from digit_classifier.dataset import Dataset
    from digit_classifier.dataset.loading import Place

_FOLDER = click.Path(path_type=Path)


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show where MNIST is on this machine; download, verify or draw it.

    \b
    Examples:
      digits data                         what is where
      digits data download                fetch MNIST (12 MB) into the cache
      digits data download --data-dir mnist
      digits data verify                  check every copy, byte by byte
      digits data show --out digits.png   a contact sheet

    MNIST is by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0.
    """
    if context.invoked_subcommand is None and "verified" not in _survey(_all_places()):
        click.echo(f"Fetch MNIST with: {digits('data', 'download')}")
        click.echo("With no network, a sample of 5,000 images is built in: --dataset sample")


@command.command()
@click.option("--data-dir", type=_FOLDER, help="Put the files here, not into the cache.")
@click.option("--cache", "to_cache", is_flag=True, help="Put them into the cache (the default).")
def download(data_dir: Path | None, to_cache: bool) -> None:
    """Fetch MNIST's four files, 12 MB, and check their sha256.

    What is already there is kept, and a download that broke off goes on where it stopped.

    \b
    Addresses to ask instead of the public ones can be given in DIGITS_MIRRORS, separated by
    spaces: each is a prefix before the files' names.
    """
    from digit_classifier import cache
    from digit_classifier.dataset import download, loading
    from digit_classifier.errors import OptionError

    if data_dir and to_cache:
        raise OptionError("--data-dir and --cache are two places; give one.")
    label = "data folder" if data_dir else "cache"
    place = loading.Place(label, data_dir or cache.folder() / "mnist")
    with progress_bars() as progress:
        download.fetch(place.path, progress=progress, replace=data_dir is None)
    dataset = loading.read_mnist(place)
    click.echo(f"MNIST is in {place.path}: {dataset.counts}, verified.")
    if data_dir:
        click.echo(f"Use it: {digits('train', '--data-dir', place.path)}")


@command.command()
@click.option("--data-dir", type=_FOLDER, help="Check this folder (or .npz) only.")
def verify(data_dir: Path | None) -> None:
    """Check every copy of MNIST on this machine against the published digest.

    Exits with 2 where a copy is damaged or is other data, with 1 where there is none. Data of your
    own have no digest to be checked against: `digits data show` says what they are read as.
    """
    from digit_classifier.dataset import loading
    from digit_classifier.errors import DataError, StorageError

    given = loading.given_folder(data_dir)
    wanted = [given] if data_dir and given else _all_places()
    states = _survey(wanted)
    if data_dir and given and given.path.exists() and not {"verified", "incomplete"} & set(states):
        raise DataError(
            f"{given.path} is not MNIST as it was published. If it is data of your own: "
            f"{digits('data', 'show', given.path)}. To have MNIST: {digits('data', 'download')}"
        )
    if "damaged" in states:
        raise DataError(
            f"{states.count('damaged')} of {len(wanted)} places hold something that is not MNIST, "
            f"see above. Remove it and run: {digits('data', 'download')}"
        )
    if "verified" not in states:
        fetch = digits("data", "download")
        raise StorageError(f"there is no copy to verify. Fetch one with: {fetch}")


@command.command()
@click.argument("path", required=False, metavar="[PATH]")
@click.option("--out", type=_FOLDER, metavar="FILE.png",
              help="Where the PNG goes.  [default: digits.png; with --augmented augmented.png,"
                   " with --pages pages.png]")  # fmt: skip
@click.option("--dataset", default="auto", show_default=True,
              help="auto, mnist, sample, or a path; as in `digits train`.")  # fmt: skip
@click.option("--data-dir", type=_FOLDER, help="A folder that holds MNIST.")
@click.option("--offline", is_flag=True, help="Download nothing.")
@click.option("--strict", is_flag=True, help="Refuse a folder of which anything is left out.")
@flags.turning
@click.option("--part", type=click.Choice(["train", "test"]), default="train", show_default=True,
              help="Which images to draw.")  # fmt: skip
@click.option("--augmented", is_flag=True,
              help="One training image of each class, and how a recipe distorts it.")  # fmt: skip
@click.option("--pages", type=click.IntRange(min=1), metavar="N",
              help="N synthetic pages of writing as the finder is trained on, with their "
                   "boxes.")  # fmt: skip
@click.option("--model", default="cnn", show_default=True, metavar="NAME",
              help="Whose recipe: mlp, quick, small or cnn; with --augmented.")  # fmt: skip
@click.option("--recipe", metavar="NAME",
              help="Which recipe; with --augmented.  [default: the network's own, as in "
                   "`digits train`]")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Which images or pages, and of the distortions; with --augmented or "
                   "--pages.")  # fmt: skip
def show(
    path: str | None,
    out: Path | None,
    dataset: str,
    part: str,
    augmented: bool,
    pages: int | None,
    model: str,
    recipe: str | None,
    seed: int,
    **loading: Any,
) -> None:
    """Draw a contact sheet: twenty images of each class, or what training makes of them.

    PATH is short for --dataset PATH. It says how many images there are of each digit, too, and
    what was left out.

    \b
    Examples:
      digits data show
      digits data show --dataset sample --out sample.png
      digits data show --dataset my-digits/ --part test
      digits data show train.csv
      digits data show --augmented --model small --recipe best
      digits data show --pages 48 --dataset sample
    """
    from digit_classifier import contact_sheet
    from digit_classifier.atomic import check_png, check_spares, fresh, write_png
    from digit_classifier.errors import OptionError

    if augmented and pages:
        raise OptionError("--augmented and --pages are two sheets; give one.")
    sheet_of = "augmented" if augmented else "pages" if pages else "digits"
    meant = {"augmented": ("model", "recipe", "seed"), "pages": ("seed",), "digits": ("part",)}
    for name in ("part", "model", "recipe", "seed"):
        if name not in meant[sheet_of] and flags.given([name]):
            able = [f"--{sheet}" for sheet, names in meant.items() if name in names]
            if name == "part":
                raise OptionError(f"--{sheet_of} needs training images, so it takes no --part.")
            raise OptionError(
                f"{' or '.join(able)} is missing; without it --{name} has no meaning."
            )
    if path and flags.given(["dataset"]):
        raise OptionError(f"{path} and --dataset {dataset} are two data sets; give one.")
    dataset = path or dataset
    out = check_png(out or fresh(f"{sheet_of}.png"))
    check_spares(out, dataset)
    load = partial(load_aloud, dataset, **loading)
    if augmented:
        _draw_augmented(out, load, model, recipe, seed)
        return
    data = load()
    if pages:
        _draw_pages(out, data, pages, seed)
        return
    images, labels = (
        (data.train_images, data.train_labels)
        if part == "train"
        else (data.test_images, data.test_labels)
    )
    rows = contact_sheet.by_class(images, labels)
    count = sum(len(row.images) for row in rows)
    words = "training" if part == "train" else "test"
    caption = f"{data.counts}; here {count} of the {words} images, each pixel drawn 2 x 2"
    write_png(out, contact_sheet.draw_rows(rows, data.name, caption))
    _print_counts(data)
    click.echo(f"{out}: {count} {words} images of {data.name}")


def _print_counts(data: "Dataset") -> None:
    import numpy as np

    rows = {"digit": range(10)} | {
        name: np.bincount(labels, minlength=10)
        for name, labels in (("training", data.train_labels), ("test", data.test_labels))
    }
    for name, row in rows.items():
        click.echo(f"{name:8} " + " ".join(f"{number:>6,}" for number in row))


def _draw_augmented(
    out: Path, load: "Callable[[], Dataset]", model: str, recipe: str | None, seed: int
) -> None:
    from digit_classifier import contact_sheet
    from digit_classifier.atomic import write_png
    from digit_classifier.training import distortions, networks
    from digit_classifier.training.backend import check_installed, start

    recipe, amounts = networks.find_distortions(model, recipe)
    check_installed("tensorflow")
    data = load()
    start("tensorflow", lean=True)
    rows = distortions.show(data.train_images, data.train_labels, amounts, seed)
    copies = f"{distortions.COPIES} distorted copies of each"
    caption = (
        f"left: training images of {data.name}; right: {copies}, as drawn in "
        f"training\n{distortions.describe(amounts)}"
    )
    title = f"How the recipe {recipe} of {model} distorts training images"
    write_png(out, contact_sheet.draw_rows(rows, title, caption, leading=1))
    images = count(len(rows), "image")
    click.echo(f"{out}: {images} of {data.name}, {distortions.COPIES} copies of each")


def _draw_pages(out: Path, data: "Dataset", n: int, seed: int) -> None:
    import numpy as np

    from digit_classifier import contact_sheet
    from digit_classifier.atomic import write_png
    from digit_classifier.drawn import faces
    from digit_classifier.drawn.pages import draw_page

    for note in faces.notes():
        warn(note)
    pages = [
        draw_page(np.random.default_rng([seed, page]), data.train_images, data.train_labels)
        for page in range(n)
    ]
    write_png(out, contact_sheet.draw([page.outlined() for page in pages], columns=6))
    click.echo(f"{out}: {count(n, 'page')} of digits like those of {data.name}")


def _all_places() -> "list[Place]":
    from digit_classifier.dataset import loading

    given = loading.given_folder(None)
    return ([given] if given else []) + loading.usual_places()


def _survey(wanted: "list[Place]") -> list[str]:
    """Print what is at each place, a line each."""
    from digit_classifier.dataset import loading

    colours = {"verified": "green", "incomplete": "yellow", "damaged": "red"}
    findings = [loading.inspect(place) for place in wanted]
    for found in findings:
        state = click.style(found.state, colours.get(found.state))
        detail = f" ({found.detail})" if found.detail else ""
        click.echo(f"{found.place.label}: {state}: {found.place.path}{detail}")
    return [found.state for found in findings]
