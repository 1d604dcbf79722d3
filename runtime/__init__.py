"""Run a verified model: numpy and one engine, nothing else.

from litefoot.runtime import load
model = load("dist/digits")
probabilities = model(model.preprocess("seven.png"))
print(model.selftest().status)
"""

from .bundle import Artifact, Bundle, Golden
from .contract import Metric, ModelContract, Quantization, TensorSpec
from .model import Model, load
from .verification.drift import Drift, measure
from .verification.tolerance import Tolerance
from .verification.verdict import Verdict

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
    "measure",
]
