"""How sure a proportion is, and temperatures that make a confidence mean what it says."""

import math

import numpy as np

from digit_classifier.words import count

# With fewer images the 95 % interval of a good network is wider than one point in a hundred.
MIN_IMAGES = 1000


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


def interval(hits: int, n: int, digits: int = 1) -> str:
    """The 95 % interval of a share (Wilson), in per cent: "1.2 to 3.4"."""
    return " to ".join(f"{100 * bound:.{digits}f}" for bound in wilson(hits, n))


def upper_bound(hits: int, n: int) -> float:
    """What the proportion behind `hits` of `n` is below with 95 % certainty.

    Args:
        hits: 0 <= hits <= n.
        n: at least 1.
    Source: Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of
        the binomial", Biometrika 26 (1934), one-sided. No hit: about 3 / n.
    """
    from scipy.special import betaincinv

    return 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 0.95))


def mcnemar(one: int, other: int) -> float:
    """How likely so uneven a split of the differing images is if neither model is better.

    Args:
        one: images that only one model read rightly.
        other: images that only the other read rightly.
    Returns:
        Two-sided p of the sign test, 0 to 1; 1 where no image differs.
    Source: Q. McNemar, "Note on the sampling error of the difference between correlated
        proportions or percentages", Psychometrika 12 (1947), in its exact form.
    """
    from scipy.stats import binomtest

    return float(binomtest(one, one + other, 0.5).pvalue) if one + other else 1.0


def caveat(n: int) -> str:
    """What to say beside a share that was measured on `n` images; "" where they are enough."""
    if n >= MIN_IMAGES:
        return ""
    tells = "tells" if n == 1 else "tell"
    return f"Only {count(n, 'image')}, which {tells} little: mind the interval."


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes the cross-entropy on some images least.

    Args:
        probabilities: float, shape (n, 10).
        labels: whole numbers, shape (n,).
    Returns:
        Between 0.05 and 20; 1 changes nothing, more makes every answer less sure.
    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
        section 4.2.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logits = np.log(np.clip(probabilities.astype(np.float64), 1e-12, 1.0))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities as they would be if the logits were divided by a temperature.

    Args:
        probabilities: float, shape (n, 10), rows summing to 1.
        temperature: above 0; 1 changes nothing, more makes rows more even.
    Returns:
        float64, shape (n, 10), rows summing to 1.
    """
    powers = np.maximum(probabilities.astype(np.float64), 1e-12) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
