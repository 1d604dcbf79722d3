"""Many samples at once: the numbers of single calls, whatever the road."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_models import (
    TABLE,
    affine,
    write_accumulator,
    write_affine,
    write_affine_int8,
    write_lookup,
    write_negation,
    write_sum_and_difference,
)

from litefoot.runtime import batching
from litefoot.runtime.batching import own_batch
from litefoot.runtime.errors import InputMismatch, UsageError
from litefoot.runtime.model import load
from litefoot.runtime.tensors import TensorSpec

both = pytest.mark.parametrize("suffix", [".tflite", ".onnx"])


@pytest.fixture(autouse=True)
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share out work that would be done one by one, being so little."""
    monkeypatch.setattr(batching, "_WORTH_SECONDS", -1.0)


def samples(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-9, 9, (count, 3)).astype(np.float32)


@both
@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 33, 500])
def test_any_number_of_samples_gives_the_answers_worked_out_by_hand(tmp_path: Path, suffix: str, count: int) -> None:
    answers = load(write_affine(tmp_path / f"model{suffix}")).predict(samples(count))
    assert answers.shape == (count, 2)
    assert answers.dtype == np.float32
    np.testing.assert_array_equal(answers, affine(samples(count)))


@both
@pytest.mark.parametrize("count", [0, 1, 4, 6, 16, 17, 500])
@pytest.mark.parametrize("batch", [4, 40])
def test_a_file_for_a_fixed_batch_answers_any_number_of_samples_too(
    tmp_path: Path, suffix: str, batch: int, count: int
) -> None:
    model = load(write_affine(tmp_path / f"model{suffix}", batch=batch))
    assert model.inputs[0].shape == (batch, 3)
    np.testing.assert_array_equal(model.predict(samples(count)), affine(samples(count)))


@pytest.mark.parametrize(
    ("shapes", "batch"),
    [([(None, 3)], 1), ([(1, 3), (1,)], 1), ([(4, 3), (4,)], 4), ([(4, 3), (2, 3)], 1), ([()], 1), ([(4,), ()], 1)],
)
def test_a_files_own_batch_is_the_one_that_all_inputs_share(shapes: list[tuple[int | None, ...]], batch: int) -> None:
    assert own_batch([TensorSpec("x", shape, "float32") for shape in shapes]) == batch


@both
@pytest.mark.parametrize("write", [write_affine, write_affine_int8])
def test_single_calls_and_batches_agree_to_the_last_bit(
    tmp_path: Path, write: Callable[[Path], Path], suffix: str
) -> None:
    model = load(write(tmp_path / f"model{suffix}"))
    given = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    singly = np.concatenate([model(given[i : i + 1]) for i in range(len(given))])
    np.testing.assert_array_equal(model.predict(given), singly)


@both
def test_several_inputs_and_outputs_keep_their_names(tmp_path: Path, suffix: str) -> None:
    a, b = samples(100)[:, :2], samples(101)[:100, 1:]
    outputs = load(write_sum_and_difference(tmp_path / f"model{suffix}")).predict(a=a, b=b)
    np.testing.assert_array_equal(outputs["sum"], a + b)
    np.testing.assert_array_equal(outputs["difference"], a - b)


@both
def test_whole_numbers_stay_whole_numbers(tmp_path: Path, suffix: str) -> None:
    tokens = np.arange(60) % 3
    np.testing.assert_array_equal(load(write_lookup(tmp_path / f"model{suffix}")).predict(tokens), TABLE[tokens])


def test_a_file_with_state_answers_every_sample_from_a_fresh_one(tmp_path: Path) -> None:
    given = np.arange(1.0, 101.0, dtype=np.float32)[:, np.newaxis]
    np.testing.assert_array_equal(load(write_accumulator(tmp_path / "model.tflite")).predict(given), given)


def test_a_batch_that_answers_otherwise_is_not_used(tmp_path: Path) -> None:
    model = load(write_affine(tmp_path / "model.tflite"))
    changed = load(write_affine(tmp_path / "changed.tflite", weights=np.ones((2, 3), np.float32)))
    start = model._start
    model._start = lambda batch: start(None) if batch is None else changed._start(batch)  # type: ignore[method-assign]
    np.testing.assert_array_equal(model.predict(samples(100)), affine(samples(100)))


@both
def test_a_model_that_does_not_answer_sample_by_sample_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises((UsageError, InputMismatch)):
        load(write_negation(tmp_path / f"model{suffix}")).predict(np.zeros(3, np.float32))


def test_samples_of_another_shape_are_refused_with_both_sides(tmp_path: Path) -> None:
    model = load(write_affine(tmp_path / "model.tflite"))
    with pytest.raises(InputMismatch, match=r"(?s)got:\s+float32\[1, 4\].*expected:\s+float32\[1, 3\]"):
        model.predict(np.zeros((10, 4), np.float32))


def test_lists_are_arrays_too(tmp_path: Path) -> None:
    model = load(write_affine(tmp_path / "model.tflite"))
    np.testing.assert_array_equal(model.predict([[1.0, 2.0, 3.0]] * 2), affine(np.array([[1.0, 2.0, 3.0]] * 2)))  # type: ignore[arg-type]


def test_a_number_is_not_taken_for_no_samples(tmp_path: Path) -> None:
    with pytest.raises(InputMismatch, match="one number of samples"):
        load(write_affine(tmp_path / "model.tflite")).predict(np.float32(1.0))  # type: ignore[arg-type]


def test_inputs_of_different_counts_are_refused(tmp_path: Path) -> None:
    model = load(write_sum_and_difference(tmp_path / "model.tflite"))
    with pytest.raises(InputMismatch, match="one number of samples"):
        model.predict(a=np.zeros((3, 2), np.float32), b=np.zeros((4, 2), np.float32))


def test_progress_ends_at_all_samples(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    load(write_affine(tmp_path / "model.tflite")).predict(samples(100), progress=lambda *state: seen.append(state))
    assert seen[-1] == (100, 100)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_an_error_in_the_middle_reaches_the_caller(tmp_path: Path) -> None:
    given = samples(200)
    given[150] = np.nan
    with pytest.raises(InputMismatch, match="NaN"):
        load(write_affine_int8(tmp_path / "model.tflite")).predict(given)
