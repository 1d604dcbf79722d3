"""Carries a Keras 3 model to tf_keras, where compression (tfmot) and TFLite's fused LSTM are.

The graph of a functional or sequential model is called again with the tf_keras layers that stand for its own
(`layers`, `operations`), the weights are copied, and both models are compared on random inputs. Runs in a worker's
process: TensorFlow and both Keras are imported when a model is carried, and not before.
"""

from .carried import TOLERANCE, Bridged, bridge
from .compare import Comparison, compare
from .inputs import random_inputs
from .layers import Row, carried_layers
from .operations import carried_operations
from .refusal import NotCarried, Refusal
from .registered import register

__all__ = [
    "TOLERANCE",
    "Bridged",
    "Comparison",
    "NotCarried",
    "Refusal",
    "Row",
    "bridge",
    "carried_layers",
    "carried_operations",
    "compare",
    "random_inputs",
    "register",
]
