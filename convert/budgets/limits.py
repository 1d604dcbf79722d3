"""Budgets, and the machine that they are for."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from litefoot.runtime.errors import UsageError

TARGETS = {
    "here": (),
    "x86": ("x86_64", "AMD64"),
    "arm64": ("aarch64", "arm64"),
    "pi3": (),
    "pi4": (),
    "pi5": (),
}
"""Machines by name, each with what the platform calls an architecture that is as good as it for a measurement.

A Raspberry Pi has none: another processor's milliseconds say nothing about its, and no factor between the two was ever
measured.
"""


@dataclass(frozen=True)
class Budgets:
    """What a file may cost. How much quality it may lose is the contract's to say.

    Attributes:
        max_bytes: The largest size of the file; None for any.
        max_latency_ms: The longest median inference on the target, one thread; None for any.
        target: One of `TARGETS`.
    """

    max_bytes: int | None = None
    max_latency_ms: float | None = None
    target: str = "here"

    def check(self) -> None:
        """Refuse budgets that mean nothing or cannot be measured.

        Raises:
            UsageError: A limit is not above zero, the target is not known, or its latency cannot be measured here.
        """
        if self.target not in TARGETS:
            raise UsageError("There is no such target", got=self.target, expected=f"one of {', '.join(TARGETS)}")
        for name, limit in (("bytes", self.max_bytes), ("milliseconds", self.max_latency_ms)):
            if limit is not None and not limit > 0:
                raise UsageError(f"A budget of {name} is above zero", got=limit)
        if self.max_latency_ms is not None and not self.measurable:
            raise UsageError(
                f"The latency of {self.target} cannot be measured on this machine, and is not guessed",
                got=platform.machine(),
                fix=f"leave --max-latency out, and run `litefoot bench BUNDLE` on the {self.target}; "
                "or run this command with --target here on a machine like it",
            )

    @property
    def measurable(self) -> bool:
        """Whether a latency that is measured here is one of the target's."""
        return self.target == "here" or platform.machine() in TARGETS[self.target]
