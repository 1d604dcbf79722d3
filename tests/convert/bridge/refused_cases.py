"""Keras 3 models that must be refused. Imported by `program` only: it needs Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops


class Dense(keras.layers.Layer):
    """The user's own, with the name of a built-in."""

    def call(self, x: Any) -> Any:
        return 2 * x


class Own(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return x + 1


class OwnOfShape(Own):
    def compute_output_shape(self, shape: Any) -> Any:
        return shape


@keras.saving.register_keras_serializable()
class OwnRecurrent(kl.SimpleRNN):
    pass


class OwnCell(keras.layers.Layer):
    state_size = 3

    def call(self, x: Any, states: Any) -> Any:
        return x, states


class Subclassed(keras.Model):
    def call(self, x: Any) -> Any:
        return x


@keras.saving.register_keras_serializable()
def own_activation(x: Any) -> Any:
    return x * 3


def of(*layers: Any, shape: tuple[int | None, ...] = (6, 3), dtype: str = "float32") -> Any:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


def function(f: Callable[[Any], Any]) -> Any:
    x = keras.Input((4, 6))
    return keras.Model(x, f(x))


def with_lora() -> Any:
    model = of(kl.Dense(4, name="tuned"))
    model.layers[0].enable_lora(2)
    return model


def quantized() -> Any:
    model = of(kl.Dense(4, name="small"))
    model.quantize("int8")
    return model


def several() -> Any:
    inner = of(Own(name="deep"), kl.Dense(3))
    return of(kl.Dense(3, name="good"), Dense(name="bad"), inner, kl.Lambda(lambda x: x, name="code"))


def nested_subclassed() -> Any:
    x = keras.Input((3,))
    return keras.Model(x, Subclassed(name="inside")(x))


def own_operation() -> Any:
    class Twice(keras.Operation):
        def call(self, x: Any) -> Any:
            return 2 * x

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    return function(Twice(name="twice"))


def of_image(f: Callable[[Any], Any]) -> Any:
    x = keras.Input((6, 6, 3))
    return keras.Model(x, f(x))


def optional_input() -> Any:
    x = keras.Input((4,), optional=True, name="maybe")
    return keras.Model(x, kl.Dense(3)(x))


def text_input() -> Any:
    words = keras.Input((1,), dtype="string", name="words")
    return keras.Model(words, kl.Hashing(5)(words))


def names_that_become_one() -> Any:
    """TensorFlow's names have no spaces."""
    return of(kl.Dense(3, name="a layer"), kl.Dense(3, name="a.layer"))


def sparse_input() -> Any:
    x = keras.Input((4,), sparse=True, name="few")
    return keras.Model(x, kl.Dense(3)(x))


def overridden_call() -> Any:
    class Loud(keras.Sequential):
        def call(self, x: Any, **options: Any) -> Any:
            return 2 * super().call(x, **options)

    return Loud([keras.Input((3,)), kl.Dense(2)])


def attention_with_masks() -> Any:
    x, mask = keras.Input((5, 6)), keras.Input((5,), dtype="bool")
    return keras.Model([x, mask], kl.MultiHeadAttention(2, 4, name="seen")(x, x, query_mask=mask))


CASES: dict[str, Callable[[], Any]] = {
    "a layer of one's own": lambda: of(Own(name="mine")),
    "a layer named as a built-in": lambda: of(Dense(name="mine")),
    "Lambda": lambda: of(kl.Lambda(lambda x: x, name="code")),
    "several at once": several,
    "inside a wrapper": lambda: function(lambda x: kl.TimeDistributed(OwnOfShape(name="mine"))(x)),
    "inside a bidirectional wrapper": lambda: function(lambda x: kl.Bidirectional(OwnRecurrent(3, name="mine"))(x)),
    "a cell of one's own": lambda: of(kl.RNN(OwnCell(name="cell"))),
    "a layer that tf_keras lacks": lambda: of(kl.RMSNormalization(name="rms")),
    "subclassed": Subclassed,
    "subclassed inside": nested_subclassed,
    "not built": lambda: keras.Sequential([kl.Dense(3)]),
    "a call of its own": overridden_call,
    "rms_scaling": lambda: of(kl.LayerNormalization(rms_scaling=True, name="norm")),
    "LoRA": with_lora,
    "quantized": quantized,
    "mixed precision": lambda: of(kl.Dense(3, dtype="mixed_float16", name="half")),
    "float64": lambda: of(kl.Dense(3, dtype="float64", name="wide")),
    "a gate": lambda: function(lambda x: kl.MultiHeadAttention(2, 3, use_gate=True, name="gated")(x, x)),
    "a sliding window": lambda: function(lambda x: kl.MultiHeadAttention(2, 3, sliding_window=2, name="near")(x, x)),
    "padding to the aspect ratio": lambda: of(
        kl.Resizing(4, 5, pad_to_aspect_ratio=True, name="padded"), shape=(6, 6, 3)
    ),
    "antialiasing": lambda: of(kl.Resizing(4, 5, antialias=True, name="smooth"), shape=(6, 6, 3)),
    "channels first": lambda: of(kl.CenterCrop(4, 5, data_format="channels_first", name="crop"), shape=(3, 6, 6)),
    "a crop that Keras 3 does not make": lambda: of(kl.RandomCrop(4, 5, name="crop"), shape=(6, 6, 3)),
    "an activation of one's own": lambda: of(kl.Dense(3, activation=own_activation, name="mine")),
    "a lambda as activation": lambda: of(kl.Activation(lambda x: x, name="code")),
    "a layer with weights as activation": lambda: of(kl.Dense(3, activation=kl.PReLU(), name="two")),
    "an activation that is not in the table": lambda: of(kl.Activation("sparsemax", name="sparse")),
    "bins not found": lambda: of(kl.Discretization(num_bins=4, name="bins")),
    "sparse": lambda: of(kl.CategoryEncoding(4, sparse=True, name="few"), dtype="int32"),
    "a sparse input": sparse_input,
    "an optional input": optional_input,
    "an input of text": text_input,
    "names that become one": names_that_become_one,
    "masks given to an attention": attention_with_masks,
    "an operation of one's own": own_operation,
    "an unknown operation": lambda: function(lambda x: ops.median(x, axis=1)),
    "another triangle": lambda: function(lambda x: ops.tril(x, k=1)),
    "another norm": lambda: function(lambda x: ops.norm(x, ord=1, axis=1)),
    "another order": lambda: function(lambda x: ops.normalize(x, order=1)),
    "decimals": lambda: function(lambda x: ops.round(x, 2)),
    "an initial value": lambda: function(lambda x: ops.max(x, axis=1, initial=0.5)),
    "a position without an axis": lambda: function(ops.argmax),
    "a running sum without an axis": lambda: function(ops.cumsum),
    "a roll without an axis": lambda: function(lambda x: ops.roll(x, 2)),
    "a product with a vector": lambda: function(lambda x: ops.matmul(x, np.ones(6, "float32"))),
    "more dimensions": lambda: function(lambda x: ops.tile(x, (2, 1, 1, 1))),
    "padding at the edge": lambda: function(lambda x: ops.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")),
    "a cropped resize": lambda: of_image(lambda x: ops.image.resize(x, (3, 5), crop_to_aspect_ratio=True)),
    "nothing but infinities": lambda: function(lambda x: x / ops.zeros_like(x) * 0),
}
