"""In which order the files that passed are recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLOWER = 1.5
"""Times the fastest float file: bytes are not all that a board is short of."""
_FLOAT = "fp32."


@dataclass(frozen=True)
class Offer:
    """A file, or files that work together, as far as a recommendation goes.

    Attributes:
        name: Of the artifact.
        bytes: Size.
        ms: Of one call on this machine.
        passed: Whether its verdict is that.
    """

    name: str
    bytes: int
    ms: float
    passed: bool


def recommended(offers: Sequence[Offer]) -> tuple[str, ...]:
    """Order what passed.

    Args:
        offers: All that was made.

    Returns:
        Names: the smallest first, but behind the others what takes more than `SLOWER` times as long as the fastest
        float file.
    """
    slow = _slow(offers)
    passed = sorted((offer for offer in offers if offer.passed), key=lambda offer: (offer in slow, offer.bytes))
    return tuple(offer.name for offer in passed)


def why_first(offers: Sequence[Offer]) -> str:
    """Say why the first of `recommended` is that.

    Args:
        offers: All that was made; one of them passed.

    Returns:
        For people, to follow its name.
    """
    slow, (first, *_) = _slow(offers), recommended(offers)
    (best,) = (offer for offer in offers if offer.name == first)
    smaller = [offer.name for offer in slow if offer.passed and offer.bytes < best.bytes]
    if not smaller:
        return "the smallest that passed"
    return (
        f"the smallest that passed in at most {SLOWER:g} times the time of float; "
        f"{' and '.join(smaller)} {'takes' if len(smaller) == 1 else 'take'} longer"
    )


def _slow(offers: Sequence[Offer]) -> list[Offer]:
    """What is much slower than the float files; nothing where there are none."""
    times = [offer.ms for offer in offers if offer.name.startswith(_FLOAT)]
    return [offer for offer in offers if times and offer.ms > SLOWER * min(times)]
