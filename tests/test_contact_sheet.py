"""Contact sheets: every picture whole, below its caption; every pixel of every digit."""

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


def test_by_class_gives_a_row_for_each_class_spread_over_the_data():
    labels = np.array([7, 2] * 50, dtype=np.uint8)
    images = np.arange(100, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    rows = contact_sheet.by_class(images, labels, columns=5)
    assert [row.label for row in rows] == ["2", "7"]
    assert rows[0].images[:, 0, 0].tolist() == [1, 21, 41, 61, 81]
    assert rows[1].images[:, 0, 0].tolist() == [0, 20, 40, 60, 80]


def test_by_class_takes_what_there_is_where_there_is_little():
    images = np.zeros((3, 28, 28), np.uint8)
    rows = contact_sheet.by_class(images, np.array([1, 1, 9], np.uint8))
    assert [len(row.images) for row in rows] == [2, 1]


def test_every_pixel_of_every_image_is_on_the_sheet():
    images = np.random.default_rng(1).integers(0, 256, (6, 28, 28), dtype=np.uint8)
    page = np.asarray(
        contact_sheet.draw_rows(
            [contact_sheet.Row("a", images[:4]), contact_sheet.Row("b", images[4:])], "T"
        )
    )
    for image in images:
        tile = np.kron(255 - image, np.ones((2, 2), np.uint8))
        spots = np.lib.stride_tricks.sliding_window_view(page, tile.shape)
        candidates = np.argwhere(spots[:, :, 20, 20] == tile[20, 20])
        assert any(np.array_equal(spots[y, x], tile) for y, x in candidates)


def test_title_caption_and_labels_are_drawn():
    row = [contact_sheet.Row("", np.zeros((2, 28, 28), np.uint8))]
    bare = np.asarray(contact_sheet.draw_rows(row, ""))
    assert not (bare < 200).any()
    assert (np.asarray(contact_sheet.draw_rows(row, "MNIST"))[:60] < 60).any()
    assert (np.asarray(contact_sheet.draw_rows(row, "", "one\ntwo")) < 200).any()
    labelled = np.asarray(contact_sheet.draw_rows([contact_sheet.Row("7", row[0].images)], ""))
    assert (labelled[:, :72] < 60).any()


def test_what_leads_a_row_stands_apart_and_nothing_is_lost():
    images = np.full((3, 28, 28), 255, np.uint8)
    plain, apart = (
        np.asarray(contact_sheet.draw_rows([contact_sheet.Row("", images)], "", leading=leading))
        for leading in (0, 1)
    )

    def gaps(page):
        ink = np.flatnonzero((page == 0).any(axis=0))
        return np.diff(ink)[np.diff(ink) > 1].tolist()

    assert (plain == 0).sum() == (apart == 0).sum() == 3 * 56 * 56
    assert gaps(plain) == [5, 5]
    assert gaps(apart)[0] > 15
    assert gaps(apart)[1] == 5


def test_long_title_widens_the_sheet():
    row = [contact_sheet.Row("1", np.zeros((1, 28, 28), np.uint8))]
    assert (
        contact_sheet.draw_rows(row, "own data: " + "x" * 80).width
        > contact_sheet.draw_rows(row, "x").width
    )
