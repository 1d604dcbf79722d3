"""Run a verified model: numpy and one engine, nothing else.

from litefoot.runtime import load
model = load("dist/digits")
probabilities = model(model.preprocess("seven.png"))
print(model.selftest().status)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contract import Metric, ModelContract
    from .generation.generator import load_pipeline
    from .model import Model, load
    from .storage.bundle import Bundle
    from .storage.golden import Golden
    from .storage.manifest import Artifact
    from .tensors import Quantization, TensorSpec
    from .verification.drift import Drift, measure
    from .verification.tolerance import Tolerance
    from .verification.verdict import Verdict

_HOMES = {
    "Artifact": ".storage.manifest",
    "Bundle": ".storage.bundle",
    "Drift": ".verification.drift",
    "Golden": ".storage.golden",
    "Metric": ".contract",
    "Model": ".model",
    "ModelContract": ".contract",
    "Quantization": ".tensors",
    "TensorSpec": ".tensors",
    "Tolerance": ".verification.tolerance",
    "Verdict": ".verification.verdict",
    "load": ".model",
    "load_pipeline": ".generation.generator",
    "measure": ".verification.drift",
}

__all__ = [
    "Artifact",
    "Bundle",
    "Drift",
    "Golden",
    "Metric",
    "Model",
    "ModelContract",
    "Quantization",
    "TensorSpec",
    "Tolerance",
    "Verdict",
    "load",
    "load_pipeline",
    "measure",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: ``litefoot --help`` needs none of them, and no numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
