"""Everything that a conversion needs, checked before any converter starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import ConversionFailed, SampleError, UsageError
from litefoot.runtime.sequences import given_specs
from litefoot.runtime.storage.files import sha256
from litefoot.runtime.verification.metrics import shown

from .contracts import Promises, limited, make_contract, with_labels
from .data import Data, Given, check_given, check_metric, check_range, check_targets, read_data
from .data.synthetic import synthetic_samples
from .source import Description
from .staging import MIN_CALIBRATION_SAMPLES, Arrays, Staged
from .variants import Skipped, Variant

MAX_CALIBRATION_SAMPLES = 500
"""Ranges hardly move after a few hundred samples, and every one of them costs time."""
HELD_BACK = 5
"""Every so many-th calibration sample is kept for the verdict where no evaluation samples were given."""
SYNTHETIC_SAMPLES = 32
SYNTHETIC_STEPS = 16


@dataclass(frozen=True)
class Intake:
    """What goes into a conversion.

    Attributes:
        contract: What the model promises.
        calibration: By input name, (samples, ...); None without.
        evaluation: By input name, (samples, ...), on which the files are judged.
        targets: The right answer for each of them; None without labels.
        evidence: Where the evaluation samples are from, for people.
        warnings: What looks odd about the samples.
        variants: What can be made.
        skipped: What was left out, and why.
        provenance: Where the model came from, for the bundle.
        notes: What a reader of the report should know of the user's choices.
    """

    contract: ModelContract
    calibration: Arrays | None
    evaluation: Arrays
    targets: npt.NDArray[Any] | None
    evidence: str
    warnings: tuple[str, ...]
    variants: tuple[Variant, ...]
    skipped: tuple[Skipped, ...]
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()


def take_in(
    staged: Staged,
    found: Description,
    promises: Promises,
    calibration: Given | None,
    evaluation: Given | None,
    variants: Sequence[Variant],
) -> Intake:
    """Read and check the samples, and settle what can be made of them.

    Args:
        staged: The model, and what came with it.
        found: What a worker found in it.
        promises: What the user said of it.
        calibration: Samples that decide activation ranges; None for those that came with the model, or none.
        evaluation: Samples that the files are judged on; likewise.
        variants: What was asked for.

    Returns:
        All that a conversion needs.

    Raises:
        UsageError: The user's words, the samples and the model do not fit each other.
        ConversionFailed: A TrainedModel's contract is not its model's.
    """
    contract = _contract(staged, found, promises)
    ranges = _calibration(staged, contract, calibration)
    judged, evidence = _evaluation(staged, contract, found, ranges, evaluation)
    if ranges is not None and evaluation is None and staged.training is None:
        ranges = _part(ranges, held_back=False)
    contract = with_labels(contract, judged.labels)
    _check_task(contract, judged)
    arrays = None if ranges is None else ranges.inputs
    if arrays is not None:
        check_given(arrays, contract, what="calibration", at_least=MIN_CALIBRATION_SAMPLES)
    warnings = () if arrays is None else tuple(check_range(arrays, judged.inputs, contract))
    skipped = (
        ()
        if arrays is not None
        else tuple(
            Skipped(variant.name, "it needs calibration samples: --calibration")
            for variant in variants
            if variant.calibrated
        )
    )
    left_out = {skip.name for skip in skipped}
    return Intake(
        contract=contract,
        calibration=arrays,
        evaluation=judged.inputs,
        targets=judged.targets,
        evidence=evidence,
        warnings=warnings,
        variants=tuple(variant for variant in variants if variant.name not in left_out),
        skipped=skipped,
        provenance=_provenance(staged, found),
        notes=_notes(staged, contract),
    )


def _contract(staged: Staged, found: Description, promises: Promises) -> ModelContract:
    if staged.training is None:
        return make_contract(found, promises)
    if replace(promises, max_drop=None) != Promises():
        raise UsageError(
            "A TrainedModel brings its own contract",
            got="options that say what the model means",
            fix="leave them out, or convert the model.keras inside the folder",
        )
    contract = staged.training.contract
    contract = replace(contract, metric=limited(contract.metric, promises.max_drop))
    names, outputs = [spec.name for spec in contract.inputs], [spec.name for spec in contract.outputs]
    own_names, own_outputs = [spec.name for spec in found.inputs], [spec.name for spec in found.outputs]
    if sorted(outputs) == sorted(own_outputs) and outputs != own_outputs:
        raise ConversionFailed(
            "The model's outputs stand in another order in its contract", got=outputs, expected=own_outputs
        )
    if sorted(names) != sorted(own_names):
        raise ConversionFailed("The model's inputs differ from its contract", got=own_names, expected=names)
    if sorted(outputs) != sorted(own_outputs):
        raise ConversionFailed("The model's outputs differ from its contract", got=own_outputs, expected=outputs)
    return contract


def _notes(staged: Staged, contract: ModelContract) -> tuple[str, ...]:
    own = None if staged.training is None else staged.training.contract.metric
    if own is None or contract.metric is None or own == contract.metric:
        return ()
    asked, usual = (shown(own.name, metric.max_drop) for metric in (contract.metric, own))
    return (f"{own.name} may drop by {asked}, as asked for; the model came with a limit of {usual}",)


def _calibration(staged: Staged, contract: ModelContract, given: Given | None) -> Data | None:
    if given is not None:
        return read_data(given, contract, what="calibration", limit=MAX_CALIBRATION_SAMPLES)
    if staged.training is None:
        return None
    return Data(staged.training.calibration, None, (), "the training data")


def _evaluation(
    staged: Staged, contract: ModelContract, found: Description, calibration: Data | None, given: Given | None
) -> tuple[Data, str]:
    if given is not None:
        data = read_data(given, contract, what="evaluation")
        return data, f"{len(data)} evaluation samples from {data.source}"
    if staged.training is not None:
        data = Data(staged.training.evaluation, staged.training.targets, (), "the test data")
        return data, f"{len(data)} samples of the test data"
    if calibration is not None:
        data = _part(calibration, held_back=True)
        return data, f"{len(data)} calibration samples that were held back for it"
    specs = given_specs(contract.inputs, contract.state, {})
    if contract.state:
        specs = tuple(spec._replace(shape=(spec.shape[0], SYNTHETIC_STEPS, *spec.shape[2:])) for spec in specs)
    made_up = synthetic_samples(specs, found.largest_tokens, SYNTHETIC_SAMPLES)
    return (
        Data(made_up, None, (), "made-up inputs"),
        f"{SYNTHETIC_SAMPLES} made-up inputs: give --calibration or --evaluation for a verdict on real ones",
    )


def _part(data: Data, *, held_back: bool) -> Data:
    """Every fifth sample, or the others."""
    if len(data) < HELD_BACK + MIN_CALIBRATION_SAMPLES:
        raise SampleError(
            "There are too few calibration samples",
            got=len(data),
            expected=f"at least {HELD_BACK + MIN_CALIBRATION_SAMPLES}",
            fix="give more, or --evaluation: without it every fifth sample is held back for the verdict",
        )
    chosen = [i for i in range(len(data)) if (i % HELD_BACK == HELD_BACK - 1) == held_back]
    return Data(
        {name: array[chosen] for name, array in data.inputs.items()},
        None if data.targets is None else data.targets[chosen],
        data.labels,
        data.source,
    )


def _check_task(contract: ModelContract, data: Data) -> None:
    if contract.metric is None:
        return
    if data.targets is None:
        raise UsageError(
            f"The metric {contract.metric.name} needs labels",
            got=f"no labels in {data.source}",
            fix="--evaluation with labels: an array named labels, a folder for each class, a column named label",
        )
    check_metric(contract)
    check_targets(data.targets, len(data), contract)


def _provenance(staged: Staged, found: Description) -> dict[str, Any]:
    if staged.training is not None:
        # Where recipe and data lie on the machine that trained is nobody's business who gets the bundle.
        return {name: value for name, value in staged.training.document.provenance.items() if name != "again"}
    digest = {} if staged.source.layout == "saved_model" else {"sha256": sha256(Path(staged.source.path))}
    return {"framework": found.framework, "parameters": found.parameters, **digest}
