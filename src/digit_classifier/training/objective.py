"""What a training step makes small: cross-entropy on digits as the recipe distorts them."""

from collections.abc import Callable
from typing import Any

from digit_classifier.training.backend import Objective, compile_alone
from digit_classifier.training.distortions import distort
from digit_classifier.training.recipes import Recipe

CLASSES = 10


def make_objective(recipe: Recipe, *, late: bool = False) -> Objective:
    """Turn a recipe into loss and right answers of one batch.

    Args:
        recipe: whose loss and distortions.
        late: distort as in the recipe's last epochs.

    The result takes a function from images to logits (b, 10), uint8 images (b, 28, 28), uint8
    labels (b,), where 10 means no digit, and a seed of two integers; it gives the mean
    cross-entropy in nats and the number of digits answered rightly.
    """
    smoothing, distortions = recipe.label_smoothing, recipe.late if late else recipe.distortions
    bend = (
        compile_alone(lambda images, seed: distort(images, distortions, seed))
        if distortions
        else None
    )

    def objective(call: Callable[[Any], Any], images: Any, labels: Any, seed: Any) -> Any:
        import keras
        from keras import ops

        x = bend(images, seed) if bend else images
        logits = call(x)
        right = ops.equal(ops.cast(ops.argmax(logits, axis=-1), "uint8"), labels)
        hits = ops.sum(ops.cast(right, "float32"))
        if not (smoothing or recipe.nondigits):
            losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            return ops.mean(losses), hits
        known = ops.one_hot(labels, CLASSES)  # no digit: a row of zeros
        targets = known * (1 - smoothing) + smoothing / CLASSES
        digit = ops.sum(known, axis=-1, keepdims=True)
        targets = digit * targets + (1 - digit) / CLASSES
        losses = keras.losses.categorical_crossentropy(targets, logits, from_logits=True)
        return ops.mean(losses), hits

    return objective
