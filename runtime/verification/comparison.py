"""Two models on the same samples, the second judged by the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..contract import Metric, ModelContract
from ..errors import MissingDependency, SampleError, UsageError
from ..sequences import visible
from ..tensors import Kind, TensorSpec
from .kinds import are_probabilities
from .matching import give, match, sort_out
from .metrics import METRICS
from .task import targets_misfit, unmeasurable
from .tolerance import CLASS_KINDS, PRECISIONS, Tolerance, tolerance_for
from .verdict import Verdict, judge

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Subject:
    """A model, whatever runs it.

    Attributes:
        name: For people.
        engine: What runs it, with its version.
        inputs: What it takes.
        outputs: What it returns.
        answer: From samples by input name, and the wiring of its state, to answers by output name, (samples, ...).
        contract: What is promised of it; None for a single file.
        precision: One of `PRECISIONS`; None where nothing that is installed can read it from the file.
        steps: By output name, the size of one quantization step.
    """

    name: str
    engine: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    answer: Callable[[Mapping[str, Array], Mapping[str, str]], Mapping[str, Array]]
    contract: ModelContract | None = None
    precision: str | None = None
    steps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What the user says of a comparison.

    Attributes:
        tolerance: Of every output; None for what is usual at the precision.
        precision: One of `PRECISIONS`; None for that of the less precise model.
        metric: What to measure on labels; None for what a bundle promises.
        kinds: By output name of the first model, what it holds.
    """

    tolerance: Tolerance | None = None
    precision: str | None = None
    metric: Metric | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What came of one.

    Attributes:
        verdict: On the second model.
        samples: How many there were.
        precision: At which the tolerances are usual; None where the user gave one.
        notes: What was taken for the same under another name.
    """

    verdict: Verdict
    samples: int
    precision: str | None
    notes: tuple[str, ...]


def compare(first: Subject, second: Subject, arrays: Mapping[str, Array], terms: Terms) -> Comparison:
    """Run two models on the same samples and judge the second by the first.

    Args:
        first: Taken for right.
        second: Judged.
        arrays: By input name of either, (samples, ...), with the right answers under one of `TARGET_NAMES`; or what a
            ``golden.npz`` holds.
        terms: The user's.

    Returns:
        The comparison. Outputs without a counterpart fail.

    Raises:
        UsageError: The samples do not belong to the models, or the metric cannot be measured on them.
        MissingDependency: The precision cannot be read here.
    """
    precision = None if terms.tolerance else terms.precision or _less_precise(first, second)
    samples, targets = sort_out(arrays, {spec.name for spec in (*first.inputs, *second.inputs)})
    notes: list[str] = []
    references, outputs = (_answers(one, other, samples, notes) for one, other in ((first, second), (second, first)))
    pairs = match(_specs(references, first), _specs(outputs, second))
    own = {other: name for name, other in pairs.items()}
    notes += [f"output {b} of {second.name} is compared with {a}" for a, b in pairs.items() if a != b]
    contract = _contract(first, second, own, references, terms, targets)
    verdict = judge(
        artifact=second.name,
        engine=second.engine,
        contract=contract,
        references=references,
        outputs={own.get(name, name): array for name, array in outputs.items()},
        targets=targets,
        tolerances={spec.name: _tolerance(spec, references, contract, terms, precision) for spec in contract.outputs},
        steps={own.get(name, name): step for name, step in second.steps.items()},
    )
    return Comparison(verdict, len(next(iter(samples.values()))), precision, tuple(notes))


def _answers(one: Subject, other: Subject, samples: Mapping[str, Array], notes: list[str]) -> dict[str, Array]:
    """Of a single file, the state is what the other's bundle says."""
    contract = one.contract or other.contract
    state = contract.state if contract is not None else {}
    pairs = give(samples, one.inputs, state, one.name)
    notes += [f"input {own} of {one.name} is given {name}" for own, name in pairs.items() if own != name]
    return visible(one.answer({own: samples[name] for own, name in pairs.items()}, state), state)


def _specs(arrays: Mapping[str, Array], subject: Subject) -> list[TensorSpec]:
    """What arrays are, in the order in which the model returns them."""
    return [
        TensorSpec(spec.name, arrays[spec.name].shape, arrays[spec.name].dtype.name)
        for spec in subject.outputs
        if spec.name in arrays
    ]


def _contract(
    first: Subject,
    second: Subject,
    own: Mapping[str, str],
    references: Mapping[str, Array],
    terms: Terms,
    targets: Array | None,
) -> ModelContract:
    """What both promise, by the first one's names; what nobody says is seen from the answers."""
    base = first.contract or second.contract or ModelContract((), (), "")
    metric = terms.metric or base.metric
    if targets is None and terms.metric is not None:
        raise SampleError(f"The metric {terms.metric.name} needs labels", fix="an array named labels in --data")
    kinds = _kinds(first, second, own, references, terms, metric)
    outputs = [
        TensorSpec(name, (None, *array.shape[2 if base.state else 1 :]), array.dtype.name, kinds[name])
        for name, array in references.items()
    ]
    contract = replace(base, outputs=tuple(outputs), metric=None if targets is None else metric)
    if contract.metric is not None and targets is not None:
        found = unmeasurable(contract) or targets_misfit(contract, targets, len(targets), references)
        if found is not None:
            what = f"The metric {contract.metric.name} cannot be measured"
            raise SampleError(what, got=found.got, expected=found.expected, fix="see --kind and --metric")
    return contract


def _kinds(
    first: Subject,
    second: Subject,
    own: Mapping[str, str],
    references: Mapping[str, Array],
    terms: Terms,
    metric: Metric | None,
) -> dict[str, Kind | None]:
    if unknown := sorted(terms.kinds.keys() - references.keys()):
        raise UsageError("The first model has no such output", got=", ".join(unknown), expected=", ".join(references))
    kinds: dict[str, Kind | None] = {
        name: "probabilities" if are_probabilities(array) else None for name, array in references.items()
    }
    measured = METRICS[metric.name].kinds if metric is not None else ()
    if measured and len(kinds) == 1 and None in kinds.values():
        kinds = dict.fromkeys(kinds, "logits" if measured == CLASS_KINDS else measured[0])
    for subject, names in ((second, own), (first, {})):
        for spec in subject.contract.outputs if subject.contract is not None else ():
            if spec.kind is not None and (name := names.get(spec.name, spec.name)) in kinds:
                kinds[name] = spec.kind
    return kinds | dict(terms.kinds)


def _less_precise(first: Subject, second: Subject) -> str:
    found = [subject.precision or _unknown(subject) for subject in (first, second)]
    return max(found, key=PRECISIONS.index)


def _unknown(subject: Subject) -> str:
    raise MissingDependency(
        "What reads this file's precision is not installed",
        where=subject.name,
        fix='say it, for example --precision int8; or pip install "litefoot[inspect]"',
    )


def _tolerance(
    spec: TensorSpec, references: Mapping[str, Array], contract: ModelContract, terms: Terms, precision: str | None
) -> Tolerance:
    if terms.tolerance is not None:
        return terms.tolerance
    assert precision is not None
    return tolerance_for(contract.tolerances, precision, spec, references[spec.name])
