"""Fetch the handwriting and print fonts that hands write with, for training only.

    python tools/fonts.py [FAMILY ...]

They come from npm's @fontsource packages, so npm must be installed; their licences (OFL, Apache,
MIT) allow it, and none is shipped or committed. Each is kept as NAME.ttf in DIGITS_FONTS, else in
the cache. What is there already is not fetched again.
"""

import json
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont

from digit_classifier.atomic import write_bytes
from digit_classifier.drawn import faces

LICENCES = {"OFL-1.1", "Apache-2.0", "MIT", "mit"}


def fetch(names: list[str], folder: Path) -> list[str]:
    """Fetch families into a folder, those that are missing there.

    Returns:
        A sentence for each that cannot be used.
    """
    missing = [name for name in names if not (folder / f"{name}.ttf").is_file()]
    if not missing:
        return []
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "package.json").write_text('{"private": true}')
        packages = [f"@fontsource/{name}" for name in missing]
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
        subprocess.run(command, cwd=place, check=True)
        scope = Path(place) / "node_modules" / "@fontsource"
        return [said for name in missing if (said := _keep(scope / name, name, folder))]


def _keep(package: Path, name: str, folder: Path) -> str | None:
    """Unpack a family's Latin face into the folder, or say why not."""
    licence = json.loads((package / "package.json").read_text("utf-8"))["license"]
    if licence not in LICENCES:
        return f"{name}: its licence is {licence}, need one of {', '.join(sorted(LICENCES))}"
    file = package / "files" / f"{name}-latin-400-normal.woff2"
    if not file.is_file():
        return f"{name}: no regular Latin face in its package"
    font = TTFont(file)
    if missing := [digit for digit in "0123456789" if ord(digit) not in font.getBestCmap()]:
        return f"{name}: it has no {' '.join(missing)}"
    font.flavor = None  # no longer compressed for the web
    plain = BytesIO()
    font.save(plain)
    write_bytes(folder / f"{name}.ttf", plain.getvalue())
    return None


def main() -> None:
    names = sys.argv[1:] or [*faces.HANDWRITING, *faces.PRINT]
    folder = faces.folder()
    try:
        faults = fetch(names, folder)
    except FileNotFoundError:
        sys.exit(
            "npm was not found, and it fetches the fonts: install Node.js, then run this again"
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"npm could not fetch the fonts and ended with {error.returncode}; see above")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(list(folder.glob('*.ttf')))} fonts in {folder}")


if __name__ == "__main__":
    main()
