"""Numbers, lists and types in sentences."""

from collections.abc import Iterable


def count(n: int, what: str) -> str:
    """1 error, 2 errors, 1,000 errors."""
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def listed(words: Iterable[object]) -> str:
    """One, two and three."""
    *most, last = map(str, words)
    return f"{', '.join(most)} and {last}" if most else last


def kind_of(value: object) -> str:
    """The name of its type with an article: "a list", "an OnnxModel"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def percent(share: float, digits: int = 2) -> str:
    """0.9964 as "99.64 %"."""
    return f"{100 * share:.{digits}f} %"


def fine_percent(share: float) -> str:
    """A small share with two figures that count: 0.00127 as "0.13 %", 0.000041 as "0.0041 %"."""
    if share <= 0:
        return "0 %"
    for digits in range(2, 8):
        if 100 * share >= 10 ** (1 - digits):
            return percent(share, digits)
    return "under 0.000001 %"


def scaled(number: float) -> str:
    """280234 as "280 thousand", 6434048 as "6.4 million"."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= size:
            shown = number / size
            return f"{shown:.{1 if shown < 10 else 0}f} {word}"
    return f"{number:,.0f}"


def write_p(p: float) -> str:
    """A p value with two figures, "p < 0.0001" where it is that small."""
    return f"p = {p:.2g}" if p >= 1e-4 else "p < 0.0001"
