"""The finder's network and its loss: for each cell of a grid, is there a digit, which, how large.

One output of stride 4, no anchors, as in Tian et al., "FCOS: Fully Convolutional One-Stage Object
Detection" (2019); centres as in Zhou et al., "Objects as Points" (2019).
"""

from typing import Any

import keras
from keras import layers, ops

STRIDE = 4
MULTIPLE = 16  # both sides of an image are multiples of it
DIGIT, OTHER, CLASSES, SIDES = 0, 1, slice(2, 12), slice(12, 16)
OUTPUTS = 16
UNIT = 8.0  # pixels: distance from a cell to a side of its box where the network answers 0
# Of focal loss: Lin et al., "Focal Loss for Dense Object Detection" (2017).
ALPHA, GAMMA = 0.35, 2.0
RARE = -4.0  # of all cells, about one in fifty is the middle of something


def build(precision: str = "float32", widths: tuple[int, ...] = (32, 56, 80)) -> Any:
    """Make the finder with fresh weights.

    Args:
        precision: a Keras dtype policy.
        widths: channels at strides 4, 8 and 16.
    Returns:
        A network from uint8 or float images, shape (n, height, width), 0 to 255, both sides
        multiples of 16, to float32 of shape (n, height / 4, width / 4, 16): logits of "middle of
        a digit" and "middle of other writing", logits of the ten digits, and the logarithms of the
        distances to the left, top, right and bottom side in units of 8 pixels.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return _build(widths)
    finally:
        keras.config.set_dtype_policy(before)


def _build(widths: tuple[int, ...]) -> Any:
    w4, w8, w16 = widths
    images = keras.Input((None, None), name="pixels")
    x = _contrast(images)
    x = _unit(x, w4, 8, strides=4)
    four = _unit(x, w4)
    eight = _residual(_unit(four, w8, strides=2), w8)
    sixteen = _unit(eight, w16, strides=2)
    for _ in range(2):
        sixteen = _residual(sixteen, w16)
    eight = layers.Add()([eight, _up(sixteen, w8)])
    eight = _residual(eight, w8)
    four = layers.Add()([four, _up(eight, w4)])
    four = _unit(four, 48)
    bias = keras.initializers.Constant([RARE, RARE] + [0.0] * (OUTPUTS - 2))
    answer = layers.Conv2D(OUTPUTS, 1, dtype="float32", bias_initializer=bias, name="boxes")(four)
    return keras.Model(images, answer, name="finder")


def _contrast(images: Any) -> Any:
    """Brightness, and brightness against its surroundings in units of their spread."""
    x = layers.Rescaling(1 / 255, dtype="float32")(images)
    grey = ExpandLast()(x)
    mean = _surroundings(grey)
    square = _surroundings(layers.Multiply(dtype="float32")([grey, grey]))
    local = Standardise()([grey, mean, square])
    return layers.Concatenate(dtype="float32")([grey, local])


def _surroundings(x: Any) -> Any:
    x = layers.AveragePooling2D(8, dtype="float32")(x)
    x = layers.AveragePooling2D(5, strides=1, padding="same", dtype="float32")(x)
    return Enlarge(8, dtype="float32")(x)


@keras.saving.register_keras_serializable("digit_classifier")
class Enlarge(layers.Layer):  # type: ignore[misc]
    """Keras's UpSampling2D, for images whose size is known only when they come."""

    def __init__(self, factor: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.factor = factor

    def call(self, x: Any) -> Any:
        """Bilinear, (n, h, w, c) to (n, factor h, factor w, c)."""
        import tensorflow as tf

        size = tf.shape(x)[1:3] * self.factor
        return tf.cast(tf.image.resize(x, size), x.dtype)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Of what `call` gives."""
        grown = [None if side is None else side * self.factor for side in shape[1:3]]
        return (shape[0], *grown, shape[3])

    def get_config(self) -> dict[str, Any]:
        """What it is made again from."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("digit_classifier")
class ExpandLast(layers.Layer):  # type: ignore[misc]
    """Adds the channel."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"dtype": "float32", **settings})

    def call(self, x: Any) -> Any:
        """(n, h, w) to (n, h, w, 1)."""
        return ops.expand_dims(x, -1)


@keras.saving.register_keras_serializable("digit_classifier")
class Standardise(layers.Layer):  # type: ignore[misc]
    """Local contrast: the difference from the local mean over the local standard deviation."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"dtype": "float32", **settings})

    def call(self, inputs: Any) -> Any:
        """Of grey, its local mean and the local mean of its square, each (n, h, w, 1)."""
        grey, mean, square = inputs
        spread = ops.sqrt(ops.maximum(square - mean * mean, 0.0) + 0.02**2)
        return ops.clip((grey - mean) / spread, -4.0, 4.0)


def _unit(x: Any, filters: int, size: int = 3, *, strides: int = 1, relu: bool = True) -> Any:
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95, epsilon=1e-5)(x)
    return layers.ReLU()(x) if relu else x


