"""The metrics of tasks, by name: docs/verification.md. Each is a function of how much every sample weighs."""

from __future__ import annotations

from .boxes import Map50
from .classes import F1, Accuracy, MeanIou, Perplexity
from .pictures import Psnr, Ssim
from .scores import Misfit, Scores
from .texts import Bleu, ExactMatch, SpanF1, TokenMatch
from .values import Rmse

__all__ = ["METRICS", "Misfit", "Scores", "shown"]

METRICS: dict[str, type[Scores]] = {
    "accuracy": Accuracy,
    "f1": F1,
    "mean_iou": MeanIou,
    "map50": Map50,
    "psnr": Psnr,
    "ssim": Ssim,
    "rmse": Rmse,
    "perplexity": Perplexity,
    "exact_match": ExactMatch,
    "span_f1": SpanF1,
    "bleu": Bleu,
    "token_match": TokenMatch,
}


def shown(metric: str, value: float, sign: str = "") -> str:
    """A value of a metric as people read it.

    Args:
        metric: Its name.
        value: In its own units.
        sign: ``+`` to show the sign of a difference.

    Returns:
        For example ``97.50%`` or ``31.20 dB``.
    """
    measured = METRICS[metric]
    return f"{value:{sign}{measured.shown}}{measured.unit}"
