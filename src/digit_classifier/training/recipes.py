"""What a recipe is, and what its parts are made of; each network names its own, see `networks`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from digit_classifier.training.distortions import Distortions

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Recipe:
    """All that decides a training, but for the network, the data and the seed.

    Attributes:
        epochs: passes over the training images.
        batch_size: images in a step. The last, smaller batch of an epoch is trained on too.
        optimiser: "adam", "adamw", "sgd" (with Nesterov momentum) or "muon".
        learning_rate: the highest.
        schedule: "constant", or "cosine": up from a tenth over `warmup`, then down to `final`.
        warmup: share of all steps.
        final: the last learning rate, as a share of the highest.
        beta_1: Adam's first decay; momentum for "sgd".
        beta_2: Adam's second decay.
        weight_decay: per step, times the learning rate; weights only, not biases and norms.
        label_smoothing: share of the target spread evenly over the ten digits.
        distortions: what happens to each training image each time, or None.
        final_distortions: what happens to them instead in the last epochs, or None for no change.
        final_share: share of the epochs that are the last ones.
        ema: decay of the weights' running average, reached as `averaging` says; 0 for none. What
            is kept is the average or the plain weights, whichever does better on held-out images.
        nondigits: share of a batch that is no digit, with every digit equally wrong as target.
        styles: share of a batch drawn in styles that MNIST hardly holds, such as flagged ones.
        mix: share of an epoch that is MNIST's images, where one's own are learned from as well.
        images: how many images such an epoch is of, own ones seen again and again; more where there
            are more own ones. 0: as many as MNIST has.
        precision: a Keras dtype policy.
        holds_out: keep a twelfth of the training images out of training (see `hold_out`) and
            validate on them, so that the test set chooses nothing; False trains on all of them and
            shows the test set's figures after each epoch, as the original did.
    """

    epochs: int = 10
    batch_size: int = 32
    optimiser: Literal["adam", "adamw", "sgd", "muon"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    final: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    distortions: Distortions | None = None
    final_distortions: Distortions | None = None
    final_share: float = 0.0
    ema: float = 0.0
    nondigits: float = 0.0
    styles: float = 0.0
    mix: float = 0.0
    images: int = 0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    holds_out: bool = True

    @property
    def first_final_epoch(self) -> int:
        """The first that sees `final_distortions`, from 1; beyond the last where none does."""
        share = self.final_share if self.final_distortions else 0
        return self.epochs + 1 - round(share * self.epochs)


# As handwriting differs within MNIST. A network of 26,506 weights cannot learn more than these.
GENTLE = Distortions(rotation=8, scale=0.06, aspect=0.05, shear=0.12, shift=1.0, elastic=1.6)

# For a small network of convolutions.
MEDIUM = Distortions(rotation=10, scale=0.08, aspect=0.06, shear=0.15, shift=1.5, elastic=2.0)

# Other people's pens, scanners and photographs as well.
STRONG = Distortions(
    rotation=15,
    scale=0.12,
    aspect=0.12,
    shear=0.2,
    shift=2.0,
    elastic=2.5,
    pen=0.5,
    blur=0.3,
    contrast=0.25,
    erasure=0.1,
)

# Half as strong, for the last epochs: nearer to what will be asked.
FINAL = replace(GENTLE, shear=0.1, pen=0.25, blur=0.15, contrast=0.125, erasure=0.05)


def optimiser(recipe: Recipe, total_steps: int) -> keras.optimizers.Optimizer:
    """Make the recipe's optimiser, its schedule and its running average inside.

    Args:
        recipe: what to follow.
        total_steps: of the whole training, for the schedule.
    """
    from keras import optimizers

    rate = _rate(recipe, total_steps)
    settings: dict[str, Any] = {}
    kind = averaging if recipe.ema else lambda plain: plain
    if recipe.ema:
        settings |= {"use_ema": True, "ema_momentum": recipe.ema}
    if recipe.weight_decay:
        settings["weight_decay"] = recipe.weight_decay
    if recipe.optimiser == "sgd":
        made = kind(optimizers.SGD)(rate, momentum=recipe.beta_1, nesterov=True, **settings)
    elif recipe.optimiser == "muon":
        settings |= dict.fromkeys(("weight_decay", "adam_weight_decay"), recipe.weight_decay)
        made = kind(_muon())(rate, **settings)
    else:
        adam = optimizers.AdamW if recipe.optimiser == "adamw" else optimizers.Adam
        made = kind(adam)(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2, **settings)
    if recipe.weight_decay:
        made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def _muon() -> type[keras.optimizers.Optimizer]:
    """Keras's Muon, for convolutions as well as for matrices."""
    import keras
    from keras import ops

    class Muon(keras.optimizers.Muon):  # type: ignore[misc]
        """Takes kernels of convolutions as matrices, where Keras leaves them to Adam.

        A kernel (height, width, inputs, filters) is the matrix (height x width x inputs, filters)
        that a convolution multiplies patches with. Biases and norms stay with Adam.

        Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
        https://kellerjordan.github.io/posts/muon/.
        """

        def _should_use_adamw(self, variable: Any) -> bool:
            return len(variable.shape) != 4 and super()._should_use_adamw(variable)

        def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
            """Make a matrix orthogonal, nearly."""
            matrix = ops.reshape(x, (-1, x.shape[-1]))
            return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

        def lr_adjust(self, x: Any) -> Any:
            """Scale an update by the size of its matrix."""
            matrix = ops.reshape(x, (-1, x.shape[-1]))
            return ops.reshape(super().lr_adjust(matrix), x.shape)

    return Muon


def averaging(kind: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """An optimiser whose average of the weights fits any number of steps.

    Keras's begins with nearly untrained weights and forgets them after thousands of steps only.
    Here the decay after step t (from 0) is t / (t + 9), so that the average goes over the last
    ninth or so of the steps, until that reaches `ema_momentum` (0.999: after 8,991 steps).

    Source: the rule of `num_updates` in TensorFlow's `tf.train.ExponentialMovingAverage`, one step
    later, so that the untrained weights have no part in it.
    """
    from keras import ops

    class Averaging(kind):  # type: ignore[misc]
        def _update_model_variables_moving_average(self, variables: Any) -> None:
            steps = ops.cast(self.iterations, "float32")
            decay = ops.minimum(self.ema_momentum, steps / (steps + 9))
            averages = self._model_variables_moving_average
            for average, variable in zip(averages, variables, strict=True):
                average.assign(decay * average + (1 - decay) * variable)

    return Averaging


def _rate(recipe: Recipe, total_steps: int) -> Any:
    from keras.optimizers import schedules

    if recipe.schedule == "constant":
        return recipe.learning_rate
    rising = round(recipe.warmup * total_steps)
    return schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / 10 if rising else recipe.learning_rate,
        decay_steps=max(1, total_steps - rising),
        alpha=recipe.final,
        warmup_target=recipe.learning_rate if rising else None,
        warmup_steps=rising,
    )
