"""Tensors that a TFLite file stores without their zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from .constants import Array


def densify(values: Array, sparsity: Any, shape: tuple[int, ...]) -> Array:
    """Put the stored values where they belong.

    The form is that of ``SparsityParameters`` in TFLite's schema: dimensions in the order of traversal, some of them
    split in blocks, each either dense or as compressed sparse rows.

    Args:
        values: The stored numbers, (n,), in the order of traversal.
        sparsity: A ``SparsityParametersT`` of the schema.
        shape: Of the whole tensor.

    Returns:
        The whole tensor, of `shape`.
    """
    places = np.zeros(1, np.int64)
    indices: list[Array] = []
    for level in sparsity.dimMetadata:
        if level.format == 0:  # dense
            index = np.tile(np.arange(level.denseSize), len(places))
            parents = np.repeat(np.arange(len(places)), level.denseSize)
            places = places[parents] * level.denseSize + index
        else:
            segments = np.asarray(level.arraySegments.values, np.int64)
            counts = segments[places + 1] - segments[places]
            parents = np.repeat(np.arange(len(places)), counts)
            first = np.repeat(segments[places] - (np.cumsum(counts) - counts), counts)
            places = first + np.arange(len(parents))
            index = np.asarray(level.arrayIndices.values, np.int64)[places]
        indices = [*(known[parents] for known in indices), index]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(_coordinates(indices, sparsity, len(shape)))] = values[places]
    return dense


def _coordinates(indices: list[Array], sparsity: Any, dimensions: int) -> list[Array]:
    """From the place in each level to the place in each dimension of the tensor."""
    by_level = dict(zip((int(level) for level in sparsity.traversalOrder), indices, strict=True))
    order = [int(level) for level in sparsity.traversalOrder]
    coordinates = [by_level[dimension] for dimension in range(dimensions)]
    for block, dimension in enumerate([] if sparsity.blockMap is None else sparsity.blockMap):
        size = sparsity.dimMetadata[order.index(dimensions + block)].denseSize
        coordinates[dimension] = coordinates[dimension] * size + by_level[dimensions + block]
    return coordinates
