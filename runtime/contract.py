"""What a model promises: the names, shapes, types and meaning of what goes in and comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .preprocessing import Step

Kind = Literal["probabilities", "logits", "regression", "image", "sequence", "boxes", "mask", "tokens", "embedding"]


@dataclass(frozen=True)
class Quantization:
    """One affine quantization for a whole tensor: ``real = scale * (stored - zero_point)``.

    Attributes:
        scale: The size of one step, in the tensor's real units; larger than zero.
        zero_point: The stored integer that means 0.0.
    """

    scale: float
    zero_point: int


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    Attributes:
        name: The name by which it is given and returned.
        shape: Its dimensions, batch first; None where the dimension is free.
        dtype: The numpy name of its element type, for example ``float32``.
        kind: What the values mean, which decides how drift is judged; None where nobody said.
        quantization: How the stored integers map to real values; None for tensors of real values.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    kind: Kind | None = None
    quantization: Quantization | None = None

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape fits, free dimensions matching any size.

        Args:
            shape: Of the array.

        Returns:
            Whether it does.
        """
        return len(shape) == len(self.shape) and all(
            want is None or want == have for want, have in zip(self.shape, shape, strict=True)
        )

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.dtype}[{sizes}]"


@dataclass(frozen=True)
class Metric:
    """The task's own measure of quality and how much of it an artifact may lose.

    Attributes:
        name: ``accuracy``: the share of samples whose most probable class is the label, in 0..1.
        max_drop: The largest loss that passes, in units of the metric (0.01 is one point of accuracy).
    """

    name: Literal["accuracy"]
    max_drop: float


@dataclass(frozen=True)
class ModelContract:
    """Everything that a caller must know to use the model rightly.

    Attributes:
        inputs: What the full-precision model takes, batch dimension free.
        outputs: What it returns, batch dimension free.
        task: What it does, for example ``image classification``.
        preprocessing: For an input's name, the steps from a decoded file to the input's values.
        labels: The name of each class, in the order of the output; empty without classes.
        metric: How quality is measured on labelled samples; None where it is not.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    task: str
    preprocessing: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    metric: Metric | None = None
