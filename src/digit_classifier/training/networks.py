"""The networks: uint8 images in, probabilities of the ten digits out, each in a few lines of Keras.

Each is one function, registered with its recipes and all that is to be said of it; a package of
yours adds one through the entry point group `digit_classifier.networks`. Keras is imported when a
network is built, so that their names can be listed without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from digit_classifier.errors import OptionError
from digit_classifier.registry import Registry
from digit_classifier.training.recipes import FINAL, GENTLE, MEDIUM, STRONG, Recipe

if TYPE_CHECKING:
    import keras

    from digit_classifier.training.distortions import Distortions

SIDE = 28
CLASSES = 10


@dataclass(frozen=True)
class Network:
    """A network by name.

    Attributes:
        name: what the command line calls it.
        summary: one line for the user.
        layers: makes what stands between the scaling and the last Dense layer, or, with `train`,
            all that this asks for.
        recipes: how it is trained, by name.
        xla: whether XLA should compile its training step on a CPU. XLA makes a step of dense
            layers ten times faster there, and a step of convolutions slower.
        weaknesses: what is known to go wrong, for its card, a sentence each.
        train: trains it in place of `session`, where it has data, loss and answers of its own. It
            is called with the `TrainConfig`, the `Recipe` with what that overrides put in, the
            `RunFolder` to go on with or None for a new one, the `Listener`, and `lean` for
            `backend.start`, which it calls; it gives a `Run`.
    """

    name: str
    summary: str
    layers: Callable[[], list[Any]]
    recipes: dict[str, Recipe]
    xla: bool = False
    weaknesses: tuple[str, ...] = ()
    train: Callable[..., Any] | None = None

    def recipe(self, name: str) -> Recipe:
        """The recipe of this name.

        Raises:
            OptionError: the network has no such recipe.
        """
        if name not in self.recipes:
            known = ", ".join(self.recipes)
            raise OptionError(f"{self.name} has no recipe {name!r}. Choose from: {known}.")
        return self.recipes[name]

    @property
    def usual_recipe(self) -> str:
        """The recipe that is taken where none is asked for: classic, else best, else its first."""
        return next(n for n in ("classic", "best", *self.recipes) if n in self.recipes)


NETWORKS: Registry[Network] = Registry("network", "digit_classifier.networks")


def network(
    name: str,
    summary: str,
    recipes: dict[str, Recipe],
    *,
    xla: bool = False,
    weaknesses: tuple[str, ...] = (),
    train: Callable[..., Any] | None = None,
) -> Callable[[Callable[[], list[Any]]], Callable[[], list[Any]]]:
    """Register a network, by the function that makes its layers; arguments as in `Network`."""

    def add(layers: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
        known = Network(name, summary, layers, recipes, xla, weaknesses, train)
        NETWORKS.register(name, known)
        return layers

    return add


def find(name: str) -> Network:
    """The network of that name.

    Raises:
        OptionError: there is none.
    """
    if name not in NETWORKS:
        raise OptionError(f"no network is called {name!r}. Choose from: {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def find_distortions(model: str, name: str | None) -> tuple[str, Distortions]:
    """A recipe's name, the network's usual one where none is given, and its distortions.

    Raises:
        OptionError: no such network or recipe, or one that distorts nothing.
    """
    network = find(model)
    name = name or network.usual_recipe
    found = network.recipe(name).distortions
    if found is None:
        known = [
            f"{n.name} {r}"
            for n in NETWORKS.values()
            for r, e in n.recipes.items()
            if e.distortions
        ]
        raise OptionError(
            f"the recipe {name} of {model} distorts nothing. These do: {', '.join(known)}."
        )
    return name, found


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


@network(
    "mlp",
    "the original: Dense 32, Dense 32, Dense 10; 26,506 weights",
    {
        # The original project's: Adam at its defaults, 10 epochs of 32. Never to be touched.
        "classic": Recipe(holds_out=False),
        # Adam fits so few weights less closely to distorted images in as many epochs, at any batch
        # size and rate that was tried.
        "best": Recipe(
            epochs=1000,
            batch_size=256,
            optimiser="muon",
            learning_rate=0.01,
            schedule="cosine",
            weight_decay=0.004,
            distortions=GENTLE,
        ),
        "fast": Recipe(
            epochs=8, batch_size=128, learning_rate=6e-3, schedule="cosine", warmup=0.2, final=0.001
        ),
        "tune": Recipe(
            epochs=8,
            batch_size=256,
            learning_rate=0.01,
            schedule="cosine",
            distortions=GENTLE,
            mix=0.97,
            images=49_152,
        ),
    },
    xla=True,
    weaknesses=(
        "Reads MNIST's own digits well and other people's clearly worse than the "
        "convolutional networks: it sees each pixel's place, not shapes.",
        "Was never shown anything that is no digit, so its confidence says little about "
        "scribbles and letters. Use cnn to tell digits from other things.",
    ),
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


# Of convolutions, which learn a hand from few images of it; more cost seconds.
_TUNE = Recipe(
    epochs=4,
    batch_size=64,
    optimiser="adamw",
    learning_rate=5e-4,
    schedule="cosine",
    weight_decay=0.02,
    label_smoothing=0.05,
    distortions=MEDIUM,
    mix=0.75,
    images=1024,
    precision="mixed_bfloat16",
)


@network(
    "quick",
    "two convolutions: 99 % in seconds of training",
    {
        "fast": Recipe(
            epochs=2,
            batch_size=256,
            learning_rate=0.01,
            schedule="cosine",
            warmup=0.2,
            final=0.001,
            precision="mixed_bfloat16",
        ),
        "tune": _TUNE,
    },
)
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


_CONVOLUTIONAL = Recipe(
    epochs=40,
    batch_size=128,
    optimiser="adamw",
    learning_rate=0.01,
    schedule="cosine",
    warmup=0.1,
    final=0.001,
    weight_decay=0.02,
    label_smoothing=0.05,
    distortions=STRONG,
    ema=0.999,
    nondigits=0.1,
    styles=0.05,
    precision="mixed_bfloat16",
)


@network(
    "small",
    "five convolutions in under 30,000 weights",
    {"best": replace(_CONVOLUTIONAL, distortions=MEDIUM, nondigits=0.0), "tune": _TUNE},
    weaknesses=(
        "Was never shown anything that is no digit: it rejects few letters and scribbles.",
        "Was taught gentle distortions only; very thick, thin or blurred pens are read worse "
        "than by cnn.",
    ),
)
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


@network(
    "cnn",
    "what `digits predict` reads with; file under 2 MB",
    {
        # Muon is in twenty epochs where AdamW is in sixty.
        "best": replace(
            _CONVOLUTIONAL,
            epochs=20,
            optimiser="muon",
            learning_rate=0.015,
            final_distortions=FINAL,
            final_share=0.2,
        ),
        "long": replace(
            _CONVOLUTIONAL, epochs=60, learning_rate=6e-3, final_distortions=FINAL, final_share=0.2
        ),
        "tune": replace(_TUNE, nondigits=0.1),
    },
    weaknesses=(
        "Some non-digits are read as digits: see the share rejected above. Letters and signs "
        "that look like digits are read as those digits: O, D, Q, l, S, Z, B, T, u, g, "
        "slashes and brackets.",
        "A 1 with a long flag and a 7 without a bar are close to each other; MNIST holds few "
        "flagged ones, and those that it was taught were drawn by this project.",
        "Digits that are not Arabic numerals as written in Europe and America were never shown.",
    ),
)
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


def _train_finder(*asked: Any) -> Any:
    from digit_classifier.training.finder import session  # only where it is wanted

    return session.train(*asked)


@network(
    "finder",
    "finds the digits of a picture for the others; trained on drawn pages",
    {
        "best": Recipe(
            epochs=60,
            batch_size=32,
            optimiser="adamw",
            learning_rate=3e-3,
            schedule="cosine",
            warmup=0.05,
            final=0.01,
            weight_decay=0.02,
            ema=0.999,
            precision="mixed_bfloat16",
        )
    },
    train=_train_finder,
    weaknesses=(
        "Letters and signs among digits are still taken for digits, or for a `?`: most often a b, "
        "a y, an equals sign and a brace.",
        "A stroke of a form, a table's rule or the edge of a desk is now and then a 1, and noise "
        "on empty paper a `?`.",
        "Pages that are turned by more than some 20 degrees were never shown.",
    ),
)
def _finder() -> list[Any]:
    """Its layers are in `training.finder.network`: it answers with boxes, not with ten numbers."""
    return []
