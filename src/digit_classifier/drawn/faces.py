"""The fonts that hands write with: which families, where they lie, and which are held out.

`tools/fonts.py` fetches them; they are never shipped. Their licence is the OFL or Apache's, and of
comic-mono, condiment and nova-script the MIT licence. A sixth of the families, chosen by their
names, is kept from training, to measure what it makes of hands that it never saw.
"""

import functools
import importlib.util
import os
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digit_classifier import cache
from digit_classifier.errors import MissingExtraError

FOLDER_VARIABLE = "DIGITS_FONTS"
TALL = 64  # pixels of a tall digit

_HANDWRITING = """
    alex-brush allura amatic-sc annie-use-your-telescope architects-daughter bad-script
    balsamiq-sans berkshire-swash birthstone bubblegum-sans caveat caveat-brush cedarville-cursive
    chewy chilanka comic-mono comic-neue comic-relief condiment cookie corinthia courgette
    covered-by-your-grace damion dancing-script delicious-handrawn delius ephesis farsan
    finger-paint freehand gaegu gloria-hallelujah gochi-hand grand-hotel grandstander great-vibes
    handlee happy-monkey herr-von-muellerhoff homemade-apple indie-flower italianno itim kalam
    kaushan-script kiwi-maru knewave lemonada licorice liu-jian-mao-cao lobster lobster-two
    londrina-solid long-cang ma-shan-zheng mansalva marck-script medievalsharp mochiy-pop-one
    montecarlo mouse-memoirs mr-de-haviland ms-madi nanum-brush-script nanum-pen-script neucha
    nova-script oooh-baby opendyslexic pacifico parisienne patrick-hand permanent-marker
    pinyon-script playpen-sans poor-story reenie-beanie rochester rock-salt sacramento satisfy
    schoolbell shadows-into-light shantell-sans short-stack smooch sniglet sriracha
    sue-ellen-francisco swanky-and-moo-moo tangerine the-girl-next-door vibur whisper yellowtail
    yomogi yusei-magic zcool-kuaile zen-kurenaido zhi-mang-xing"""
_PRINT = """
    anton arvo courier-prime dm-serif-display fira-sans ibm-plex-mono inconsolata lato
    merriweather nunito old-standard-tt open-sans orbitron oswald poppins press-start-2p pt-serif
    righteous roboto roboto-condensed roboto-slab saira-stencil-one share-tech-mono source-serif-4
    space-mono special-elite varela-round vt323"""
HANDWRITING = tuple(_HANDWRITING.split())
PRINT = tuple(_PRINT.split())
# What matplotlib brings, where no fonts were fetched.
DEJAVU = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif")
STIX = ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol")


def folder() -> Path:
    """Where the fonts are looked for: DIGITS_FONTS, else `fonts` in the cache of this package."""
    named = os.environ.get(FOLDER_VARIABLE)
    return cache.expand(named) if named else cache.chosen() / "fonts"


def is_held_out(family: str) -> bool:
    """Whether training must not see a family: told by its name, so that it stays so."""
    return zlib.crc32(family.encode()) % 6 == 0


def families(kind: tuple[str, ...], held_out: bool) -> tuple[Path, ...]:
    """Files of the families of a kind that were fetched.

    Args:
        kind: `HANDWRITING` or `PRINT`.
        held_out: those kept from training, or the others.
    """
    return _files(folder(), kind, held_out)


@functools.cache
def _files(place: Path, kind: tuple[str, ...], held_out: bool) -> tuple[Path, ...]:
    names = [name for name in kind if is_held_out(name) == held_out]
    return tuple(path for name in names if (path := place / f"{name}.ttf").is_file())


@functools.cache
def builtin(held_out: bool) -> tuple[Path, ...]:
    """Print fonts that are always there; as `of_matplotlib`."""
    return tuple(of_matplotlib(name) for name in (STIX if held_out else DEJAVU))


def of_matplotlib(name: str) -> Path:
    """The file of a font that matplotlib brings.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    # found without importing matplotlib, which takes a second
    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("matplotlib, whose fonts draw letters,", "train")
    place = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    return place / f"{name}.ttf"


def notes() -> tuple[str, ...]:
    """What whoever draws must be told of the fonts: that there are none."""
    if families(HANDWRITING, held_out=False):
        return ()
    return (
        f"no handwriting fonts in {folder()}, so pages are drawn in fewer hands; fetch them with "
        f"`python tools/fonts.py`, or set {FOLDER_VARIABLE} to where they are.",
    )


@functools.cache
def _face(path: Path) -> ImageFont.FreeTypeFont:
    """A face at the size at which its 8 is `TALL` pixels tall."""
    _, top, _, bottom = ImageFont.truetype(path, 100).getbbox("8")
    return ImageFont.truetype(path, round(100 * TALL / max(bottom - top, 1)))


def write(text: str, path: Path, margin: int = 4) -> np.ndarray:
    """Set `text` in a face, on the scale on which its 8 is `TALL` pixels tall.

    Returns:
        uint8, shape (height, width): paper 0, ink 255, `margin` pixels round the ink.
    """
    face = _face(path)
    left, top, right, bottom = face.getbbox(text)
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=255, font=face)
    return np.asarray(image)
