"""What pages look like: pens, papers, lights and cameras."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Style:
    """How a page looks.

    Attributes:
        rows, columns: digits on the page.
        height: of a digit, pixels.
        ink, paper: colours.
        pen: strokes grown (above 0) or thinned (below 0), share of the digit's height.
        space: between digits, share of the digit's height; below 0 they run together.
        margin: around the writing, share of the digit's height.
        rotate: degrees.
        light: how much darker the darkest corner is, 0 to 1.
        shadow: darkness of a hard-edged shadow across the page, 0 to 1.
        ruled, squared: colour of printed lines.
        noise: standard deviation, grey levels.
        blur: pixels.
        jpeg: quality, 0 for none.
        desk: colour of a desk that shows along the edges.
        jitter: how unevenly digits are placed and sized.
        dots: specks of dust.
        uneven: how much the pen's pressure varies, 0 to 1.
        perspective: how much smaller the far side is, 0 to 1.
        shrink: final scale of the whole picture.
    """

    rows: int = 1
    columns: int = 5
    height: int = 60
    ink: Colour = (30, 30, 40)
    paper: Colour = (250, 250, 250)
    pen: float = 0.0
    space: float = 0.35
    margin: float = 0.8
    rotate: float = 0.0
    light: float = 0.0
    shadow: float = 0.0
    ruled: Colour | None = None
    squared: Colour | None = None
    noise: float = 0.0
    blur: float = 0.0
    jpeg: int = 0
    desk: Colour | None = None
    jitter: float = 0.08
    dots: int = 0
    uneven: float = 0.0
    perspective: float = 0.0
    shrink: float = 1.0


BLUE, RED, WHITE, PENCIL = (40, 60, 160), (190, 40, 40), (245, 245, 245), (120, 120, 125)
STYLES: dict[str, Style] = {
    "plain": Style(),
    "inverse": Style(ink=WHITE, paper=(0, 0, 0)),
    "one, tight": Style(columns=1, margin=0.1),
    "one, wide canvas": Style(columns=1, height=120, margin=3.0),
    "one, hairline on 1000 px": Style(columns=1, height=800, margin=0.15, pen=-0.07),
    "one, brush": Style(columns=1, height=200, margin=0.4, pen=0.08),
    "one, 28 px": Style(columns=1, height=22, margin=0.15),
    "one, 28 px photo": Style(
        columns=1, height=22, margin=0.15, paper=(190, 170, 140), light=0.15, noise=4, jpeg=80
    ),
    "one, no margin, 16 px": Style(columns=1, height=16, margin=0.0, jitter=0.0),
    "strip of 28 px": Style(height=24, margin=0.1, columns=8),
    "strip of 28 px, light ink": Style(
        height=24, margin=0.1, columns=8, ink=WHITE, paper=(0, 0, 0)
    ),
    "yellow on light blue": Style(ink=(240, 210, 60), paper=(155, 215, 235), height=90),
    "red on green": Style(ink=(200, 80, 70), paper=(90, 150, 80), height=90),
    "faint light ink": Style(ink=(28, 28, 28), paper=(0, 0, 0), height=22, margin=0.2, columns=1),
    "pencil photo": Style(
        ink=PENCIL, paper=(200, 198, 190), light=0.35, noise=3, blur=0.7, jpeg=75, rows=2
    ),
    "shadow": Style(ink=BLUE, paper=(215, 210, 200), shadow=0.45, noise=2, jpeg=80, rows=2),
    "strong vignette": Style(paper=(200, 200, 195), light=0.65, noise=2, jpeg=80, rows=2),
    "warm lamp": Style(paper=(240, 190, 120), ink=(70, 50, 60), light=0.4, noise=3, jpeg=75),
    "ruled": Style(ruled=(150, 175, 215), paper=(245, 243, 235), ink=BLUE, rows=3, jpeg=85),
    "ruled, dark lines": Style(ruled=(70, 70, 80), paper=(245, 243, 235), ink=(30, 30, 90), rows=3),
    "ruled, askew": Style(ruled=(120, 150, 200), rotate=3.5, rows=3, noise=2, jpeg=80),
    "squared": Style(squared=(160, 190, 215), ink=(40, 40, 60), rows=2, jpeg=85),
    "squared, askew photo": Style(
        squared=(140, 170, 200), ink=BLUE, rows=2, rotate=-3, light=0.3, noise=2, jpeg=80
    ),
    "squared, dark, askew": Style(
        squared=(110, 125, 150), paper=(236, 231, 219), ink=BLUE, rows=2, height=130, rotate=1.6,
        light=0.3, noise=2, blur=0.9, jpeg=88,
    ),
    "squared, pencil, askew": Style(
        squared=(190, 200, 205), paper=(236, 231, 219), ink=PENCIL, rows=2, height=130, pen=0.03,
        rotate=-4, light=0.3, noise=2, blur=0.9, jpeg=80,
    ),
    "askew 5": Style(rotate=5, rows=4, columns=7, height=40),
    "askew -5": Style(rotate=-5, rows=4, columns=7, height=40),
    "desk": Style(desk=(60, 45, 40), paper=(225, 222, 215), rows=2, noise=3, jpeg=80, rotate=2),
    "desk, light wood": Style(
        desk=(170, 125, 80), paper=(232, 230, 225), rows=2, noise=3, jpeg=80, rotate=-2
    ),
    "perspective": Style(perspective=0.2, rows=3, paper=(215, 212, 205), noise=2, jpeg=80),
    "grain": Style(noise=14, paper=(200, 200, 200), rows=2),
    "bad JPEG": Style(jpeg=20, rows=2),
    "dust": Style(dots=30, rows=2),
    "thin pen": Style(height=120, pen=-0.045, rows=2),
    "marker": Style(height=90, pen=0.05, rows=2, space=0.5),
    "uneven pen": Style(uneven=0.7, rows=2),
    "touching": Style(space=-0.04, columns=3, jitter=0.02),
    "close": Style(space=0.08, columns=6),
    "wild": Style(jitter=0.22, space=0.5, rows=2),
    "blackboard": Style(
        ink=(225, 225, 215), paper=(45, 65, 55), light=0.4, noise=5, blur=0.8, rows=2, uneven=0.4
    ),
    "12 megapixels": Style(
        rows=2, columns=5, height=420, margin=1.6, paper=(205, 200, 190), ink=BLUE, light=0.35,
        noise=4, blur=1.2, jpeg=85, pen=-0.03,
    ),
    "small on a big page": Style(
        rows=1, columns=6, height=60, margin=14, paper=(215, 212, 205), light=0.3, noise=3, jpeg=85
    ),
}  # fmt: skip
