"""Networks of other runtimes, asked as ONNX Runtime's sessions are: see `onnx_model.Session`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_TYPES = {"uint8": "tensor(uint8)", "float16": "tensor(float16)", "float32": "tensor(float)",
          "float64": "tensor(double)"}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        name: of the tensor.
        type: as ONNX Runtime writes it.
        shape: None where any number will do.
    """

    name: str
    type: str
    shape: list[int | None]

    @classmethod
    def of(cls, name: str, dtype: Any, shape: Any) -> "Tensor":
        """Of a dtype of numpy or its name, and a shape in which -1 stands for any number, too."""
        sides = [None if side is None or int(side) < 0 else int(side) for side in shape]
        name_of_type = np.dtype(dtype).name
        return cls(name, _TYPES.get(name_of_type, name_of_type), sides)


@dataclass(frozen=True)
class Session:
    """A loaded network.

    Attributes:
        given: what goes in.
        outputs: what comes out.
        call: an array to the outputs, by name.
        custom_metadata_map: what the file says of itself.
    """

    given: Tensor
    outputs: list[Tensor]
    call: Callable[[np.ndarray], dict[str, np.ndarray]]
    custom_metadata_map: dict[str, str] = field(default_factory=dict)

    def get_inputs(self) -> list[Tensor]:
        """One."""
        return [self.given]

    def get_outputs(self) -> list[Tensor]:
        """All."""
        return self.outputs

    def get_modelmeta(self) -> "Session":
        """What holds `custom_metadata_map`."""
        return self

    def run(self, names: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of these names."""
        answers = self.call(feeds[self.given.name])
        return [answers[name] for name in names]
