"""A model as functions by name, ready to be run, traced and exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from litefoot.runtime.errors import UsageError
from litefoot.runtime.tensors import TensorSpec

from ..source import Description

Call = Callable[[dict[str, Any]], dict[str, Any]]
"""From tensors by input name to tensors by output name, in inference mode."""


@dataclass(frozen=True)
class OpenedModel:
    """A model ready to be run, traced and exported.

    Attributes:
        description: What it is.
        batch: Samples that a TFLite file takes at once.
        original: The full-precision model, which all files are judged by.
        exported: The same model in the form that is exported: in Keras 2 where the bridge carries it.
        holder: A ``tf.Module`` that owns the exported form's variables.
        traced: `original` with a free batch: the ``tf.function``, and its one concrete function.
        keras2: The model as a live tf_keras model, inputs and outputs in the order of the description; None where there
            is none.
    """

    description: Description
    batch: int
    original: Call
    exported: Call
    holder: Any
    traced: tuple[Any, Any] = (None, None)
    keras2: Any = None

    def positional(self, model: Any) -> Call:
        """A tf_keras model as a function by the names of this one.

        Args:
            model: Its inputs and outputs are flat lists in the order of the description.

        Returns:
            The function.
        """
        inputs = [spec.name for spec in self.description.inputs]
        outputs = [spec.name for spec in self.description.outputs]

        def call(given: dict[str, Any]) -> dict[str, Any]:
            results = model([given[name] for name in inputs] if len(inputs) > 1 else given[inputs[0]], training=False)
            flat = results if isinstance(results, (list, tuple)) else [results]
            return dict(zip(outputs, flat, strict=True))

        return call

    def trace(self, call: Call, *, batch: int | None) -> tuple[Any, Any]:
        """Trace a function for the model's shapes.

        Args:
            call: `original` or `exported`.
            batch: The batch dimension; None leaves it free where the model does.

        Returns:
            The ``tf.function``, and its one concrete function.
        """
        import tensorflow as tf

        specs = {
            spec.name: tf.TensorSpec((spec.shape[0] or batch, *spec.shape[1:]), spec.dtype, name=spec.name)
            for spec in self.description.inputs
        }
        function = tf.function(lambda **inputs: call(inputs), autograph=False)
        return function, function.get_concrete_function(**specs)


def owner_of(variables: Iterable[Any]) -> Any:
    """A module for `OpenedModel.holder`.

    TensorFlow's converter saves all that the module holds, once for each file: for a live Keras 2 model that is every
    function of every layer, traced again (an LSTM's take ten seconds); a Keras 3 model would come without its weights.

    Args:
        variables: TensorFlow's, of the model.

    Returns:
        A ``tf.Module`` that holds them and nothing else.
    """
    import tensorflow as tf

    holder = tf.Module()
    holder.owned = list(variables)
    return holder


def refuse_texts(inputs: Iterable[TensorSpec]) -> None:
    """Refuse a model that is given texts.

    Args:
        inputs: Of the model.

    Raises:
        UsageError: One of them takes texts.
    """
    for spec in inputs:
        if spec.dtype == "string":
            raise UsageError(
                "This input takes texts, which neither TFLite nor ONNX Runtime runs on small boards",
                where=f"input {spec.name}",
                fix="export the model from the layer after the vocabulary; the contract has a step for it: tokens",
            )
