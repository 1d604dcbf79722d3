"""What a worker does for a rescue: rank the layers, make a file, and see what it does on the held-out samples."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.engines import choose, start
from litefoot.runtime.graph import read_graph
from litefoot.runtime.model import load
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.streaming import Sequences
from litefoot.runtime.verification.verdict import judge

from ..explain import explain_layers, worst
from ..export import quantize_onnx
from ..remedies import CALIBRATIONS, REMEDIES, restore_biases
from . import mixed_onnx, mixed_tflite
from .held_out import Arrays, limits
from .moving import moved
from .trials import Measured, Plan


def prepare(*, source: str, plan: dict[str, Any]) -> None:
    """Make what the trials of a format begin with, calibrated on what is left of the samples.

    Args:
        source: The float file.
        plan: A `Plan`, encoded, that gives nothing back; the files that it names are written.
    """
    chosen = decode(Plan, plan, "plan")
    if chosen.format == "onnx":
        quantize_onnx.prepare(Path(source), Path(chosen.source))
    else:
        Path(chosen.source).write_bytes(Path(source).read_bytes())
    _quantize(chosen)


def treat(*, remedy: str, source: str, plan: dict[str, Any]) -> list[str]:
    """Apply a remedy to a float file, or choose ranges in another way, and quantize what comes out.

    Args:
        remedy: The name of one of `REMEDIES` or `CALIBRATIONS`.
        source: The float file.
        plan: A `Plan`, encoded, that gives nothing back; the files that it names are written.

    Returns:
        The layers that were changed; none where nothing fits, and then nothing is written.
    """
    chosen = decode(Plan, plan, "plan")
    if chosen.ranges == remedy:
        Path(chosen.source).write_bytes(Path(source).read_bytes())
        changed: tuple[str, ...] = ("every layer",)
    else:
        (cure,) = (one for one in REMEDIES if one.name == remedy)
        changed = cure.apply(Path(source), Path(chosen.source), read_arrays(Path(chosen.calibration)))
    if changed:
        _quantize(chosen)
    return list(changed)


def _quantize(plan: Plan) -> None:
    """Everything in 8 bits."""
    if plan.format == "tflite":
        mixed_tflite.make(plan, Path(plan.source), Path(plan.quantized))
        return
    (how,) = (one.onnx for one in CALIBRATIONS if one.name == plan.ranges)
    quantize_onnx.quantize(
        Path(plan.source),
        Path(plan.calibration),
        Path(plan.quantized),
        per_channel=not plan.one_scale,
        method=how["calibrate_method"],
        options=how.get("extra_options"),
    )


def rank(*, source: str, quantized: str, held_out: str, state: dict[str, str]) -> list[list[str]]:
    """Rank the layers of a quantized file by what they add to the noise at the model's outputs.

    Args:
        source: The float file.
        quantized: The file.
        held_out: Golden samples, ``.npz``.
        state: Of the contract.

    Returns:
        For each layer that adds any, the worst first: the tensor's name in the float file, and the Keras layer's name
        or the operator's type.
    """
    inputs = Golden.from_arrays(read_arrays(Path(held_out)), held_out).inputs
    layers = explain_layers(Path(source), Path(quantized), inputs, state=state)
    return [[layer.float_tensor, layer.layer or layer.operator] for layer in worst(layers) if layer.noise_share > 0]


def attempt(*, plan: dict[str, Any], held_out: str, contract: dict[str, Any], out: str) -> Any:
    """Make a file and try it.

    Args:
        plan: A `Plan`, encoded.
        held_out: Golden samples, ``.npz``.
        contract: A `ModelContract`, encoded.
        out: The file to write.

    Returns:
        A `Measured`, encoded.
    """
    make(decode(Plan, plan, "plan"), Path(out))
    return encode(measure(Path(out), read_arrays(Path(held_out)), decode(ModelContract, contract, "contract")))


def make(plan: Plan, out: Path) -> None:
    """Make the file of a plan.

    Args:
        plan: What is to stay in float.
        out: The file to write.
    """
    plan = replace(plan, freed=moved(Path(plan.source), plan.freed))
    with tempfile.TemporaryDirectory() as folder:
        source = _with_own_biases(plan, Path(folder))
        if plan.format == "onnx":
            mixed_onnx.make(Path(plan.quantized), source, plan.freed, plan.float_weights, out)
        else:
            mixed_tflite.make(plan, source, out)


def _with_own_biases(plan: Plan, folder: Path) -> Path:
    """The float file, in which no bias makes up for a rounding that is not done."""
    source, restored = Path(plan.source), folder / f"restored.{plan.format}"
    corrected = plan.uncorrected and plan.float_weights
    if corrected and restore_biases(source, Path(plan.uncorrected), plan.float_weights, restored):
        return restored
    return source


def measure(file: Path, held_out: Arrays, contract: ModelContract) -> Measured:
    """Run a file on the held-out samples and judge it.

    Args:
        file: A ``.tflite`` or ``.onnx`` file.
        held_out: Of golden samples.
        contract: What the model promises.

    Returns:
        What it did.
    """
    golden = Golden.from_arrays(held_out, "held-out samples")
    verdict = judge(
        artifact=file.name,
        engine="",
        contract=contract,
        references=golden.references,
        outputs=_run(file, golden.inputs, contract.state),
        targets=None,
        tolerances=limits(contract, golden.references),
        steps=read_graph(file).output_steps,
    )
    drift = verdict.worst.drift
    return Measured(file.stat().st_size, None if drift is None else drift.sqnr_db, verdict.passed, verdict.reason)


def _run(file: Path, inputs: Arrays, state: dict[str, str]) -> Arrays:
    if not state:
        return load(file).predict_by_name(inputs)
    sequences = Sequences(lambda batch: start(choose(file), file, 1, batch), 1, state, file.name)
    return sequences.predict(inputs, None)
