"""Contact sheets: every picture whole, below its caption."""

import numpy as np
from PIL import Image

from digit_classifier import contact_sheet


def test_pictures_stand_whole_in_rows():
    tiles = [
        (f"{side}.png", Image.new("RGB", (side, side), (255, 0, side))) for side in (40, 90, 60)
    ]
    pixels = np.asarray(contact_sheet.draw([*tiles, ("... and 7 more", None)], columns=2))
    places = [np.argwhere((pixels == (255, 0, side)).all(axis=2)) for side in (40, 90, 60)]
    assert [len(place) for place in places] == [40 * 40, 90 * 90, 60 * 60]
    first, second, third = places
    assert first[:, 1].max() < second[:, 1].min()
    assert third[:, 0].min() > second[:, 0].max()


def test_a_long_caption_ends_where_its_tile_ends():
    long, short = (np.asarray(contact_sheet.draw([(text, None)], 1)) for text in ("x" * 500, "x"))
    assert long.shape == short.shape
    assert len(np.unique(long[:, -8:])) == 1
