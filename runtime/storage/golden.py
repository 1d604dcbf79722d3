"""Golden samples: what the full-precision model answered to them, to be compared with on any machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import BadDocument

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Golden:
    """Samples and what the full-precision model answers to them.

    Attributes:
        inputs: By input name, float32 or integer, (samples, ...).
        references: By output name, the full-precision model's answer, (samples, ...).
        targets: The right answer for each sample, (samples,) for classes; None without labels.
        compressed: By output name, the answer of the compressed model in float, (samples, ...); empty where the model
            was not compressed.
    """

    inputs: dict[str, npt.NDArray[Any]]
    references: dict[str, npt.NDArray[Any]]
    targets: npt.NDArray[Any] | None = None
    compressed: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return min((len(array) for array in (*self.inputs.values(), *self.references.values())), default=0)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of ``golden.npz`` by their names there."""
        arrays = {f"input/{name}": array for name, array in self.inputs.items()}
        arrays |= {f"reference/{name}": array for name, array in self.references.items()}
        arrays |= {f"compressed/{name}": array for name, array in self.compressed.items()}
        return arrays if self.targets is None else {**arrays, "target": self.targets}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]], where: str) -> Golden:
        """Read what `to_arrays` gave.

        Args:
            arrays: By name.
            where: The file, for messages.

        Returns:
            The golden samples.

        Raises:
            BadDocument: A name is unknown, or the arrays hold different numbers of samples.
        """
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {"input": {}, "reference": {}, "target": {}, "compressed": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            if part not in parts or array.ndim == 0 or (part == "target") != (rest == ""):
                raise BadDocument("Golden samples break their format", where=where, got=name)
            parts[part][rest] = array
        counts = {name: len(array) for name, array in arrays.items()}
        if len(set(counts.values())) > 1:
            raise BadDocument("Golden arrays hold different numbers of samples", where=where, got=counts)
        return cls(parts["input"], parts["reference"], parts["target"].get(""), parts["compressed"])
