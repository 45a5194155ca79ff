"""Muon for convolutions as well as for matrices."""

from typing import Any

import keras
from keras import ops


class Muon(keras.optimizers.Muon):  # type: ignore[misc]
    """Keras's Muon, which hands kernels of convolutions to Adam, with them as matrices instead.

    A kernel (height, width, inputs, filters) is the matrix (height x width x inputs, filters) that
    a convolution multiplies patches with. Biases and norms stay with Adam.

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
