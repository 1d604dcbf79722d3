"""Keras 3 models whose graphs are what is hard about them. Imported by `program` only: it needs Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops


def shared_layer() -> Any:
    a, b, dense = keras.Input((5,), name="b"), keras.Input((5,), name="a"), kl.Dense(4, name="shared")
    return keras.Model([a, b], [dense(a) - dense(b), dense(kl.Dense(5)(b))])


def block(name: str) -> Any:
    x, y = keras.Input((6, 6, 3), name="x"), keras.Input((6, 6, 3), name="y")
    z = kl.BatchNormalization()(kl.Conv2D(3, 3, padding="same")(x))
    return keras.Model([x, y], [kl.ReLU()(z + y), kl.Add()([z, x])], name=name)


def shared_nested() -> Any:
    shared, first, second = block("block"), keras.Input((6, 6, 3)), keras.Input((6, 6, 3))
    one, two = shared([first, second])
    three, four = shared([two, one])
    return keras.Model([first, second], [three, kl.GlobalAveragePooling2D()(four)])


def nested_deep() -> Any:
    inner = keras.Sequential([keras.Input((6,)), kl.Dense(4), kl.BatchNormalization()], name="inner")
    middle = keras.Sequential([keras.Input((6,)), inner, kl.Dense(5, activation="silu")], name="middle")
    x = keras.Input((3, 6))
    return keras.Model(x, kl.TimeDistributed(middle)(x))


def frozen_base() -> Any:
    base = keras.Sequential([keras.Input((8, 8, 3)), kl.Conv2D(4, 3), kl.BatchNormalization()], name="base")
    base.trainable = False
    x = keras.Input((8, 8, 3))
    return keras.Model(x, kl.Dense(2)(kl.Flatten()(base(x, training=False))))


def structured() -> Any:
    inputs = {"zebra": keras.Input((3,), name="zebra"), "ape": (keras.Input((3,), name="ape"),)}
    total = inputs["zebra"] + 2 * inputs["ape"][0]
    outputs = {"total": kl.Dense(2)(total), "pair": [total, {"gap": inputs["zebra"] - inputs["ape"][0]}]}
    return keras.Model(inputs, outputs)


def nested_dict() -> Any:
    left, right = keras.Input((3,), name="right"), keras.Input((3,), name="left")
    inner = keras.Model({"right": left, "left": right}, {"b": left - right, "a": left * right}, name="inner")
    x, y = keras.Input((3,)), keras.Input((3,))
    results = inner({"left": x, "right": y})
    return keras.Model([x, y], [results["a"], results["b"]])


def dict_into_a_list() -> Any:
    left, right = keras.Input((3,), name="right"), keras.Input((3,), name="left")
    inner = keras.Model([left, right], left - 2 * right)
    x, y = keras.Input((3,)), keras.Input((3,))
    return keras.Model([x, y], inner({"left": x, "right": y}))


def part_of_a_model() -> Any:
    base = keras.Sequential([keras.Input((6,)), kl.Dense(5, name="first"), kl.Dense(4, name="second"), kl.Dense(3)])
    return keras.Model(base.get_layer("first").output, base.get_layer("second").output)


def repeated_outputs() -> Any:
    x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
    z = kl.Dense(3)(x)
    return keras.Model([x, y], [z, y, z, x])


def awkward_names() -> Any:
    x = keras.Input((3,), name="the input")
    y = kl.Dense(3, name="a layer: with *signs*")(x)
    return keras.Model(x, kl.Dense(3, name="_private")(kl.ReLU(name="add")(y) + x), name="1 model?")


def operation_names() -> Any:
    """A layer called as operations are, and one operation called twice."""
    from keras.src.ops.numpy import Add, Multiply

    x, add, multiply = keras.Input((3,)), Add(name="sum"), Multiply(name="multiply_1")
    y = kl.Dense(3, name="multiply")(x)
    return keras.Model(x, [add(x, y), add(add(y, x), y), multiply(x, y)])


def seq2seq() -> Any:
    """The second LSTM sees no mask in Keras 3, for its initial state is given."""
    source, target = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    _, *state = kl.LSTM(5, return_state=True)(kl.Embedding(11, 4, mask_zero=True)(source))
    decoded = kl.LSTM(5, return_sequences=True)(kl.Embedding(11, 4, mask_zero=True)(target), initial_state=state)
    return keras.Model([source, target], kl.Dense(11, activation="softmax")(decoded))


def initial_state() -> Any:
    x, state = keras.Input((7, 3)), keras.Input((4,))
    gru = kl.GRU(4, return_sequences=True, return_state=True)
    both = kl.Bidirectional(kl.GRU(4))(x, initial_state=[state, kl.Dense(4)(state)])
    return keras.Model([x, state], [*gru(x, initial_state=state), both])


def explicit_mask() -> Any:
    x, mask = keras.Input((7, 3)), keras.Input((7,), dtype="bool")
    return keras.Model([x, mask], [kl.LSTM(4)(x, mask=mask), kl.GlobalAveragePooling1D()(x, mask=mask)])


def half_masked_sum() -> Any:
    """Of two inputs one has a mask: Keras 3's sum has none."""
    tokens, other = keras.Input((8,), dtype="int32"), keras.Input((8, 4))
    total = kl.Add()([kl.Embedding(11, 4, mask_zero=True)(tokens), other])
    return keras.Model([tokens, other], [kl.LSTM(3)(total), kl.LSTM(3)(kl.Dense(4)(total))])


