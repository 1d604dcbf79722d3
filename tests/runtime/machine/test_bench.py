"""Figures that are plausible and in order; how large they are is no matter of tests."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_affine, write_affine_int8, write_custom, write_lookup, write_sum_and_difference

from litefoot.runtime.errors import UnreadableModel, UsageError
from litefoot.runtime.machine import fresh
from litefoot.runtime.machine.bench import BenchmarkResult, _median, benchmark
from litefoot.runtime.machine.board import cpu_name
from litefoot.runtime.machine.fresh import sample_inputs, warm_up
from litefoot.runtime.model import load
from litefoot.runtime.storage.codec import encode

RESULT = BenchmarkResult("a", "e", "c", 1, 1, 100, 9.0, 3.0, 0.5, 1.0, 2.0, 3.0, 1000.0, 50, None, None)


@pytest.fixture(scope="module")
def results(tiny_bundle: Path) -> list[BenchmarkResult]:
    return benchmark(tiny_bundle, [("fp32.onnx", 2), ("int8.tflite", 2)], seconds=0.02, rounds=2)


def test_every_artifact_has_its_result_in_the_order_asked_for(results: list[BenchmarkResult]) -> None:
    assert [result.artifact for result in results] == ["fp32.onnx", "int8.tflite"]
    assert [result.engine.split()[0] for result in results] == ["ONNX", "LiteRT"]
    assert {(result.threads, result.rounds, result.cpu) for result in results} == {(2, 2, cpu_name())}


def test_figures_are_positive_and_in_their_order(results: list[BenchmarkResult]) -> None:
    for result in results:
        assert result.runs >= 10
        assert 0 < result.p50_ms <= result.p95_ms <= result.p99_ms
        assert 0 < result.first_ms <= result.cold_start_ms
        assert 0 < result.load_ms <= result.cold_start_ms
        assert result.throughput_per_s > 0
        assert 10_000_000 < result.peak_rss_bytes < 1_000_000_000


def test_a_result_is_json(results: list[BenchmarkResult]) -> None:
    assert json.loads(json.dumps(encode(results[0]), allow_nan=False))["p50_ms"] == results[0].p50_ms


def test_a_single_file_is_measured_under_its_own_name(tmp_path: Path) -> None:
    (result,) = benchmark(write_affine(tmp_path / "model.tflite"), [(None, 1)], seconds=0.01, rounds=1)
    assert (result.artifact, result.rounds, result.threads) == ("model.tflite", 1, 1)
    assert result.p50_ms > 0


def test_a_model_that_does_not_load_is_unreadable_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"cannot load[\s\S]*custom\.tflite[\s\S]*Mystery"):
        benchmark(write_custom(tmp_path / "custom.tflite"), [(None, 1)], seconds=0.01, rounds=1)


@pytest.mark.parametrize(
    ("subjects", "options"),
    [
        ([], {}),
        ([(None, 1)], {"rounds": 0}),
        ([(None, 0)], {}),
        ([(None, 1)], {"seconds": 0.0}),
        ([(None, 1)], {"seconds": 1e9}),
    ],
)
def test_nothing_to_measure_is_a_usage_error(
    tmp_path: Path, subjects: list[tuple[None, int]], options: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="nothing to measure"):
        benchmark(write_affine(tmp_path / "model.tflite"), subjects, **options)


def test_every_figure_is_the_median_over_the_rounds() -> None:
    rounds = [
        dataclasses.replace(RESULT, p50_ms=p50, cold_start_ms=cold, peak_rss_bytes=rss, runs=runs)
        for p50, cold, rss, runs in ((1.0, 30.0, 70, 10), (5.0, 10.0, 50, 90), (2.0, 20.0, 60, 20))
    ]
    assert _median(rounds) == dataclasses.replace(
        RESULT, rounds=3, p50_ms=2.0, cold_start_ms=20.0, peak_rss_bytes=60, runs=20
    )


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize("write", [write_affine, write_affine_int8, write_sum_and_difference, write_lookup])
def test_sample_inputs_fit_the_model_and_are_the_same_each_time(tmp_path: Path, write, suffix: str) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    inputs = sample_inputs(model.inputs)
    assert model.run(inputs).keys() == {spec.name for spec in model.outputs}
    for name, array in sample_inputs(model.inputs).items():
        np.testing.assert_array_equal(array, inputs[name])
        assert array.size
        if write is not write_lookup:
            assert 0 < array.min() < array.max() < 1


def test_the_processor_has_a_name() -> None:
    assert cpu_name().strip()


def test_a_round_in_which_the_board_was_throttled_is_not_forgotten() -> None:
    rounds = [dataclasses.replace(RESULT, throttled=throttled) for throttled in (None, True, False)]
    assert _median(rounds).throttled is True
    assert _median(rounds[:1]).throttled is None


def test_threads_are_swept_and_told_as_they_are_measured(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = write_affine(tmp_path / "model.tflite")
    subjects = [(None, 1), (None, 2)]
    results = benchmark(path, subjects, seconds=0.01, rounds=1, progress=lambda *step: told.append(step))
    assert [result.threads for result in results] == [1, 2]
    assert told == [("model.tflite", 1, 2), ("model.tflite", 2, 2)]


def test_a_slow_model_is_warmed_up_less(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    warm_up(calls.append, {"x": np.zeros(1)})  # type: ignore[arg-type]
    assert len(calls) > 1
    calls.clear()
    monkeypatch.setattr(fresh, "_WARM_UP_SECONDS", 0.0)
    warm_up(calls.append, {"x": np.zeros(1)})  # type: ignore[arg-type]
    assert len(calls) == 1
