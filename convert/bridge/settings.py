"""What one Keras 3 layer is configured with, as the arguments of its tf_keras class.

Nothing that changes a result is left out in silence: an argument that tf_keras does not know, with a value that is not
known to be without effect, refuses the layer. What has a part in training only is carried where it is built in
(regularizers, constraints) and left out otherwise; initializers are left out, for the weights are copied.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

from .activations import carried_activation
from .frameworks import tf_keras
from .layers import LayerRow, row_of
from .refusal import refuse

Carry = Callable[[Any], Any]

_ACTIVATIONS = ("activation", "recurrent_activation")
_ACTIVATION_LAYERS = ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")  # without weights
_TRAINING_ONLY = ("_regularizer", "_constraint")
_ELSEWHERE = {"name", "dtype", "trainable"}
_ANYWHERE_IGNORED = {"seed"}  # of the random numbers of training


def settings_of(layer: Any, row: LayerRow, target: type, carry: Carry) -> dict[str, Any]:
    """The arguments for the tf_keras class.

    Args:
        layer: A Keras 3 layer.
        row: Its row in the table.
        target: The tf_keras class.
        carry: What carries a layer that is itself an argument.

    Returns:
        Keyword arguments for `target`.

    Raises:
        NotCarried: An argument cannot be carried and may change the result.
    """
    settings: dict[str, Any] = {"name": scope_name(layer.name), "dtype": _dtype(layer, row)}
    for key, value in layer.get_config().items():
        if key in _ELSEWHERE or key.endswith("_initializer"):
            continue
        if key.endswith(_TRAINING_ONLY):
            settings.update(_training_only(key, value))
        elif key in _ACTIVATIONS:
            settings[key] = _activation(layer, key, value, carry)
        elif row.renamed.get(key, key) in _parameters(target).keys() | row.hidden:
            settings[row.renamed.get(key, key)] = value
        elif key not in row.ignored | _ANYWHERE_IGNORED and not _without_effect(layer, row, key, value):
            raise refuse(layer, f"{key}={value!r} has no counterpart")
    return settings


def scope_name(name: str) -> str:
    """A name that TensorFlow takes for a scope.

    Args:
        name: Any name of a Keras 3 layer.

    Returns:
        The same, with a dot for every character that is not allowed there.
    """
    name = re.sub(r"[^A-Za-z0-9_.\-]", ".", name)
    return name if re.match(r"[A-Za-z0-9.]", name) else f".{name}"


def _dtype(layer: Any, row: LayerRow) -> str:
    """The one type that the layer computes in and stores its weights in."""
    policy = layer.dtype_policy
    single = policy.compute_dtype == policy.variable_dtype and policy.quantization_mode is None
    if not single or (policy.compute_dtype != "float32" and not row.any_dtype):
        raise refuse(layer, f"its dtype policy is {policy.name}, and only float32 is carried")
    if getattr(layer, "sparse", False):
        raise refuse(layer, "it is sparse")
    return str(policy.compute_dtype)


def _training_only(key: str, value: Any) -> dict[str, Any]:
    """A built-in regularizer or constraint under tf_keras's module of the same name."""
    kind = "regularizers" if key.endswith("_regularizer") else "constraints"
    if not isinstance(value, dict) or value.get("module") != f"keras.{kind}":
        return {}
    module, name = getattr(tf_keras(), kind), value["class_name"]
    if not hasattr(module, name):
        return {}
    return {key: module.get({"class_name": name, "config": value["config"]})}


def _activation(layer: Any, key: str, value: Any, carry: Carry) -> Any:
    live = getattr(layer, key, None)
    if row_of(live) is not None and type(live).__name__ in _ACTIVATION_LAYERS:
        return carry(live)
    carried = carried_activation(value) if isinstance(value, str) else None
    if carried is None:
        name = getattr(live, "__name__", type(live).__name__)
        raise refuse(layer, f"{key} is {name}, for which litefoot knows none in tf_keras")
    return carried


def _without_effect(layer: Any, row: LayerRow, key: str, value: Any) -> bool:
    neutral = row.neutral[key] if key in row.neutral else _parameters(_class_of(layer)).get(key)
    return bool(_plain(value) == _plain(neutral))


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


@functools.cache
def _parameters(kind: Any) -> dict[str, Any]:
    """What the constructors of a class and its bases take, by name, with the default nearest to the class."""
    found: dict[str, Any] = {}
    for base in inspect.getmro(kind):
        if "__init__" in vars(base) and base is not object:
            for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]:
                if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                    found.setdefault(parameter.name, parameter.default)
    return found


def _class_of(layer: Any) -> Any:
    return type(layer)