def masked_concatenation() -> Any:
    first, second = keras.Input((8,), dtype="int32"), keras.Input((8,), dtype="int32")
    embedding = kl.Embedding(11, 4, mask_zero=True)
    return keras.Model([first, second], kl.LSTM(3)(kl.Concatenate(axis=1)([embedding(first), embedding(second)])))


def mask_lost_by_an_operation() -> Any:
    tokens = keras.Input((8,), dtype="int32")
    embedded = kl.Embedding(11, 4, mask_zero=True)(tokens)
    return keras.Model(tokens, [kl.LSTM(3)(embedded * 2.0), kl.LSTM(3)(kl.Rescaling(2.0)(embedded))])


def mask_out_of_a_nested_model() -> Any:
    inner = keras.Sequential([keras.Input((8,), dtype="int32"), kl.Embedding(11, 4, mask_zero=True), kl.Dense(5)])
    tokens = keras.Input((8,), dtype="int32")
    return keras.Model(tokens, kl.LSTM(3)(inner(tokens)))


def transformer() -> Any:
    tokens = keras.Input((9,), dtype="int32")
    x = kl.Embedding(13, 8, mask_zero=True)(tokens)
    x = x + np.linspace(-1, 1, 72, dtype="float32").reshape(9, 8)
    attended = kl.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    x = kl.LayerNormalization(epsilon=1e-6)(x + attended)
    x = kl.LayerNormalization()(x + kl.Dense(8)(kl.Dense(16, activation="gelu")(x)))
    return keras.Model(tokens, kl.Dense(13)(x[:, -1]))


def masked_transformer() -> Any:
    tokens = keras.Input((9,), dtype="int32")
    x = kl.Embedding(13, 8, mask_zero=True)(tokens)
    x = kl.Add()([x, kl.MultiHeadAttention(2, 4)(x, x)])
    x = kl.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    return keras.Model(tokens, kl.GlobalAveragePooling1D()(x))


def masked_attention() -> Any:
    query, value = keras.Input((5,), dtype="int32"), keras.Input((8,), dtype="int32")
    embedding = kl.Embedding(13, 8, mask_zero=True)
    return keras.Model([query, value], kl.Attention()([embedding(query), embedding(value)]))


def called_in_training() -> Any:
    """In Keras 3 the call of the whole model overrides this: nothing is dropped, no batch is averaged."""
    x = keras.Input((5, 5, 3))
    return keras.Model(x, kl.Dropout(0.5)(kl.BatchNormalization()(kl.Conv2D(4, 3)(x), training=True), training=True))


def mask_into_a_nested_model() -> Any:
    x = keras.Input((8, 6))
    inner = keras.Model(x, kl.LSTM(4)(kl.Dense(5)(x)))
    tokens = keras.Input((8,), dtype="int32")
    return keras.Model(tokens, inner(kl.Embedding(11, 6, mask_zero=True)(tokens)))


