"""What a compression asked of each layer against what the finished files hold, and where it was lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..compress.recipe import Compression
from .weights import FileAudit, WeightAudit

Measure = Literal["zeros", "fours", "values", "channel values"]

_BLOCK = 4
_ONE_SCALE = ("FULLY_CONNECTED", "CONV_2D", "TRANSPOSE_CONV")
_FLOAT = ("fp32.tflite", "fp32.onnx")


@dataclass(frozen=True)
class Asked:
    """What a step was to leave in every layer that it took.

    Attributes:
        step: prune or cluster.
        measure: ``zeros``: the share of zeros; ``fours``: the share of groups of four neighbours with two zeros;
            ``values``: distinct values; ``channel values``: in each output channel.
        amount: At least so many zeros or fours; at most so many values.
    """

    step: Literal["prune", "cluster"]
    measure: Measure
    amount: float


@dataclass(frozen=True)
class Kept:
    """One layer in one file, and one thing that was asked of it.

    Attributes:
        file: The artifact's name.
        layer: The Keras layer's name.
        step: prune or cluster.
        measure: As in `Asked`.
        asked: As `Asked.amount`.
        held: What the file has of it.
        kept: Whether that is what was asked for.
        reason: Why not; empty where it was kept.
    """

    file: str
    layer: str
    step: Literal["prune", "cluster"]
    measure: Measure
    asked: float
    held: float
    kept: bool
    reason: str = ""

    @property
    def wanted(self) -> str:
        """What was asked for, for people."""
        texts = {
            "zeros": f"{self.asked:.0%} zeros",
            "fours": "2 of 4 zeros",
            "values": f"{self.asked:.0f} values",
            "channel values": f"{self.asked:.0f} values in a channel",
        }
        return texts[self.measure]

    @property
    def found(self) -> str:
        """Both figures for people."""
        if self.measure in ("zeros", "fours"):
            return f"{self.held:.1%} of {self.asked:.0%}"
        return f"{self.held:.0f} for {self.asked:.0f}"


def asked_by(compression: Compression) -> tuple[Asked, ...]:
    """What a compression asks of every layer that its steps take.

    Args:
        compression: The compression.

    Returns:
        One demand for each step; quantization-aware training makes none.
    """
    asked = []
    if compression.prune is not None:
        in_fours = compression.prune.pattern == "2:4"
        amount = 1.0 if in_fours else compression.prune.sparsity
        asked.append(Asked("prune", "fours" if in_fours else "zeros", amount))
    if compression.cluster is not None:
        measure: Measure = "channel values" if compression.cluster.per_channel else "values"
        asked.append(Asked("cluster", measure, float(compression.cluster.clusters)))
    return tuple(asked)


def compare(
    asked: Sequence[Asked], left: Mapping[str, Collection[str]], files: Sequence[FileAudit]
) -> tuple[Kept, ...]:
    """Hold the files against what was asked for.

    Args:
        asked: By each step.
        left: For a step's name, the layers that it left alone; nothing is asked of those.
        files: The audits of all files of a conversion.

    Returns:
        For each file, layer and demand, what was found; weights whose layer no name tells are not among them.
    """
    floats = {audit.name: _by_layer(audit) for audit in files if audit.name in _FLOAT}
    found: list[Kept] = []
    for audit in files:
        of_format = f"fp32{audit.name[audit.name.rfind('.') :]}"
        before = floats.get(of_format, {}) if audit.name != of_format else {}
        for layer, weights in _by_layer(audit).items():
            found += [
                _judged(audit.name, layer, demand, weights, before.get(layer))
                for demand in asked
                if layer not in left.get(demand.step, ())
            ]
    return tuple(found)


def _by_layer(audit: FileAudit) -> dict[str, list[WeightAudit]]:
    layers: dict[str, list[WeightAudit]] = {}
    for weight in audit.weights:
        if weight.layer is not None:
            layers.setdefault(weight.layer, []).append(weight)
    return layers


def _judged(
    file: str, layer: str, demand: Asked, weights: Sequence[WeightAudit], before: Sequence[WeightAudit] | None
) -> Kept:
    held = _held(weights, demand.measure)
    kept = _enough(weights, demand, held)
    reason = "" if kept else _reason(weights, demand, before)
    return Kept(file, layer, demand.step, demand.measure, demand.amount, held, kept, reason)


def _held(weights: Sequence[WeightAudit], measure: Measure) -> float:
    """Of all weights of a layer: shares together, values in the weight that has the most."""
    if measure == "values":
        return float(max(weight.values for weight in weights))
    if measure == "channel values":
        return float(max(weight.channel_values for weight in weights))
    shares = [(weight.zeros if measure == "zeros" else weight.fours) * weight.count for weight in weights]
    return sum(shares) / sum(weight.count for weight in weights)


def _enough(weights: Sequence[WeightAudit], demand: Asked, held: float) -> bool:
    if demand.measure in ("values", "channel values"):
        return held <= demand.amount
    whole = _BLOCK / min(weight.count for weight in weights)  # a share is met to the nearest weight, or block of them
    return held >= demand.amount - (whole if demand.measure == "zeros" else 1e-9)


def _reason(weights: Sequence[WeightAudit], demand: Asked, before: Sequence[WeightAudit] | None) -> str:
    """What undid a demand: what a float file still has, quantization has undone."""
    had = before is not None and _enough(before, demand, _held(before, demand.measure))
    if demand.step == "prune":
        return _of_zeros(weights, demand, had=had)
    most = max(weight.channel_values for weight in weights)
    if most > demand.amount:
        return "quantization made more values of them" if had else "fine-tuning ended with more values"
    scaled = [weight for weight in weights if weight.scales > 1]
    apart = f"at most {most} in a channel, each channel has its own"
    if scaled and (had or not any(weight.folded for weight in weights)):
        return f"quantization with a scale for each channel{_whose(scaled, demand)}: {apart}"
    if any(weight.folded for weight in weights):
        return f"batch normalisation multiplied into the weights: {apart}"
    return f"fine-tuning: {apart}"


def _whose(scaled: Sequence[WeightAudit], demand: Asked) -> str:
    """Clustered layers of TFLite files are asked to have one; only one of the two quantizers can do that."""
    if demand.measure == "values" and any(weight.operator in _ONE_SCALE for weight in scaled):
        return ", by TensorFlow's converter, which makes what ai-edge-quantizer cannot and knows no other"
    return ""


def _of_zeros(weights: Sequence[WeightAudit], demand: Asked, *, had: bool) -> str:
    if had and any("int" in weight.dtype for weight in weights):
        return "quantization: the float file has the zeros, here they are stored as other values"
    fewer = [weight for weight in weights if not _enough([weight], demand, _held([weight], demand.measure))]
    if len(fewer) < len(weights):
        (first, *_) = fewer
        share = _held([first], demand.measure)
        return f"{len(fewer)} of {len(weights)} weights of this name have fewer, {first.tensor} {share:.1%}"
    return "fine-tuning ended with fewer zeros"
