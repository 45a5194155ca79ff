"""How sure a proportion is."""

import math

# With fewer images the 95 % interval of a good network is wider than one point in a hundred.
MANY = 1000


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % Wilson score interval of the proportion `hits / n`.

    Args:
        hits: how many of the `n` were right, 0 <= hits <= n.
        n: how many were tried, at least 1.
        z: the normal quantile; the default leaves 2.5 % on either side.
    Returns:
        Lower and upper bound, both in [0, 1].
    Raises:
        ValueError: hits or n out of range.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
        inference", JASA 22 (1927), formula for p1 and p2.
    """
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"hits must lie in 0..n and n be positive, got {hits} of {n}")
    p = hits / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def caveat(n: int) -> str:
    """What to say beside a share that was measured on `n` images; "" where they are enough."""
    if n >= MANY:
        return ""
    return f"So few as {n:,} image{'s' * (n != 1)} tell little: mind the interval."
