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

A Raspberry Pi has none: another processor's milliseconds say nothing about its, but for a measured factor.
"""


@dataclass(frozen=True)
class Budgets:
    """What a file may cost. How much quality it may lose is the contract's to say.

    Attributes:
        max_bytes: The largest size of the file; None for any.
        max_gzip_bytes: The largest size of it after gzip, as it is downloaded; None for any.
        max_latency_ms: The longest median inference on the target, one thread; None for any.
        target: One of `TARGETS`.
        latency_factor: Milliseconds of the target for one of this machine's, as somebody measured; None where the
            target is measured here, or not at all.
    """

    max_bytes: int | None = None
    max_gzip_bytes: int | None = None
    max_latency_ms: float | None = None
    target: str = "here"
    latency_factor: float | None = None

    def check(self) -> None:
        """Refuse budgets that mean nothing or cannot be measured.

        Raises:
            UsageError: A limit is not above zero, the target is not known, its latency is known neither from here nor
                by a factor, or there is a factor for a machine that is measured here.
        """
        if self.target not in TARGETS:
            raise UsageError("There is no such target", got=self.target, expected=f"one of {', '.join(TARGETS)}")
        limits = {
            "A budget of bytes": self.max_bytes,
            "A budget of gzip bytes": self.max_gzip_bytes,
            "A budget of milliseconds": self.max_latency_ms,
            "A latency factor": self.latency_factor,
        }
        for name, limit in limits.items():
            if limit is not None and not 0 < limit < float("inf"):
                raise UsageError(f"{name} is above zero", got=limit)
        if self.measured_here and self.latency_factor is not None:
            raise UsageError(
                "A latency factor is for another machine than this one",
                got=f"--target {self.target}",
                fix="leave it out",
            )
        if self.max_latency_ms is not None and not self.timed:
            raise UsageError(
                f"The latency of {self.target} cannot be measured on this machine, and is not guessed",
                got=platform.machine(),
                fix=f"leave --max-latency out, and run `litefoot bench BUNDLE` on the {self.target}; or run that here "
                "too, and give this command how many times longer it took there: --latency-factor 4.2; "
                "or run this command with --target here on a machine like it",
            )

    @property
    def measured_here(self) -> bool:
        """Whether a latency that is measured here is one of the target's."""
        return self.target == "here" or platform.machine() in TARGETS[self.target]

    @property
    def timed(self) -> bool:
        """Whether the target's latency is known: measured here, or estimated by a factor."""
        return self.measured_here or self.latency_factor is not None

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Those that were given."""
        given = (
            Limit("bytes", self.max_bytes, "{:,.0f} bytes"),
            Limit("gzip_bytes", self.max_gzip_bytes, "{:,.0f} bytes after gzip"),
            Limit("target_ms", self.max_latency_ms, "{:.3g} ms"),
        )
        return tuple(limit for limit in given if limit.most is not None)


@dataclass(frozen=True)
class Limit:
    """One of the budgets.

    Attributes:
        cost: The attribute of a `Candidate` that it limits.
        most: The largest value of it; None for any.
        form: How people read it.
    """

    cost: str
    most: float | None
    form: str
