"""Contracts of made-up models: reading samples needs no more of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.tensors import TensorSpec


@pytest.fixture(scope="session")
def contract() -> Callable[..., ModelContract]:
    """Make a contract from inputs such as ``x=("float32", 2, 3)`` and any other fields of it."""

    def make(fields: dict[str, Any] | None = None, **inputs: tuple[Any, ...]) -> ModelContract:
        specs = tuple(TensorSpec(name, (None, *sizes), dtype) for name, (dtype, *sizes) in inputs.items())
        outputs = (TensorSpec("out", (None, 3), "float32"),)
        return ModelContract(**{"inputs": specs, "outputs": outputs, "task": "test", **(fields or {})})

    return make
