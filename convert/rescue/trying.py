"""What a worker does for a rescue: rank the layers, make a file, and see what it does on the held-out samples."""

from __future__ import annotations

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
from ..export import quantize_onnx, quantize_tflite
from ..remedies import REMEDIES
from . import mixed_onnx, mixed_tflite
from .held_out import Arrays, limits
from .trials import Measured, Plan


def prepare(*, source: str, calibration: str, prepared: str, quantized: str) -> None:
    """Make what the trials of a format begin with, calibrated on what is left of the samples.

    Args:
        source: The float file.
        calibration: An ``.npz`` file, by input name, (samples, ...).
        prepared: The float file to write that trials are made from.
        quantized: The file to write, everything in 8 bits.
    """
    if source.endswith(".onnx"):
        quantize_onnx.prepare(Path(source), Path(prepared))
    else:
        Path(prepared).write_bytes(Path(source).read_bytes())
    _quantize(prepared, calibration, quantized)


def _quantize(prepared: str, calibration: str, quantized: str) -> None:
    if prepared.endswith(".onnx"):
        quantize_onnx.quantize(Path(prepared), Path(calibration), Path(quantized))
    else:
        quantize_tflite.write(
            source=prepared, precision="int8", integer_io=False, calibration=calibration, out=quantized
        )


def treat(*, remedy: str, source: str, calibration: str, treated: str, quantized: str) -> list[str]:
    """Apply a remedy to a float file and quantize what comes out.

    Args:
        remedy: The name of one of `REMEDIES`.
        source: The float file.
        calibration: An ``.npz`` file, by input name, (samples, ...).
        treated: The float file to write.
        quantized: The file to write, everything in 8 bits.

    Returns:
        The layers that were changed; none where nothing fits, and then nothing is written.
    """
    (chosen,) = (one for one in REMEDIES if one.name == remedy)
    changed = chosen.apply(Path(source), Path(treated), read_arrays(Path(calibration)))
    if changed:
        _quantize(treated, calibration, quantized)
    return list(changed)


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
    if plan.format == "onnx":
        mixed_onnx.make(Path(plan.quantized), Path(plan.source), plan.freed, plan.float_weights, out)
    else:
        mixed_tflite.make(plan, out)


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
