"""What a model does not say of itself: its user does, and with what a worker found that makes the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import BadDocument, UsageError
from litefoot.runtime.postprocessing import Postprocessing
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, Step, Waveform
from litefoot.runtime.sequences import check_wiring
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_json
from litefoot.runtime.tensors import Kind, TensorSpec
from litefoot.runtime.verification.kinds import FIGURES
from litefoot.runtime.verification.metrics import METRICS
from litefoot.runtime.verification.tolerance import CLASS_KINDS, PRECISIONS, Tolerance

from .data import check_metric
from .source import Description


@dataclass(frozen=True)
class Promises:
    """What the user says of a model.

    Attributes:
        task: What it does, for example ``image classification``.
        labels: The name of each class, in the order of the output.
        metric: How quality is measured on labelled samples.
        max_drop: The largest loss of it that passes, instead of the metric's own limit; also of a metric that came
            with the model. None for that one.
        kinds: For an output's name, what its values mean.
        preprocessing: For an input's name, the steps from a decoded file to the input's values.
        state: For an input that holds state, the output that is its next value.
        pixels: Scale and offset of a picture's values 0..255 for the only input, instead of `preprocessing`.
        rate_hz: Samples a second of recordings for the only input, instead of `preprocessing`.
        postprocessing: How the outputs are read.
        tolerances: For an output's name and a precision, how far the output may be from the full-precision model's.
    """

    task: str = ""
    labels: tuple[str, ...] = ()
    metric: Metric | None = None
    max_drop: float | None = None
    kinds: dict[str, Kind] = field(default_factory=dict)
    preprocessing: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    pixels: tuple[float, float] | None = None
    rate_hz: int | None = None
    postprocessing: Postprocessing | None = None
    tolerances: dict[str, dict[str, Tolerance]] = field(default_factory=dict)


def read_promises(path: Path) -> Promises:
    """Read them from a file.

    Args:
        path: JSON with any of the fields of `Promises`.

    Returns:
        The promises.

    Raises:
        UsageError: It is no such file.
    """
    fields = Promises.__dataclass_fields__
    try:
        content = read_json(path)
        whole = encode(Promises()) | content if isinstance(content, dict) else content
        return decode(Promises, whole, str(path))
    except BadDocument as error:
        raise UsageError(
            "This contract cannot be used",
            where=path,
            got=error,
            expected=f"a JSON object with any of {', '.join(fields)}",
        ) from error


def make_contract(found: Description, promises: Promises) -> ModelContract:
    """Put together what a worker found and what the user said.

    Args:
        found: The opened model.
        promises: The user's part.

    Returns:
        The contract.

    Raises:
        UsageError: They contradict each other.
    """
    inputs = {spec.name: spec for spec in found.inputs}
    outputs = {spec.name: spec for spec in found.outputs}
    _check_names(promises.kinds, outputs, "output")
    _check_names(promises.preprocessing, inputs, "input")
    _check_names(promises.state, inputs, "input")
    _check_names(dict.fromkeys(promises.state.values()), outputs, "output")
    check_wiring(found.inputs, found.outputs, promises.state, found.name)
    _check_labels(promises.labels, found.outputs)
    specs = [replace_kind(spec, promises.kinds.get(spec.name)) for spec in found.outputs]
    metric = limited(promises.metric, promises.max_drop)
    if metric is not None:
        specs = _with_metric(specs, metric, promises)
    contract = ModelContract(
        inputs=found.inputs,
        outputs=tuple(specs),
        task=promises.task,
        preprocessing=promises.preprocessing | _steps(found.inputs, promises),
        labels=promises.labels,
        metric=metric,
        state=promises.state,
        postprocessing=promises.postprocessing,
        tolerances=promises.tolerances,
    )
    check_metric(contract)
    check_tolerances(contract)
    return contract


def limited(metric: Metric | None, max_drop: float | None) -> Metric | None:
    """A metric with the limit that the user gave.

    Args:
        metric: With its own limit; None where there is none.
        max_drop: The user's limit, in the metric's units; None for the metric's own.

    Returns:
        The metric.

    Raises:
        UsageError: There is a limit, and no metric that it could be of.
    """
    if max_drop is None:
        return metric
    if metric is None:
        raise UsageError("--max-drop is the limit of a metric, and there is none", fix="--metric accuracy")
    return replace(metric, max_drop=max_drop)


def replace_kind(spec: TensorSpec, kind: Kind | None) -> TensorSpec:
    """The same output, with the meaning that the user gave it.

    Args:
        spec: Of the output, with what was found out.
        kind: The user's word; None for none.

    Returns:
        The output.
    """
    return spec if kind is None else spec._replace(kind=kind)


def with_labels(contract: ModelContract, labels: tuple[str, ...]) -> ModelContract:
    """The contract with the class names that the data holds, where it has none of its own.

    Args:
        contract: Of the model.
        labels: From the data; empty for none.

    Returns:
        The contract.
    """
    scores = next((spec for spec in contract.outputs if spec.kind in CLASS_KINDS), None)
    if contract.labels or scores is None or len(labels) != _classes(scores):
        return contract
    return replace(contract, labels=labels)


def check_tolerances(contract: ModelContract) -> None:
    """Refuse tolerances of what there is not, and such as nothing can miss.

    Args:
        contract: Of the model.

    Raises:
        UsageError: There is such a one.
    """
    _check_names(contract.tolerances, {spec.name: spec for spec in contract.outputs}, "output")
    for name, by_precision in contract.tolerances.items():
        for precision, tolerance in by_precision.items():
            limits = [tolerance.atol, tolerance.min_sqnr_db, *tolerance.of_kind.values()]
            known = precision in PRECISIONS and tolerance.of_kind.keys() <= FIGURES.keys()
            if not known or not any(limit is not None and math.isfinite(limit) for limit in limits):
                raise UsageError(
                    "This tolerance is none",
                    where=f"output {name}, {precision}",
                    got=tolerance,
                    expected=f"for {', '.join(PRECISIONS)} at least one limit; of_kind any of {', '.join(FIGURES)}",
                )


def _check_names(given: Mapping[str, object], known: Mapping[str, TensorSpec], what: str) -> None:
    if unknown := sorted(given.keys() - known.keys()):
        raise UsageError(
            f"The model has no such {what}", got=", ".join(unknown), expected=f"some of {', '.join(known)}"
        )


def _check_labels(labels: tuple[str, ...], outputs: tuple[TensorSpec, ...]) -> None:
    if labels and all(_classes(spec) != len(labels) for spec in outputs):
        raise UsageError(
            "The labels do not fit the model's outputs",
            got=f"{len(labels)} labels",
            expected=f"one for each value of an output: {', '.join(map(str, outputs))}",
        )


def _classes(spec: TensorSpec) -> int | None:
    """How many classes an output tells apart, a single value two of them."""
    last = spec.shape[-1] if len(spec.shape) > 1 else None
    return last if last is None else max(last, 2)


def _with_metric(specs: list[TensorSpec], metric: Metric, promises: Promises) -> list[TensorSpec]:
    """A metric says what an only output holds, if the user did not; several outputs have to be told apart."""
    measured = METRICS[metric.name]
    known = ModelContract((), tuple(specs), "", metric=metric, state=promises.state)
    if measured.outputs(replace(known, postprocessing=promises.postprocessing)):
        return specs
    seen = [spec for spec in specs if spec.name not in promises.state.values()]
    unsaid = [spec for spec in seen if spec.name not in promises.kinds]
    if len(seen) == len(unsaid) == 1 and (kind := _only_kind(unsaid[0], measured.kinds)) is not None:
        return [spec._replace(kind=kind) if spec is unsaid[0] else spec for spec in specs]
    raise UsageError(
        f"The metric {metric.name} needs to know which output it is measured on",
        got=", ".join(f"{spec} of kind {spec.kind}" if spec.kind else str(spec) for spec in specs),
        expected=measured.wanted(),
        fix=" or ".join(f"--kind OUTPUT={kind}" for kind in measured.kinds) or None,
    )


def _only_kind(spec: TensorSpec, kinds: tuple[Kind, ...]) -> Kind | None:
    """What an output holds if it is of one of these kinds; None where it cannot be, or where that does not follow."""
    if kinds == CLASS_KINDS:  # probabilities would have been found out, but one value alone may be either
        return "logits" if len(spec.shape) > 1 and (spec.shape[-1] or 0) > 1 else None
    if kinds == ("tokens",):
        return "tokens" if spec.dtype.startswith(("int", "uint")) else None
    if kinds in (("mask",), ("image",)):
        return kinds[0] if len(spec.shape) > 2 else None
    return kinds[0] if kinds else None


def _steps(inputs: tuple[TensorSpec, ...], promises: Promises) -> dict[str, tuple[Step, ...]]:
    if promises.pixels is None and promises.rate_hz is None:
        return {}
    if len(inputs) != 1:
        raise UsageError(
            "Scale and rate are for models of one input",
            got=f"{len(inputs)} inputs: {', '.join(spec.name for spec in inputs)}",
            fix="--contract FILE with the steps of each input",
        )
    spec = inputs[0]
    if promises.rate_hz is not None:
        if len(spec.shape) not in (2, 3) or spec.shape[1] is None:
            raise UsageError("The model does not take recordings", got=str(spec), expected="(samples,) or (samples, 1)")
        return {spec.name: (Waveform(promises.rate_hz, spec.shape[1]),)}
    assert promises.pixels is not None
    if len(spec.shape) != 4:
        raise UsageError("The model does not take pictures", got=str(spec), expected="(height, width, channels)")
    _, height, width, channels = spec.shape
    assert height is not None
    assert width is not None
    gray: tuple[Step, ...] = (Grayscale(),) if channels == 1 else ()
    return {spec.name: (*gray, Resize(height, width), Scale(*promises.pixels))}
