"""Samples that decide which trial is kept, and the limits that they are held to.

A choice among many files finds the one that is best on the samples of the choice, by luck too. So those are taken from
the calibration samples, the files that are tried are calibrated on the others, and the file that was chosen is judged
on the evaluation samples, once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.verification.tolerance import Tolerance, tolerance_for

Arrays = dict[str, npt.NDArray[Any]]

EVERY = 4
"""Every so many-th calibration sample is held out."""
MOST = 128
"""Enough for every figure but the rarest answers, and each of them is run in every trial."""
_MARGIN_DB = 1.0
_MARGIN = 0.8
_MARGIN_OF_SHARES = 0.5
"""What the samples of the verdict may be harder than the held-out ones. Shares are counted on few samples, and what is
chosen is the first of many trials to be lucky with them."""


def split(calibration: Arrays) -> tuple[Arrays, Arrays]:
    """Part the calibration samples.

    Args:
        calibration: By input name, (samples, ...), at least `EVERY` of them.

    Returns:
        Those that trials are calibrated on, and those that decide, at most `MOST`.
    """
    count = min(len(array) for array in calibration.values())
    held = [i for i in range(count) if i % EVERY == EVERY - 1]
    rest = [i for i in range(count) if i % EVERY != EVERY - 1]
    held = held[:: -(-len(held) // MOST)]
    return tuple({name: array[rows] for name, array in calibration.items()} for rows in (rest, held))  # type: ignore[return-value]


def limits(contract: ModelContract, references: Arrays) -> dict[str, Tolerance]:
    """What a trial has to keep on the held-out samples, a little more than what the verdict asks for.

    There are no right answers to these samples, so the task's metric is stood in for by the share of answers that stay
    the same: no more accuracy can be lost than answers change.

    Args:
        contract: What the model promises.
        references: By output name, the full-precision model's answers, (samples, ...).

    Returns:
        By output name.
    """
    found = {}
    for spec in contract.outputs:
        if spec.name in references:
            usual = tolerance_for(contract.tolerances, "mixed", spec, references[spec.name])
            found[spec.name] = _tightened(usual, _largest_change(contract, len(references[spec.name])))
    return found


def _largest_change(contract: ModelContract, samples: int) -> float | None:
    """The share of answers that may change: one of them always, or no sample could be undecided between two classes."""
    if contract.metric is None or contract.metric.name not in ("accuracy", "f1"):
        return None
    return max(contract.metric.max_drop, 1.0 / samples)


def _tightened(usual: Tolerance, change: float | None) -> Tolerance:
    of_kind = {name: _closer(name, limit) for name, limit in usual.of_kind.items()}
    if change is not None and "top1_agreement" in usual.of_kind:
        of_kind["top1_agreement"] = max(usual.of_kind["top1_agreement"], 1.0 - change)
    return replace(
        usual,
        atol=None if usual.atol is None else usual.atol * _MARGIN,
        min_sqnr_db=None if usual.min_sqnr_db is None else usual.min_sqnr_db + _MARGIN_DB,
        of_kind=of_kind,
    )


def _closer(name: str, limit: float) -> float:
    """Decibels by a decibel; shares, of which 1 is the best, by half of what they may lack."""
    if name.endswith("_db"):
        return limit + _MARGIN_DB
    return 1.0 - (1.0 - limit) * _MARGIN_OF_SHARES if limit <= 1.0 and name != "error_growth" else limit
