"""The jobs of a conversion: each file made of the right one, by the right worker, in an order that keeps both busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from litefoot.convert.jobs import (
    KERAS,
    QUANTIZER,
    REFERENCE,
    Samples,
    answering,
    describing,
    making,
    opening,
    stepping,
)
from litefoot.convert.source import Source
from litefoot.convert.variants import VARIANTS, Variant, choose_variants
from litefoot.convert.workers.pool import Job
from litefoot.runtime.storage.codec import decode

SOURCE = Source("a/model.keras", "keras", shapes={"x": (1, 3)}, batch=2)
MODELS = Path("out/models")


def jobs_of(
    variants: tuple[Variant, ...] = VARIANTS, *, calibration: Path | None = Path("calibration.npz")
) -> list[Job]:
    samples = Samples(Path("evaluation.npz"), Path("call.npz"), calibration)
    state = {"h": "next_h"}
    reference = answering(SOURCE, samples.evaluation, state, Path("references.npz"))
    return [*making(SOURCE, variants, MODELS, samples, state), reference]


def test_a_model_with_state_is_taken_through_sequences() -> None:
    reference = named(jobs_of())[REFERENCE].arguments
    assert (reference["samples"], reference["state"]) == ("evaluation.npz", {"h": "next_h"})
    job = stepping(SOURCE, {"h": "next_h"}, Path("sequences.npz"), Path("steps.npz"))
    assert (job.task, job.lane, job.arguments["out"]) == ("steps", KERAS, "steps.npz")


def named(jobs: list[Job]) -> dict[str, Job]:
    found = {job.name: job for job in jobs}
    assert len(found) == len(jobs)
    return found


def test_a_source_is_opened_where_tensorflow_is() -> None:
    job = opening(SOURCE)
    assert (job.task, job.lane, job.needs) == ("open", KERAS, None)
    assert decode(Source, job.arguments["source"], "source") == SOURCE


def test_there_is_a_job_and_a_check_for_each_variant_and_one_for_the_reference() -> None:
    names = {REFERENCE} | {name for variant in VARIANTS for name in (variant.name, describing(variant))}
    assert named(jobs_of()).keys() == names


def test_every_job_waits_for_the_file_that_it_is_made_of() -> None:
    jobs = named(jobs_of())
    for variant in VARIANTS:
        assert jobs[variant.name].needs == variant.needs
        assert jobs[describing(variant)].needs == variant.name
    assert jobs[REFERENCE].needs is None


def test_only_what_needs_the_model_is_done_where_tensorflow_is() -> None:
    lanes = {name: job.lane for name, job in named(jobs_of()).items()}
    assert {name for name, lane in lanes.items() if lane == KERAS} == {"fp32.tflite", "fp32.onnx", REFERENCE}
    assert set(lanes.values()) == {KERAS, QUANTIZER}


def test_the_float_onnx_comes_first_and_the_reference_after_all_files_of_its_lane() -> None:
    assert [job.name for job in jobs_of() if job.lane == KERAS] == ["fp32.onnx", "fp32.tflite", REFERENCE]


def test_a_float_file_is_made_of_the_model_with_what_the_user_said_of_it() -> None:
    jobs = named(jobs_of())
    tflite, onnx = jobs["fp32.tflite"].arguments, jobs["fp32.onnx"].arguments
    assert (jobs["fp32.tflite"].task, jobs["fp32.onnx"].task) == ("tflite", "onnx")
    for arguments, name in ((tflite, "fp32.tflite"), (onnx, "fp32.onnx")):
        assert decode(Source, arguments["source"], "source") == SOURCE
        assert arguments["out"] == f"out/models/{name}"
    assert tflite["precision"] == "fp32"
    assert tflite["calibration"] is None


@pytest.mark.parametrize("name", ["fp16.tflite", "dynamic.tflite", "int8.tflite", "int8-io.tflite"])
def test_a_smaller_tflite_file_is_quantized_from_the_float_file_or_else_by_tensorflow(name: str) -> None:
    job = named(jobs_of())[name]
    precision = name.removesuffix(".tflite").removesuffix("-io")
    expected = {
        "precision": precision,
        "integer_io": name == "int8-io.tflite",
        "calibration": "calibration.npz" if precision == "int8" else None,
        "out": f"out/models/{name}",
    }
    assert (job.task, job.lane) == ("quantize-tflite", QUANTIZER)
    assert job.arguments == {**expected, "source": "out/models/fp32.tflite"}
    second = job.otherwise
    assert second is not None
    assert (second.name, second.task, second.lane, second.otherwise) == (name, "tflite", KERAS, None)
    assert second.arguments == {**expected, "source": opening(SOURCE).arguments["source"]}


@pytest.mark.parametrize("precision", ["fp16", "dynamic"])
def test_an_onnx_file_of_fewer_bits_is_made_from_the_float_file_alone(precision: str) -> None:
    job = named(jobs_of())[f"{precision}.onnx"]
    assert (job.task, job.lane, job.otherwise) == ("narrow-onnx", QUANTIZER, None)
    assert job.arguments == {
        "source": "out/models/fp32.onnx", "precision": precision, "out": f"out/models/{precision}.onnx"
    }  # fmt: skip


def test_activations_in_16_bits_are_calibrated_by_the_quantizer_or_else_by_tensorflow() -> None:
    job = named(jobs_of(choose_variants(["int16x8.tflite"])))["int16x8.tflite"]
    assert (job.task, job.arguments["precision"], job.arguments["calibration"]) == (
        "quantize-tflite", "int16x8", "calibration.npz"
    )  # fmt: skip
    assert job.otherwise is not None
    assert (job.otherwise.task, job.otherwise.arguments["precision"]) == ("tflite", "int16x8")


def test_a_quantized_onnx_has_no_second_try() -> None:
    job = named(jobs_of())["int8.onnx"]
    assert (job.task, job.lane, job.otherwise) == ("quantize-onnx", QUANTIZER, None)
    assert job.arguments == {
        "source": "out/models/fp32.onnx", "calibration": "calibration.npz", "out": "out/models/int8.onnx"
    }  # fmt: skip


def test_tensorflow_is_not_asked_for_integer_io_where_it_died_of_the_same_model() -> None:
    def after(*names: str) -> str | None:
        second = named(jobs_of(choose_variants(names)))["int8-io.tflite"].otherwise
        assert second is not None
        return second.needs

    assert after("int8.tflite", "int8-io.tflite") == "int8.tflite"
    assert after("int8-io.tflite") is None


def test_a_file_is_checked_with_what_it_was_made_as_on_what_one_call_takes() -> None:
    job = named(jobs_of())["check int8-io.tflite"]
    assert (job.task, job.lane) == ("describe", QUANTIZER)
    assert decode(Variant, job.arguments["variant"], "variant") == choose_variants(["int8-io.tflite"])[-1]
    assert job.arguments["path"] == "out/models/int8-io.tflite"
    assert job.arguments["samples"] == "call.npz"


def test_without_calibration_nobody_is_given_any() -> None:
    chosen = tuple(variant for variant in VARIANTS if not variant.calibrated)
    for job in jobs_of(chosen, calibration=None):
        assert job.arguments.get("calibration") is None