def _residual(x: Any, filters: int) -> Any:
    y = _unit(_unit(x, filters), filters, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _up(x: Any, filters: int) -> Any:
    return Enlarge(2)(layers.Conv2D(filters, 1, use_bias=False)(x))


def loss(answer: Any, target: Any) -> tuple[Any, ...]:
    """What is wrong with an answer.

    Args:
        answer: float32, shape (n, h, w, 16), as the network gives it.
        target: float32, shape (n, h, w, 7): digit and other, each 1, 0 or -1 for "either";
            the digit's class; distances to the four sides in pixels.
    Returns:
        The whole loss and its parts: finding digits, finding other writing, classes, boxes.
    Source: focal loss, and Rezatofighi et al., "Generalized Intersection over Union" (2019).
    """
    digit, other = target[..., 0], target[..., 1]
    is_digit = ops.cast(digit > 0.5, "float32")
    is_other = ops.cast(other > 0.5, "float32")
    digits = ops.maximum(ops.sum(is_digit), 1.0)
    written = digits + ops.sum(is_other)
    found = _focal(answer[..., DIGIT], digit) / digits
    told = _focal(answer[..., OTHER], other) / written
    labels = ops.one_hot(ops.cast(target[..., 2], "int32"), 10)
    labels = labels * 0.95 + 0.005
    classes = -ops.sum(labels * ops.log_softmax(answer[..., CLASSES], axis=-1), axis=-1)
    classes = ops.sum(classes * is_digit) / digits
    weight = is_digit + 0.5 * is_other
    sides = UNIT * ops.exp(ops.clip(answer[..., SIDES], -4.0, 3.5))
    boxes = ops.sum((1 - _overlap(sides, target[..., 3:7])) * weight) / ops.sum(weight + 1e-6)
    return found + 0.5 * told + 0.7 * classes + boxes, found, told, classes, boxes


def right(answer: Any, target: Any) -> tuple[Any, Any]:
    """How many middles of digits there are, and how many are found and told rightly."""
    is_digit = ops.cast(target[..., 0] > 0.5, "float32")
    told = ops.argmax(answer[..., CLASSES], axis=-1) == ops.cast(target[..., 2], "int32")
    found = ops.logical_and(answer[..., DIGIT] > 0, ops.cast(told, "bool"))
    return ops.sum(is_digit), ops.sum(is_digit * ops.cast(found, "float32"))


def _focal(logits: Any, target: Any) -> Any:
    counted = ops.cast(target > -0.5, "float32")
    truth = ops.maximum(target, 0.0)
    p = ops.sigmoid(logits)
    right = p * truth + (1 - p) * (1 - truth)
    weight = ALPHA * truth + (1 - ALPHA) * (1 - truth)
    cross = ops.softplus(logits) - logits * truth
    return ops.sum(counted * weight * ops.power(1 - right, GAMMA) * cross)


def _overlap(a: Any, b: Any) -> Any:
    """Generalised IoU of boxes around a common point, given by the distances to their sides."""
    low, high = ops.minimum(a, b), ops.maximum(a, b)
    shared = (low[..., 0] + low[..., 2]) * (low[..., 1] + low[..., 3])
    hull = (high[..., 0] + high[..., 2]) * (high[..., 1] + high[..., 3])
    area_a = (a[..., 0] + a[..., 2]) * (a[..., 1] + a[..., 3])
    area_b = (b[..., 0] + b[..., 2]) * (b[..., 1] + b[..., 3])
    union = area_a + area_b - shared
    return shared / (union + 1e-6) - (hull - union) / (hull + 1e-6)
