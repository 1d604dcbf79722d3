"""Sequences rolled out over a model that takes one step: the same as a loop written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.errors import InputMismatch, UsageError
from litefoot.runtime.sequences import check_wiring, fed, first_call, given_specs, roll_out, walk, zeros
from litefoot.runtime.tensors import Quantization, TensorSpec

Arrays = dict[str, np.ndarray]

# total' = total + x * gain; count' = count + 1; y = total' * count
SPECS = (
    TensorSpec("x", (None, 2), "float32"),
    TensorSpec("gain", (None, 1), "float32"),
    TensorSpec("total", (None, 2), "float32"),
    TensorSpec("count", (None, 1), "int32"),
)
STATE = {"total": "next_total", "count": "next_count"}


def step(now: Mapping[str, np.ndarray]) -> Arrays:
    total = now["total"] + now["x"] * now["gain"]
    return {"y": total * now["count"], "next_total": total, "next_count": now["count"] + np.int32(1)}


def samples(count: int, steps: int, *, gain_steps: bool = False, seed: int = 0) -> Arrays:
    random = np.random.default_rng(seed)
    gain = random.normal(size=(count, *([steps] if gain_steps else []), 1))
    return {"x": random.normal(size=(count, steps, 2)).astype(np.float32), "gain": gain.astype(np.float32)}


@given(count=st.integers(1, 4), steps=st.integers(1, 6), gain_steps=st.booleans(), seed=st.integers(0, 99))
def test_a_roll_out_is_the_cumulative_sum_that_the_step_makes(
    count: int, steps: int, gain_steps: bool, seed: int
) -> None:
    arrays = samples(count, steps, gain_steps=gain_steps, seed=seed)
    gain = arrays["gain"] if gain_steps else arrays["gain"][:, np.newaxis]
    expected = np.cumsum(arrays["x"] * gain, axis=1) * np.arange(steps)[:, np.newaxis]
    outputs = roll_out(step, SPECS, STATE, arrays)
    assert outputs.keys() == {"y"}
    np.testing.assert_allclose(outputs["y"], expected, rtol=1e-4, atol=1e-5)


def test_samples_do_not_touch_each_other() -> None:
    arrays = samples(3, 5)
    alone = [
        roll_out(step, SPECS, STATE, {name: array[i : i + 1] for name, array in arrays.items()})["y"] for i in range(3)
    ]
    np.testing.assert_array_equal(roll_out(step, SPECS, STATE, arrays)["y"], np.concatenate(alone))


def test_integer_state_stays_integer_at_every_step() -> None:
    counts = [now["count"] for now, _ in walk(step, SPECS, STATE, samples(2, 4))]
    assert [count.dtype for count in counts] == [np.int32] * 4
    assert [count[0, 0] for count in counts] == [0, 1, 2, 3]


def test_where_every_output_is_state_all_are_seen() -> None:
    specs, state = (SPECS[0], TensorSpec("h", (None, 2), "float32")), {"h": "next_h"}
    outputs = roll_out(lambda now: {"next_h": now["h"] + now["x"]}, specs, state, {"x": np.ones((1, 3, 2), np.float32)})
    np.testing.assert_array_equal(outputs["next_h"][0, :, 0], [1, 2, 3])


def test_the_first_call_is_the_first_step_from_zeros() -> None:
    arrays = samples(3, 5)
    call = first_call(SPECS, STATE, arrays)
    assert {name: array.shape for name, array in call.items()} == {
        "x": (1, 2),
        "gain": (1, 1),
        "total": (1, 2),
        "count": (1, 1),
    }
    np.testing.assert_array_equal(call["x"], arrays["x"][:1, 0])
    assert not call["total"].any()
    assert first_call(SPECS[:1], {}, {"x": arrays["x"][:, 0]})["x"].shape == (1, 2)


def test_what_is_given_has_an_axis_for_steps_where_the_array_has_one() -> None:
    assert [spec.shape for spec in given_specs(SPECS, STATE, samples(3, 5))] == [(None, None, 2), (None, 1)]
    assert [spec.shape for spec in given_specs(SPECS, STATE, {})] == [(None, None, 2), (None, None, 1)]
    assert given_specs(SPECS, {}, {}) == SPECS
    of_a_file = [spec._replace(shape=(1, *spec.shape[1:])) for spec in SPECS]
    assert [spec.shape for spec in given_specs(of_a_file, STATE, samples(3, 5))] == [(1, None, 2), (1, 1)]
    assert [spec.name for spec in fed(SPECS, STATE)] == ["x", "gain"]


def test_quantized_state_begins_as_real_zeros() -> None:
    stored = TensorSpec("h", (1, 2), "int8", quantization=Quantization(0.5, 3))
    assert zeros([stored], {"h": "next_h"})["h"].dtype == np.float32


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": np.ones((2, 3, 2), np.float32)},
        {"x": np.ones((2, 2), np.float32), "gain": np.ones((2, 1), np.float32)},
        {"x": np.ones((2, 0, 2), np.float32), "gain": np.ones((2, 1), np.float32)},
        {"x": np.ones((2, 3, 2), np.float32), "gain": np.ones((2, 4, 1), np.float32)},
        {"x": np.ones((2, 3, 2), np.float32), "gain": np.ones((3, 1), np.float32)},
        {"x": np.ones((2, 3, 2), np.float32), "gain": np.ones((2, 1), np.float32), "total": np.ones((2, 2))},
        {},
    ],
    ids=["an input missing", "no steps", "zero steps", "other steps", "other samples", "state given", "nothing"],
)
def test_what_is_no_sequence_is_refused(arrays: Arrays) -> None:
    with pytest.raises(InputMismatch, match="no sequences"):
        roll_out(step, SPECS, STATE, arrays)


def test_sizes_that_a_file_leaves_open_contradict_nothing() -> None:
    outputs = (TensorSpec("y", (None, 2), "float32"), TensorSpec("next_total", (None, None), "float32"))
    check_wiring(SPECS, outputs, {"total": "next_total"}, "model")
    deeper = outputs[1]._replace(shape=(None, None, 2))
    with pytest.raises(UsageError, match="differ in shape"):
        check_wiring(SPECS, (outputs[0], deeper), {"total": "next_total"}, "model")


def test_state_of_another_type_is_refused() -> None:
    outputs = (TensorSpec("y", (None, 2), "float32"), TensorSpec("next_count", (None, 1), "int64"))
    with pytest.raises(UsageError, match="shape or type"):
        check_wiring(SPECS, outputs, {"count": "next_count"}, "model")
