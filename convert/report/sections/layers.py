"""Where the noise of a quantized file comes from, layer by layer."""

from __future__ import annotations

import math

from ...explain import LayerError, worst
from ..charts import bars, histogram
from ..material import Material, Section
from ..template import render

_MOST_BARS, _MOST_RANGES = 16, 12
_LONGEST = 22


def layers(material: Material) -> Section | None:
    """The worst layers, and what calibration gave them against what the samples hold.

    Args:
        material: Of the page.

    Returns:
        The section; None where no file was explained.
    """
    if not material.explanations and not material.unexplained:
        return None
    parts = []
    for explanation in material.explanations:
        ranked = worst(explanation.layers)
        noisy = [layer for layer in ranked if layer.noise_share > 0][:_MOST_BARS] or list(ranked[:1])
        ranges = [layer for layer in ranked if layer.range is not None][:_MOST_RANGES]
        parts.append(
            {
                "artifact": explanation.artifact,
                "against": explanation.float_artifact,
                "evidence": explanation.evidence,
                "count": len(explanation.layers),
                "shares": bars(
                    [(_name(layer), 100 * layer.noise_share, "plain") for layer in noisy],
                    across="% of the noise at the outputs",
                    form="{:.1f}".format,
                ),
                "own": bars(
                    [(_name(layer), _drawn(layer.own_sqnr_db), "plain") for layer in noisy],
                    across="SQNR dB of its own (100: no noise)",
                    form="{:.1f}".format,
                ),
                "ranges": [(_name(layer), layer.range, _range(layer)) for layer in ranges],
            }
        )
    return Section("From layer to layer", render("layers", parts=parts, unexplained=material.unexplained))


def _name(layer: LayerError) -> str:
    name = layer.layer or layer.tensor.rpartition(";")[2]
    operator = layer.operator.lower() if layer.operator.isupper() else layer.operator
    return f"{_short(name)} {_short(operator)}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}...{name[-_LONGEST // 2 + 3 :]}"


def _drawn(decibels: float) -> float:
    return max(min(decibels, 100.0), 0.0) if not math.isnan(decibels) else 0.0


def _range(layer: LayerError) -> str:
    found = layer.range
    assert found is not None
    span = min(found.low, found.seen_low), max(found.high, found.seen_high)
    return histogram(
        [(found.counts, "plain")],
        span,
        marks=[(found.low, "limit"), (found.high, "limit")],
        outside=lambda middle: not found.low <= middle <= found.high,
        label=_name(layer),
    )
