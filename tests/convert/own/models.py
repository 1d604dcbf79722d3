"""Models as users have them, with answers that are known by hand where that is possible. Imports TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import my_objects
import numpy as np
import tensorflow as tf
import tf_keras

SHARED = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


def constant(values: Any) -> Any:
    return keras.initializers.Constant(values)


def pictures() -> keras.Model:
    """(8, 8, 1) in 0..1 to probabilities of two classes: bright, dark; the mean decides, at 0.5."""
    picture = keras.Input((8, 8, 1), name="picture")
    x = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name="copy")(picture)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    scores = keras.layers.Dense(
        2, "softmax", kernel_initializer=constant([[10.0, -10.0]]), bias_initializer=constant([-5.0, 5.0]), name="class"
    )
    return keras.Model(picture, scores(x), name="brightness")


def sequential() -> keras.Model:
    """(3,) to (2,): ``x @ ones + 1``"""
    dense = keras.layers.Dense(2, kernel_initializer="ones", bias_initializer="ones", name="plus")
    return keras.Sequential([keras.Input((3,), name="x"), dense], name="row")


def arms() -> keras.Model:
    """Dicts in and out; both arms share a layer inside a nested model: total and gap of ``arm @ SHARED``."""
    arm = keras.Input((2,), name="arm")
    shared = keras.layers.Dense(2, use_bias=False, kernel_initializer=constant(SHARED), name="shared")
    inner = keras.Model(arm, shared(arm), name="inner")
    left, right = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    of_left, of_right = inner(left), inner(right)
    total = keras.layers.Add(name="add")([of_left, of_right])
    gap = keras.layers.Subtract(name="take")([of_left, of_right])
    return keras.Model({"right": right, "left": left}, {"total": total, "gap": gap}, name="arms")


def listed() -> keras.Model:
    """Lists in and out: ``first * 2``, ``second + 1``"""
    first, second = keras.Input((2,), name="first"), keras.Input((3,), name="second")
    return keras.Model(
        [first, second],
        [keras.layers.Rescaling(2.0, name="double")(first), keras.layers.Rescaling(1.0, 1.0, name="more")(second)],
    )


def subclassed() -> keras.Model:
    model = my_objects.Doubling(name="doubling")
    model(np.zeros((1, 3), np.float32))
    return model


def with_custom_objects() -> keras.Model:
    """``max(3 x - 1, 0)``"""
    x = keras.Input((3,), name="x")
    tripled = my_objects.Multiply(3.0, name="thrice")(x)
    return keras.Model(x, keras.layers.Activation(my_objects.above, name="above")(tripled), name="custom")


def with_lambda() -> keras.Model:
    x = keras.Input((3,), name="x")
    return keras.Model(x, keras.layers.Lambda(lambda t: t / 2, name="halve")(x), name="lambda")


def any_length() -> keras.Model:
    """(?, 4) to (4,): the mean over the steps."""
    steps = keras.Input((None, 4), name="steps")
    return keras.Model(steps, keras.layers.GlobalAveragePooling1D(name="mean")(steps), name="any_length")


def fixed_batch() -> keras.Model:
    x = keras.Input(batch_shape=(4, 3), name="x")
    return keras.Model(x, keras.layers.Rescaling(2.0, name="double")(x), name="four")


def recurrent(layer: type, **settings: Any) -> keras.Model:
    steps = keras.Input((6, 4), name="steps")
    return keras.Model(steps, keras.layers.Dense(3, name="scores")(layer(8, **settings)(steps)))


def unsupported() -> keras.Model:
    """An operator that TFLite lacks and ONNX too."""
    x = keras.Input((4,), name="x")
    squashed = keras.layers.Dense(4, activation="tanh", name="squash")(x)
    return keras.Model(x, keras.layers.Dense(3, name="scores")(keras.ops.erfinv(squashed)), name="inverse")


def texts() -> keras.Model:
    words = keras.Input((1,), dtype="string", name="words")
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot", name="lookup")
    return keras.Model(words, keras.layers.Dense(2, name="scores")(lookup(words)))


def tokens() -> keras.Model:
    """Numbers of 11 words, (5,), to the mean of their rows."""
    words = keras.Input((5,), dtype="int32", name="words")
    rows = constant(np.arange(22, dtype=np.float32).reshape(11, 2))
    row = keras.layers.Embedding(11, 2, embeddings_initializer=rows, name="rows")(words)
    return keras.Model(words, keras.layers.GlobalAveragePooling1D(name="mean")(row), name="tokens")


def write_keras_3(out: Path) -> None:
    models: dict[str, keras.Model] = {
        "pictures": pictures(),
        "sequential": sequential(),
        "arms": arms(),
        "listed": listed(),
        "subclassed": subclassed(),
        "custom": with_custom_objects(),
        "lambda": with_lambda(),
        "any_length": any_length(),
        "fixed_batch": fixed_batch(),
        "lstm": recurrent(keras.layers.LSTM),
        "gru": recurrent(keras.layers.GRU),
        "unsupported": unsupported(),
        "texts": texts(),
        "tokens": tokens(),
    }
    for name, model in models.items():
        model.save(out / f"{name}.keras")
    never_called = my_objects.Doubling(name="never")
    never_called.save(out / "never_called.keras")
    sequential().save_weights(out / "only.weights.h5")
    sequential().save(out / "sequential3.h5")


def old() -> tf_keras.Model:
    """Keras 2: ``x @ SHARED`` and its double."""
    x = tf_keras.Input((2,), name="x")
    once = tf_keras.layers.Dense(2, use_bias=False, name="once")(x)
    model = tf_keras.Model(x, [once, tf_keras.layers.Rescaling(2.0, name="twice")(once)], name="old")
    model.set_weights([SHARED])
    return model


def write_keras_2(out: Path) -> None:
    old().save(out / "old.h5")
    old().save(out / "old.keras")
    old().save_weights(out / "old_weights.h5")
    x = tf_keras.Input((3,), name="x")
    tf_keras.Model(x, tf_keras.layers.Lambda(lambda t: t / 2, name="halve")(x)).save(out / "lambda2.h5")
    tf_keras.Sequential([tf_keras.layers.Dense(2)]).save(out / "unbuilt.keras")


class Arithmetic(tf.Module):
    """Several functions, one of which has a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
    def double(self, x: Any) -> dict[str, Any]:
        return {"y": x * self.factor}

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="x")])
    def halve(self, x: Any) -> dict[str, Any]:
        return {"half": x / self.factor}


class Reading(tf.Module):
    """A graph that reads files: every function that is saved counts, not the signature's alone."""

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="path")])
    def read(self, path: Any) -> dict[str, Any]:
        return {"length": tf.strings.length(tf.io.read_file(path[0]))}


class AnyRank(tf.Module):
    """A function of tensors of whatever rank."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def double(self, x: Any) -> dict[str, Any]:
        return {"y": x * 2.0}


def write_saved_models(out: Path) -> None:
    module = Arithmetic()
    tf.saved_model.save(module, out / "one", signatures=module.double)
    tf.saved_model.save(module, out / "several", signatures={"double": module.double, "halve": module.halve})
    for name, other in (("reading", Reading()), ("any_rank", AnyRank())):
        function = other.read if isinstance(other, Reading) else other.double
        tf.saved_model.save(other, out / name, signatures=function)
    tf.saved_model.save(module, out / "no_signature")
    arms().export(out / "exported", verbose=False)


def write(out: Path) -> None:
    """Write every model.

    Args:
        out: An empty folder.
    """
    write_keras_3(out)
    write_keras_2(out)
    write_saved_models(out)
