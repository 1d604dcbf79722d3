"""The graph of a Keras 3 model, called again with tf_keras layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litefoot.runtime.errors import first_line

from .calls import call_layer, call_model, sees_mask, without_mask
from .compare import Step
from .construct import Pair, construct
from .frameworks import find, tensorflow, tf_keras
from .graph import functional_of, nodes_of
from .operations import call_operation, operation_row
from .refusal import NotCarried, Refusal, not_carried, refuse
from .settings import scope_name


class Replay:
    """What has been carried so far: each layer once, so that a shared layer stays one.

    Args:
        masked: The ids of the Keras 3 tensors that carry a mask.

    Attributes:
        pairs: The layers and models that were carried, inner ones before those that hold them.
        steps: The calls of the outermost model.
    """

    def __init__(self, masked: frozenset[int]) -> None:
        self.pairs: list[Pair] = []
        self.steps: list[Step] = []
        self._masked = masked
        self._made: dict[int, Any] = {}

    def model(self, functional: Any, owner: Any = None) -> Any:
        """Carry a functional model.

        Args:
            functional: A Keras 3 functional model.
            owner: The sequential model that it belongs to, if it does.

        Returns:
            A tf_keras functional model with flat inputs and outputs, its weights not yet copied.

        Raises:
            NotCarried: Some of its layers cannot be carried; all of them are named.
        """
        self._check(functional)
        inputs = [_input(tensor) for tensor in functional.inputs]
        values = dict(zip(map(id, functional.inputs), inputs, strict=True))
        names = _Names(operation.name for operation in functional.operations)
        steps = []
        for node in nodes_of(functional):
            results = tensorflow().nest.flatten(self._call(node, values, names))
            for tensor, value in zip(node.outputs, results, strict=True):
                values[id(tensor)] = value
            steps.append(Step(node.operation.name, type(node.operation).__name__, node.outputs[0], results[0]))
        self.steps = steps  # in the end those of the outermost model, for it is the last to be replayed
        outputs = [values[id(tensor)] for tensor in functional.outputs]
        model = tf_keras().Model(inputs, outputs, name=scope_name(functional.name))
        self.pairs.append(Pair(owner or functional, model, weights=False))
        return model

    def carry(self, layer: Any) -> Any:
        """What stands for a layer or nested model; the same object when asked again.

        Args:
            layer: A Keras 3 layer.

        Returns:
            A tf_keras layer or model.

        Raises:
            NotCarried: There is no counterpart.
        """
        if id(layer) not in self._made:
            functional = functional_of(layer)
            if functional is not None:
                self._made[id(layer)] = self.model(functional, layer)
            else:
                pairs = construct(layer, self.carry)
                self.pairs += pairs
                self._made[id(layer)] = pairs[-1].tf_keras
        return self._made[id(layer)]

    def _check(self, functional: Any) -> None:
        """Carry every layer ahead of the calls, so that all that cannot be carried are named at once."""
        refusals: list[Refusal] = []
        for operation in functional.operations:
            try:
                self._find(operation)
            except NotCarried as refused:
                refusals += refused.refusals
        if refusals:
            raise not_carried(refusals)

    def _find(self, operation: Any) -> None:
        if isinstance(operation, find("keras.layers.InputLayer")):
            _check_input(operation)
        elif isinstance(operation, find("keras.layers.Layer")):
            self.carry(operation)
        else:
            operation_row(operation)

    def _call(self, node: Any, values: Mapping[int, Any], names: _Names) -> Any:
        """The node's call with tf_keras tensors; whatever tf_keras raises says which layer it was."""
        operation = node.operation
        seen = {id(tensor): self._as_seen(node, tensor, values[id(tensor)]) for tensor in node.input_tensors}
        args, kwargs = node.arguments.fill_in(seen)
        try:
            if not isinstance(operation, find("keras.layers.Layer")):
                return call_operation(node, args, kwargs, names.free(operation.name))
            functional = functional_of(operation)
            if functional is None:
                return call_layer(operation, self.carry(operation), args, kwargs)
            return call_model(operation, functional, self.carry(operation), args, kwargs)
        except NotCarried:
            raise
        except Exception as error:
            raise refuse(operation, first_line(error)) from error

    def _as_seen(self, node: Any, tensor: Any, value: Any) -> Any:
        """A tensor without a mask that the layer would not see in Keras 3."""
        seen = sees_mask(node)
        return value if seen is None or (seen and id(tensor) in self._masked) else without_mask(value)


class _Names:
    """Names for the layers that operations become; an operation that is called again needs another."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = dict.fromkeys(taken, 0)

    def free(self, name: str) -> str:
        count = self._taken[name]
        self._taken[name] += 1
        candidate = name if count == 0 else f"{name}_call_{count}"
        return scope_name(candidate)


def _check_input(layer: Any) -> None:
    for trait in ("sparse", "ragged", "optional"):
        if getattr(layer, trait, False):
            raise refuse(layer, f"it is {trait}")


def _input(tensor: Any) -> Any:
    return tf_keras().Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