def unequal_masks() -> Any:
    """The sum of two sequences with masks of their own: Keras 3 takes either's steps, tf_keras those of both."""
    first, second = keras.Input((8,), dtype="int32"), keras.Input((8,), dtype="int32")
    embedding = kl.Embedding(11, 4, mask_zero=True)
    total = kl.Add()([embedding(first), embedding(second)])
    return keras.Model([first, second], [kl.LSTM(3)(total), kl.Bidirectional(kl.LSTM(3))(kl.Dense(4)(total))])


def fixed_batch() -> Any:
    x = keras.Input(batch_shape=(3, 5))
    return keras.Model(x, ops.reshape(kl.Dense(4)(x), (3, 2, 2)))


def stateful() -> Any:
    x = keras.Input(batch_shape=(2, 5, 3))
    return keras.Model(x, kl.LSTM(4, stateful=True)(x))


def free_sizes() -> Any:
    x = keras.Input((None, None, 3))
    return keras.Model(x, kl.GlobalMaxPooling2D()(kl.UpSampling2D()(kl.Conv2D(4, 3)(x))))


def free_length() -> Any:
    x = keras.Input((None, 3))
    return keras.Model(x, kl.Bidirectional(kl.GRU(4, return_sequences=True))(kl.Conv1D(4, 3, padding="same")(x)))


def mixed_inputs() -> Any:
    image, tokens, flag = keras.Input((6, 6, 3), dtype="uint8"), keras.Input((4,)), keras.Input((1,), dtype="bool")
    seen = kl.Flatten()(kl.Rescaling(1 / 255)(image))
    read = kl.Flatten()(kl.Embedding(7, 3)(tokens))
    return keras.Model([image, tokens, flag], kl.Concatenate()([seen, read, ops.cast(flag, "float32")]))


def squeeze_and_excite() -> Any:
    x = keras.Input((6, 6, 4))
    scale = kl.Dense(4, activation="hard_sigmoid")(kl.GlobalAveragePooling2D(keepdims=True)(x))
    return keras.Model(x, kl.Multiply()([x, scale]))


class WithAGraph(keras.Model):
    """A class of the user's, made as functional models are and without code of its own in the call."""

    def __init__(self) -> None:
        x = keras.Input((4,))
        super().__init__(x, kl.Dense(3)(x))


def sequential_built_later() -> Any:
    model = keras.Sequential([kl.Dense(4), kl.Dense(3)])
    model(np.zeros((2, 5), "float32"))
    return model


def stateful_and_masked() -> Any:
    """It was called before: its state is not that of a new model."""
    tokens = keras.Input(batch_shape=(2, 5), dtype="int32")
    model = keras.Model(tokens, kl.GRU(4, stateful=True)(kl.Embedding(7, 3, mask_zero=True)(tokens)))
    model(np.ones((2, 5), "int32"))
    return model


def layers_in_and_out() -> Any:
    """A layer of a nested model that is used outside of it too."""
    inner = keras.Sequential([keras.Input((6,)), kl.Dense(6, name="both"), kl.BatchNormalization()], name="inner")
    x = keras.Input((6,))
    return keras.Model(x, [inner(inner.get_layer("both")(x)), inner(x)])


CASES = {
    function.__name__: function
    for function in (
        awkward_names, called_in_training, dict_into_a_list, explicit_mask, fixed_batch, free_length, free_sizes,
        frozen_base, half_masked_sum, initial_state, layers_in_and_out, mask_into_a_nested_model,
        mask_lost_by_an_operation, mask_out_of_a_nested_model, masked_attention, masked_concatenation,
        masked_transformer, mixed_inputs, nested_deep, nested_dict, operation_names, part_of_a_model,
        repeated_outputs, seq2seq, sequential_built_later, shared_layer, shared_nested, squeeze_and_excite, stateful,
        stateful_and_masked, structured, transformer, unequal_masks, WithAGraph,
    )
}  # fmt: skip
NOT_FROM_A_FILE = ("WithAGraph", "layers_in_and_out")
"""A class of the user's; a graph that Keras 3 itself does not load."""
NOT_COPIED = ("stateful", "stateful_and_masked", "layers_in_and_out")
"""Their state has moved on; clone_model makes two layers of the one that is used in two models."""
