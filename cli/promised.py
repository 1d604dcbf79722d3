"""Arguments that say what a model means, the same for every command that takes them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litefoot.runtime.contract import Metric


def add_metric(group: argparse.ArgumentParser | argparse._ArgumentGroup, labelled: str) -> None:
    """Declare ``--metric``, ``--max-drop`` and ``--kind``.

    Args:
        group: Of a command's arguments.
        labelled: The option that names the labelled data.
    """
    group.add_argument(
        "--metric",
        metavar="NAME",
        help=f"what to measure on the labels of {labelled}: accuracy, f1, mean_iou, rmse, ... (docs/verification.md)",
    )
    group.add_argument(
        "--max-drop",
        type=_limit,
        metavar="DROP",
        help="largest loss of it that passes, in its unit or as a share such as 1%% (default: 1%% of accuracy)",
    )
    group.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="OUTPUT=KIND",
        help="what an output holds: probabilities, logits, ...",
    )


def metric_of(name: str, max_drop: float | None) -> Metric:
    """A metric by name, with the limit that is usual for it where it has one.

    Args:
        name: Of the metric.
        max_drop: The limit; None for the usual one.

    Returns:
        The metric.

    Raises:
        UsageError: There is no such metric, or no usual limit of it.
    """
    from litefoot.runtime.contract import Metric
    from litefoot.runtime.errors import UsageError
    from litefoot.runtime.verification.metrics import METRICS

    if name not in METRICS:
        raise UsageError("There is no such metric", got=name, expected=f"one of {', '.join(METRICS)}")
    limit = METRICS[name].usual_drop if max_drop is None else max_drop
    if limit is None:
        raise UsageError(f"How much {name} may be lost is yours to say: it depends on the outputs", fix="--max-drop")
    return Metric(name, limit)  # type: ignore[arg-type]  # one of METRICS


def kinds_of(texts: list[str]) -> dict[str, Any]:
    """What outputs hold, as the command line says it.

    Args:
        texts: Each ``OUTPUT=KIND``.

    Returns:
        The kinds by output name.

    Raises:
        UsageError: One is not of that form.
    """
    from typing import get_args

    from litefoot.runtime.errors import UsageError
    from litefoot.runtime.tensors import Kind

    pairs = [text.rpartition("=") for text in texts]
    for name, _, kind in pairs:
        if not name or kind not in get_args(Kind):
            raise UsageError(
                "A kind is an output's name and one word",
                got=f"{name}={kind}",
                expected=f"OUTPUT={'|'.join(get_args(Kind))}",
            )
    return {name: kind for name, _, kind in pairs}


def _limit(text: str) -> float:
    """A number from 0, or a share such as 1%."""
    try:
        limit = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        limit = -1.0
    if not 0 <= limit < (1 if text.endswith("%") else float("inf")):
        raise argparse.ArgumentTypeError(f"{text!r} is no limit such as 0.01 or 1%")
    return limit
