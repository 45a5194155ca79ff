"""The networks: uint8 images in, probabilities of the ten digits out, each in a few lines of Keras.

Keras is imported when a network is built, so that their names can be listed without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from digit_classifier.errors import OptionError

if TYPE_CHECKING:
    import keras

SIDE = 28
CLASSES = 10


@dataclass(frozen=True)
class Network:
    """A network by name.

    Attributes:
        name: what the command line calls it.
        summary: one line for the user.
        layers: makes what stands between the scaling and the last Dense layer.
        xla: whether XLA should compile its training step on a CPU. XLA makes a step of dense
            layers ten times faster there, and a step of convolutions slower.
    """

    name: str
    summary: str
    layers: Callable[[], list[Any]]
    xla: bool


def find(name: str) -> Network:
    """The network of that name.

    Raises:
        OptionError: there is none.
    """
    if name not in NETWORKS:
        raise OptionError(f"no network is called {name!r}. Choose from: {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def build(name: str, *, logits: bool = False, precision: str = "float32") -> keras.Sequential:
    """Make a network with fresh weights, drawn from Keras's global seed.

    The same name always has the same weights in the same order, so weights trained on logits
    can be set in the network that gives probabilities.

    Args:
        name: a key of `NETWORKS`.
        logits: leave out the final softmax. Training does, because a loss computed from logits
            keeps its gradient where a probability has rounded to 0 or 1.
        precision: a Keras dtype policy, "float32" or "mixed_bfloat16". Weights, scaling and the
            last layer are float32 in both.
    Returns:
        A network from uint8 or float images, shape (n, 28, 28), 0 to 255, to float32 of shape
        (n, 10): probabilities, or logits.
    Raises:
        OptionError: no network has this name.
    """
    network = find(name)
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        hidden = network.layers()
    finally:
        keras.config.set_dtype_policy(before)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE)),
            keras.layers.Rescaling(1 / 255, dtype="float32", name="scale"),
            *hidden,
            keras.layers.Dense(
                CLASSES,
                activation=None if logits else "softmax",
                dtype="float32",
                name="digits",
            ),
        ],
        name=name,
    )


def _mlp() -> list[Any]:
    """The original network: 784-32-32-10, 26,506 weights."""
    from keras import layers

    return [
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
    ]


def _convolution(filters: int, size: int, padding: str = "same", pool: bool = False) -> list[Any]:
    """Convolution, halving, batch norm, ReLU.

    Halving comes before batch norm and ReLU: the result is the same wherever the norm's scale is
    positive, and those two then touch a quarter of the numbers, which is what a CPU waits for.
    """
    from keras import layers

    return [
        layers.Conv2D(filters, size, padding=padding, use_bias=False),
        *([layers.MaxPooling2D()] if pool else []),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
        layers.ReLU(),
    ]


def _quick() -> list[Any]:
    """What 99 % needs and no more; the first batch norm would cost more time than it saves."""
    from keras import layers

    return [
        layers.Reshape((SIDE, SIDE, 1)),
        layers.Conv2D(12, 5),
        layers.MaxPooling2D(),
        layers.ReLU(),
        *_convolution(24, 3, "valid", pool=True),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
    ]


def _small() -> list[Any]:
    from keras import layers

    return [
        layers.Reshape((SIDE, SIDE, 1)),
        *_convolution(16, 5, "valid", pool=True),
        *_convolution(24, 3),
        *_convolution(24, 3, pool=True),
        *_convolution(36, 3, "valid"),
        *_convolution(36, 3, "valid"),
        layers.GlobalMaxPooling2D(),
    ]


def _cnn() -> list[Any]:
    from keras import layers

    return [
        layers.Reshape((SIDE, SIDE, 1)),
        *_convolution(48, 5, "valid", pool=True),
        *_convolution(64, 3, "valid"),
        *_convolution(64, 3, "valid", pool=True),
        *_convolution(160, 3),
        *_convolution(160, 3, "valid"),
        layers.GlobalMaxPooling2D(),
    ]


NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        Network(
            "mlp", "the original: Dense 32, Dense 32, Dense 10; 26,506 weights", _mlp, xla=True
        ),
        Network("quick", "two convolutions: 99 % in seconds of training", _quick, xla=False),
        Network("small", "five convolutions in under 30,000 weights", _small, xla=False),
        Network("cnn", "what `digits predict` reads with; file under 2 MB", _cnn, xla=False),
    )
}
