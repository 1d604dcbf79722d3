"""Samples of a model that takes one step: sequences, without its state, with or without an axis for the steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from litefoot.convert.data import check_given, read_data
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import InputMismatch, SampleError
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.tensors import TensorSpec

CONTRACT = ModelContract(
    inputs=(
        TensorSpec("token", (None, 1), "int32"),
        TensorSpec("memory", (None, 2), "float32"),
        TensorSpec("h", (None, 4), "float32"),
    ),
    outputs=(TensorSpec("y", (None, 3), "float32"), TensorSpec("next_h", (None, 4), "float32")),
    task="",
    state={"h": "next_h"},
)
TOKENS = np.arange(12).reshape(3, 4, 1).astype(np.int32)
MEMORY = np.arange(6).reshape(3, 2).astype(np.float32)


def test_arrays_are_read_with_and_without_steps(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x.npz", {"token": TOKENS.astype(np.int64), "memory": MEMORY, "label": np.arange(3)})
    data = read_data(tmp_path / "x.npz", CONTRACT, what="evaluation")
    assert {name: (array.dtype.name, array.shape) for name, array in data.inputs.items()} == {
        "token": ("int32", (3, 4, 1)),
        "memory": ("float32", (3, 2)),
    }
    assert data.targets is not None


def test_a_last_axis_of_one_may_be_left_out() -> None:
    data = read_data({"token": TOKENS[..., 0], "memory": MEMORY}, CONTRACT, what="evaluation")
    np.testing.assert_array_equal(data.inputs["token"], TOKENS)


@pytest.mark.parametrize("steps", [None, 4])
def test_sequences_are_yielded_one_by_one(steps: int | None) -> None:
    memory = MEMORY if steps is None else MEMORY[:, np.newaxis].repeat(steps, axis=1)

    def sequences() -> Iterator[dict[str, np.ndarray]]:
        for i in range(3):
            yield {"token": TOKENS[i], "memory": memory[i]}

    data = read_data(sequences, CONTRACT, what="calibration")
    np.testing.assert_array_equal(data.inputs["token"], TOKENS)
    np.testing.assert_array_equal(data.inputs["memory"], memory)


def broken(**changed: np.ndarray) -> dict[str, np.ndarray]:
    return {"token": TOKENS, "memory": MEMORY, **changed}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (broken(h=np.zeros((3, 4), np.float32)), "input names"),
        ({"token": TOKENS}, "input names"),
        (broken(memory=MEMORY.astype(np.float64)), "do not fit"),
        (broken(memory=np.zeros((3, 4, 3), np.float32)), "do not fit"),
        (broken(memory=MEMORY * np.nan), "not finite"),
        (broken(memory=MEMORY[:2]), "numbers of samples"),
        (broken(token=TOKENS[:, :2]), "too few evaluation steps"),
    ],
)
def test_what_does_not_fit_is_refused(arrays: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(SampleError, match=words):
        check_given(arrays, CONTRACT, what="evaluation", at_least=10)


def test_sequences_of_several_lengths_are_refused() -> None:
    with pytest.raises(InputMismatch, match="no sequences"):
        check_given(broken(memory=np.zeros((3, 5, 2), np.float32)), CONTRACT, what="evaluation", at_least=1)
    with pytest.raises(InputMismatch, match="no sequences"):
        check_given(broken(token=TOKENS[:, 0]), CONTRACT, what="evaluation", at_least=1)
