"""What is said when a model cannot be carried: which layers, and why each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litefoot.runtime.errors import ConversionFailed


@dataclass(frozen=True)
class Refusal:
    """One layer or operation that cannot be carried.

    Attributes:
        name: Its name in the model.
        kind: Its class.
        reason: Why, in a few words.
    """

    name: str
    kind: str
    reason: str


class NotCarried(ConversionFailed):
    """A Keras 3 model that has no equal in tf_keras, or none that was found.

    Args:
        what: One sentence, without a final full stop.
        refusals: The layers that it is about; none where it is about the whole model.
        got: What was found, where it is about the whole model.
        expected: What should have been there.
        fix: What the reader can do about it.
    """

    def __init__(
        self,
        what: str,
        refusals: Sequence[Refusal] = (),
        *,
        got: object = None,
        expected: object = None,
        fix: str | None = None,
    ) -> None:
        listed = "; ".join(f"{refusal.name} ({refusal.kind}): {refusal.reason}" for refusal in refusals)
        super().__init__(what, where=listed or None, got=got, expected=expected, fix=fix)
        self.refusals = tuple(refusals)

    @property
    def layers(self) -> tuple[tuple[str, str], ...]:
        """Name and class of each layer that was not carried; empty where it is not about single layers."""
        return tuple((refusal.name, refusal.kind) for refusal in self.refusals)


def not_carried(refusals: Sequence[Refusal]) -> NotCarried:
    """The error about layers that have no tf_keras counterpart.

    Args:
        refusals: These layers; one or more.

    Returns:
        The error, to be raised.
    """
    return NotCarried(
        "This Keras 3 model holds layers that cannot be carried to tf_keras",
        refusals,
        fix="convert the model without compression, or build these layers from those that litefoot carries",
    )


def refuse(layer: object, reason: str) -> NotCarried:
    """The error about one layer or operation.

    Args:
        layer: The Keras 3 layer or operation.
        reason: Why it cannot be carried.

    Returns:
        The error, to be raised.
    """
    name = str(getattr(layer, "name", type(layer).__name__))
    return not_carried([Refusal(name, type(layer).__name__, reason)])
