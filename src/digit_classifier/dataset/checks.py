"""What is odd about data that nobody has checked: digits that lack, copies, how images lie."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from digit_classifier.dataset.labelled import Arrays, Pixels, hashes
from digit_classifier.errors import ModelError
from digit_classifier.shell import option
from digit_classifier.words import listed

# So many training images of a digit are enough, however many more there are of others.
MIN_PER_DIGIT = 50
_SAMPLE, _TRIED = 300, 100  # images to read as they are, and in each other position
_ENOUGH = 20  # fewer images tell nothing
_GOOD, _BETTER = 0.7, 0.3  # an accuracy that cannot be chance, and one that is far better

_TURNS: dict[str, tuple[Callable[[Pixels], Pixels], str]] = {
    "as they are": (lambda x: x, ""),
    "transposed": (lambda x: x.transpose(0, 2, 1), "transpose"),
    "turned left": (lambda x: np.rot90(x, 1, (1, 2)), "np.rot90(images, 1, (1, 2))"),
    "turned upside down": (lambda x: np.rot90(x, 2, (1, 2)), "np.rot90(images, 2, (1, 2))"),
    "turned right": (lambda x: np.rot90(x, 3, (1, 2)), "np.rot90(images, 3, (1, 2))"),
    "mirrored": (lambda x: x[:, :, ::-1], "images[:, :, ::-1]"),
    "flipped top to bottom": (lambda x: x[:, ::-1], "images[:, ::-1]"),
    "transposed and turned upside down": (
        lambda x: np.rot90(x, 2, (1, 2)).transpose(0, 2, 1),
        "np.rot90(images, 2, (1, 2)).transpose(0, 2, 1)",
    ),
}


def composition(arrays: Arrays) -> tuple[str, ...]:
    """What a user should know of data that nobody has checked, a sentence each.

    Digits that are missing or hardly there, test images that are trained on as well, and images
    that are there under two labels.
    """
    train = np.bincount(arrays.train_labels, minlength=10)
    test = np.bincount(arrays.test_labels, minlength=10)
    found = []
    if not train.all():
        missing = listed(map(str, np.flatnonzero(train == 0)))
        found.append(f"no training images of {missing}, which a network then cannot learn.")
    rare = [
        digit for digit in range(10) if 0 < train[digit] <= min(MIN_PER_DIGIT, train.max() // 10)
    ]
    if rare:
        each = listed(f"{train[digit]} of {digit}" for digit in rare)
        most = int(train.argmax())
        found.append(f"only {each} to train on, where there are {train.max():,} of {most}.")
    if untested := np.flatnonzero((test == 0) & (train > 0)).tolist():
        found.append(f"no test images of {listed(map(str, untested))}.")
    if 2 * test.max() > (n := test.sum()) > test.max():
        usual = int(test.argmax())
        found.append(
            f"{test.max():,} of {n:,} test images are of {usual}: to answer {usual} to everything "
            f"is right in {100 * test.max() / n:.1f} %."
        )
    return (*found, *repeated(arrays))


def repeated(arrays: Arrays) -> tuple[str, ...]:
    """Images that are trained on and tested on, or are there under two labels."""
    train, test = hashes(arrays.train_images), hashes(arrays.test_images)
    found = []
    if known := np.count_nonzero(np.isin(test, train)):
        found.append(
            f"{known:,} of {len(test):,} test images are also among the training images, so the "
            "test says too little about new ones."
        )
    labels = np.concatenate([arrays.train_labels, arrays.test_labels])
    images, first, copies = np.unique(
        np.concatenate([train, test]), return_index=True, return_inverse=True
    )
    odd = np.flatnonzero(labels != labels[first][copies])
    if wrong := len(np.unique(copies[odd])):
        there = "is" if wrong == 1 else "are"
        pairs = Counter(tuple(sorted((labels[first[copies[n]]], labels[n]))) for n in odd)
        which = ", ".join(f"{one} and {other}" for (one, other), _ in pairs.most_common(3))
        found.append(
            f"{wrong:,} of {len(images):,} different images {there} there under two labels, "
            f"{'such as' if len(pairs) > 3 else 'as'} {which}."
        )
    return tuple(found)


def orientation(images: Pixels, labels: Pixels) -> tuple[str, ...]:
    """What the shipped cnn finds odd about labelled images; at most one sentence, else nothing.

    Args:
        images: uint8, shape (n, 28, 28); a few hundred of them are looked at, always the same.
        labels: uint8, shape (n,).
    Returns:
        That they are read far better turned, mirrored, inverted or stretched, and how to load them
        so; or that they are read well, but as other digits than their labels say.
    """
    from digit_classifier import weights
    from digit_classifier.onnx_model import OnnxModel

    if len(labels) < _ENOUGH:
        return ()
    try:
        model = OnnxModel(weights.find("cnn"))
    except ModelError:  # not shipped: nobody to ask
        return ()
    chosen = np.random.default_rng(0).permutation(len(labels))[:_SAMPLE]
    images, labels = images[chosen], labels[chosen]
    probabilities = model.predict(images)
    read = probabilities.argmax(axis=1)
    plain = float((read == labels).mean())
    if plain >= 1 - _BETTER:
        return ()
    share, how, advice = _best(model.predict, images[:_TRIED], labels[:_TRIED])
    n = len(labels)
    if share >= _GOOD and share >= plain + _BETTER:
        return (
            f"the shipped cnn reads {100 * plain:.0f} % of {n} sampled images as labelled, but "
            f"{100 * share:.0f} % when they are {how}. {advice}",
        )
    # Noise and other things than digits are read unsurely, or all as one.
    sure = np.median(probabilities.max(axis=1)) > 0.99
    various = np.bincount(read, minlength=10).max() < n / 2
    if sure and various and plain < 0.5:
        return (
            f"labels of {100 - 100 * plain:.0f} % of {n} sampled images are not what the shipped "
            "cnn surely reads in them: is the label file of another data set, or in another order?",
        )
    return ()


def _best(
    predict: Callable[[Pixels], np.ndarray], images: Pixels, labels: Pixels
) -> tuple[float, str, str]:
    """The accuracy of the best position, what was done, and how a user does the same."""
    top = max(int(images.max()), 1)
    stretch = 255 / top if top < 200 else 1.0
    base = np.rint(images * stretch).astype(np.uint8)
    best = (0.0, "", "")
    for inverted in (False, True):
        for how, (turn, way) in _TURNS.items():
            shown = np.ascontiguousarray(turn(255 - base if inverted else base))
            share = float((predict(shown).argmax(axis=1) == labels).mean())
            if share > best[0]:
                done = [*([how] if way else []), *(["inverted"] if inverted else [])]
                if stretch > 1:
                    done.append(f"multiplied by {stretch:.3g}")
                best = share, " and ".join(done), _advise(way, inverted, stretch)
    return best


def _advise(way: str, inverted: bool, stretch: float) -> str:
    names = [*([way] if way == "transpose" else []), *(["invert"] if inverted else [])]
    flags = [option(name, True) for name in names]
    steps = [f"images * {stretch:.3g}"] if stretch > 1 else []
    steps += [way] if way and way != "transpose" else []
    said = [f"change them first: {', then '.join(steps)}"] if steps else []
    said += [f"load them with {' and '.join(flags)}"] if flags else []
    words = ", and ".join(said)
    return words[:1].upper() + words[1:] + "."
