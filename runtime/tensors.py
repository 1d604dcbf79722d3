"""What one input or output of a model is: its name, shape, type and meaning."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["probabilities", "logits", "regression", "image", "sequence", "boxes", "mask", "tokens", "embedding"]


class Quantization(NamedTuple):
    """One affine quantization for a whole tensor: ``real = scale * (stored - zero_point)``.

    Attributes:
        scale: The size of one step, in the tensor's real units; larger than zero.
        zero_point: The stored integer that means 0.0.
    """

    scale: float
    zero_point: int


class TensorSpec(NamedTuple):
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
