"""The jobs of a conversion: what is made of what, by which worker, and what is tried when that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litefoot.runtime.storage.codec import encode

from .source import CompressedForm, Source
from .variants import Variant
from .workers.pool import Job

KERAS = "keras"
"""The lane whose worker has TensorFlow and the model."""
QUANTIZER = "quantizer"
"""The lane whose worker has the quantizers and the engines, and no TensorFlow."""
REFERENCE = "reference"
COMPRESSED_REFERENCE = "reference of the compressed model"


def opening(source: Source) -> Job:
    """The job that opens a source.

    Args:
        source: The model.

    Returns:
        The job; its task returns a `Description`, encoded.
    """
    return Job("the model", "open", {"source": encode(source)}, lane=KERAS)


def answering(source: Source, samples: Path, state: dict[str, str], out: Path, *, compressed: bool = False) -> Job:
    """The job that runs the full-precision model.

    Args:
        source: The model.
        samples: The ``.npz`` file of the samples, by input name; of a model with state, sequences.
        state: Of the contract.
        out: The ``.npz`` file for the answers, by output name.
        compressed: Run its compressed form instead.

    Returns:
        The job.
    """
    arguments = {"source": encode(source), "samples": str(samples), "state": state, "out": str(out)}
    name = COMPRESSED_REFERENCE if compressed else REFERENCE
    return Job(name, "reference", {**arguments, "compressed": compressed}, lane=KERAS)


@dataclass(frozen=True)
class Samples:
    """Files of arrays by input name, ``.npz``.

    Attributes:
        evaluation: Samples, or for a model with state sequences, (samples, ...).
        call: What the model is called with first, (1, ...).
        calibration: Samples, or single steps, (samples, ...); None without.
    """

    evaluation: Path
    call: Path
    calibration: Path | None


def stepping(source: Source, state: dict[str, str], sequences: Path, out: Path) -> Job:
    """The job that takes a model with state through the calibration sequences, for what it is given at single steps.

    Args:
        source: The model.
        state: Of the contract.
        sequences: The sequences, ``.npz``.
        out: The ``.npz`` file for the steps.

    Returns:
        The job.
    """
    arguments = {"source": encode(source), "samples": str(sequences), "state": state, "out": str(out)}
    return Job("the calibration steps", "steps", arguments, lane=KERAS)


def making(
    source: Source,
    variants: Sequence[Variant],
    models: Path,
    samples: Samples,
    state: dict[str, str],
) -> list[Job]:
    """The jobs that make and describe the files.

    ONNX comes first, since its quantizer is the slow one, and works while the other files are made.

    Args:
        source: The model.
        variants: What to make.
        models: The folder for the files.
        samples: What they are calibrated and tried on.
        state: Of the contract.

    Returns:
        The jobs; a description has its variant's name after `DESCRIBE`.
    """
    document = encode(source)
    calibration = None if samples.calibration is None else str(samples.calibration)
    jobs = [
        _making(variant, document, models, calibration, variants, source.compressed)
        for variant in sorted(variants, key=lambda variant: variant.format)
    ]
    jobs += [
        Job(
            describing(variant),
            "describe",
            {
                "variant": encode(variant),
                "path": str(models / variant.name),
                "samples": str(samples.call),
                "state": state,
            },
            lane=QUANTIZER,
            needs=variant.name,
        )
        for variant in variants
    ]
    return jobs


def describing(variant: Variant) -> str:
    """The name of the job that describes a variant's file.

    Args:
        variant: The variant.

    Returns:
        The name.
    """
    return f"check {variant.name}"


def _making(
    variant: Variant,
    source: Any,
    models: Path,
    calibration: str | None,
    variants: Sequence[Variant],
    form: CompressedForm | None,
) -> Job:
    out = str(models / variant.name)
    if (
        form is not None
        and form.trained_tflite is not None
        and variant.format == "tflite"
        and variant.precision == "int8"
    ):
        trained = {**form.trained_tflite, "integer_io": variant.integer_io, "out": out}
        return Job(variant.name, "tflite-trained", trained, lane=KERAS)
    if variant.needs is None:
        float_arguments: dict[str, Any] = {"source": source, "out": out}
        if variant.format == "onnx":
            return Job(variant.name, "onnx", float_arguments, lane=KERAS)
        plain: dict[str, Any] = {"precision": variant.precision, "integer_io": False, "calibration": None}
        return Job(variant.name, "tflite", {**float_arguments, **plain}, lane=KERAS)
    made_from = str(models / variant.needs)
    if variant.format == "onnx" and not variant.calibrated:
        narrowed = {"source": made_from, "precision": variant.precision, "out": out, **_of_form(form)}
        return Job(variant.name, "narrow-onnx", narrowed, lane=QUANTIZER, needs=variant.needs)
    if variant.format == "onnx":
        arguments = {"source": made_from, "calibration": calibration, "out": out, **_of_form(form)}
        if form is not None and form.trained_onnx:
            arguments["trained"] = form.folder
        return Job(variant.name, "quantize-onnx", arguments, lane=QUANTIZER, needs=variant.needs)
    quantizing: dict[str, Any] = {
        "precision": variant.precision,
        "integer_io": variant.integer_io,
        "calibration": calibration if variant.calibrated else None,
        "out": out,
    }
    # Where the one kind of I/O ends TensorFlow's converter, the other does too.
    same = next((other.name for other in variants if other.precision == "int8" and other.format == "tflite"), None)
    after = same if variant.integer_io and same != variant.name else None
    by_tensorflow = Job(variant.name, "tflite", {**quantizing, "source": source}, lane=KERAS, needs=after)
    return Job(
        variant.name,
        "quantize-tflite",
        {**quantizing, "source": made_from, **_of_form(form)},
        lane=QUANTIZER,
        needs=variant.needs,
        otherwise=by_tensorflow,
    )


def _of_form(form: CompressedForm | None) -> dict[str, Any]:
    """What a quantizer is to know of a compression."""
    return {} if form is None else {"one_scale": form.one_scale}
