"""Tensors stored without their zeros come back whole."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from litefoot.convert.audit.sparse_tensors import densify

Array = npt.NDArray[Any]


def sparsely(array: Array, order: list[int], is_sparse: list[bool], blocks: dict[int, int]) -> tuple[Array, Any]:
    """A plain encoder: walk the levels one after another, and drop what is all zero at sparse levels."""
    split = [*(size // blocks.get(axis, 1) for axis, size in enumerate(array.shape)), *blocks.values()]
    whole = array.ndim
    shape = [part for axis in range(whole) for part in (split[axis], *((blocks[axis],) if axis in blocks else ()))]
    places = [sum(1 + (before in blocks) for before in range(axis)) for axis in range(whole)]
    expanded = array.reshape(shape).transpose([*places, *(places[axis] + 1 for axis in blocks)])
    levels = expanded.transpose(order)
    nodes = [levels]
    metadata = []
    for size, sparse in zip(levels.shape, is_sparse, strict=True):
        if not sparse:
            metadata.append(SimpleNamespace(format=0, denseSize=size))
            nodes = [node[i] for node in nodes for i in range(size)]
            continue
        kept = [[i for i in range(size) if np.any(node[i])] for node in nodes]
        segments = np.cumsum([0, *map(len, kept)])
        metadata.append(
            SimpleNamespace(
                format=1,
                arraySegments=SimpleNamespace(values=segments.tolist()),
                arrayIndices=SimpleNamespace(values=[i for indices in kept for i in indices]),
            )
        )
        nodes = [node[i] for node, indices in zip(nodes, kept, strict=True) for i in indices]
    parameters = SimpleNamespace(traversalOrder=order, blockMap=list(blocks), dimMetadata=metadata)
    return np.array(nodes, array.dtype).ravel(), parameters


@settings(deadline=None)
@given(
    array=npst.arrays(np.float32, st.tuples(*[st.integers(1, 4)] * 3), elements=st.sampled_from([0.0, 0.0, 2.0, -1.0])),
    order=st.permutations(range(3)),
    is_sparse=st.lists(st.booleans(), min_size=3, max_size=3),
)  # fmt: skip
def test_any_order_of_dense_and_sparse_levels(array: Array, order: list[int], is_sparse: list[bool]) -> None:
    values, parameters = sparsely(array, order, is_sparse, {})
    assert np.array_equal(densify(values, parameters, array.shape), array)


@settings(deadline=None)
@given(
    array=npst.arrays(np.int8, (4, 8), elements=st.sampled_from([0, 0, 0, 5])),
    is_sparse=st.tuples(st.booleans(), st.booleans()),
    size=st.sampled_from([1, 2, 4]),
)
def test_blocks(array: Array, is_sparse: tuple[bool, bool], size: int) -> None:
    values, parameters = sparsely(array, [0, 1, 2], [*is_sparse, False], {1: size})
    assert np.array_equal(densify(values, parameters, array.shape), array)


def test_nothing_but_zeros() -> None:
    values, parameters = sparsely(np.zeros((2, 3), np.float32), [0, 1], [False, True], {})
    assert len(values) == 0
    assert np.array_equal(densify(values, parameters, (2, 3)), np.zeros((2, 3)))
