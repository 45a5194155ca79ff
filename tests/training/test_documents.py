"""The Python of the documents, copied out of them and run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from digit_classifier.drawn import styles
from reader import drawing

ROOT = Path(__file__).parents[2]


def blocks(name: str) -> list[str]:
    """Its Python blocks, but for those that ask a server: tests/server runs these."""
    found = re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.M | re.S)
    return [block for block in found if "127.0.0.1" not in block]


SAID = {
    "README.md": ["42 [0."],
    "docs/python.md": [
        "<Reading '42', ",
        "no file missing.jpg",
        "Network   mlp",
        " of 1,000",
        "4 held-out pictures of own data: my-digits",
        "\nstart\n",
        "Did you mean epochs?",
    ],
}


@pytest.mark.parametrize("name", SAID)
def test_every_python_block_of_a_document_runs_after_those_before_it(tmp_path, name):
    Image.fromarray(drawing.page("42")).save(tmp_path / "photo.jpg", quality=95)
    for at, (image, label) in enumerate(zip(*styles.generate(20, 5), strict=True)):
        kept = tmp_path / "my-digits" / str(label) / f"{at}.png"
        kept.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(kept)
    code = "\n".join(blocks(name))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=280,
        env={**os.environ, "DIGITS_MIRRORS": "http://127.0.0.1:9"},  # no network: the sample
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in SAID[name]:
        assert words in done.stdout
