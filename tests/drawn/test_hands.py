import numpy as np
import pytest

from digit_classifier.drawn import faces, hands, inking

IMAGES = np.zeros((20, 28, 28), np.uint8)
IMAGES[:, 4:24, 10:16] = 255
LABELS = np.arange(20) % 10


def test_the_same_seed_writes_the_same_bytes() -> None:
    def written() -> list[bytes]:
        rng = np.random.default_rng(5)
        made = []
        for _ in range(20):
            hand = hands.choose(rng, IMAGES, LABELS)
            pieces = [hand.digit(d, rng) for d in range(10)]
            pieces += [hand.writing(rng), hand.word(rng), hand.sign("=", rng)]
            made += [piece.tobytes() for piece in pieces]
        return made

    assert written() == written()


@pytest.mark.parametrize("held_out", [False, True])
def test_every_piece_is_cropped_to_its_ink(held_out: bool) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        hand = hands.choose(rng, IMAGES, LABELS, held_out)
        pieces = [hand.digit(d, rng) for d in range(10)] + [hand.writing(rng) for _ in range(10)]
        pieces += [hand.word(rng), *(hand.sign(name, rng) for name in hands.SIGNS)]
        for ink in pieces:
            assert ink.dtype == np.uint8
            assert min(edge.max() for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1])) > 0
        assert 30 < np.median([piece.shape[0] for piece in pieces[:10]]) < 100


def test_a_hand_whose_1_is_a_bar_draws_one_stroke() -> None:
    rng = np.random.default_rng(3)
    bars = 0
    for _ in range(60):
        hand = hands.choose(rng, IMAGES, LABELS)
        hand._bare = True
        if hand.source != "print" and hand.pen.width < 0.15:
            ink = hand.digit(1, rng)
            bars += 1
            high, wide = ink.shape
            filled = (ink > 96).sum(axis=1)
            assert filled.max() <= max(0.5 * high, 4)
            assert wide < high
    assert bars > 20


def test_a_hand_that_crosses_its_7_draws_a_bar_on_both_sides_of_the_stem() -> None:
    rng = np.random.default_rng(4)
    seven = np.zeros((80, 60), np.uint8)
    seven[8:12, 8:52] = seven[8:72, 40:46] = 255
    for _ in range(20):
        barred = hands._barred(seven, rng)
        (rows,) = np.nonzero((barred > 127).sum(axis=1) > (seven > 127).sum(axis=1))
        assert 25 < rows.min() <= rows.max() < 60
        bar = np.flatnonzero(barred[rows].max(axis=0) > 127)
        assert bar.min() < 38
        assert bar.max() > 47


def test_families_that_are_held_out_are_never_written_with_in_training(
    tmp_path, monkeypatch
) -> None:
    (typeface,) = (path for path in faces.builtin(False) if path.stem == "DejaVuSans")
    for family in (*faces.HANDWRITING, *faces.PRINT):
        (tmp_path / f"{family}.ttf").symlink_to(typeface)
    monkeypatch.setenv(faces.FOLDER_VARIABLE, str(tmp_path))
    rng = np.random.default_rng(2)
    shown = [hands.choose(rng, IMAGES, LABELS, held_out=False) for _ in range(300)]
    kept = [hands.choose(rng, IMAGES, LABELS, held_out=True) for _ in range(300)]
    shown_names = {path.stem for hand in shown for path in hand.faces}
    kept_names = {path.stem for hand in kept for path in hand.faces}
    assert len(shown_names) > 80
    assert len(kept_names) > 15
    assert not shown_names & kept_names
    assert {hand.source for hand in kept} == {"face", "print"}


def test_fonts_lie_in_the_cache_unless_they_have_a_folder_of_their_own(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv(faces.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("DIGITS_CACHE", str(tmp_path))
    assert faces.folder() == tmp_path / "fonts"
    monkeypatch.setenv(faces.FOLDER_VARIABLE, str(tmp_path / "own"))
    assert faces.folder() == tmp_path / "own"


def test_the_line_of_a_dot_is_a_dot() -> None:
    ink = np.zeros((6, 6), bool)
    ink[2:4, 2:4] = True
    assert inking.thinned(ink).any()
