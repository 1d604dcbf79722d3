"""Compress tiny models and tell what came of them; a program of its own: TensorFlow stays out of the tests' process.

Writes ``found.json``: by the name of a case, what was found; a case that raised has ``error``.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers

from litefoot.convert.compress import Cluster, Compression, Prune, QuantizeAware, TrainingData
from litefoot.convert.compress.fine_tuning import Fitting
from litefoot.convert.compress.graph import flattened, folded
from litefoot.convert.compress.steps import Compressed, compress
from litefoot.runtime.errors import LitefootError
from litefoot.runtime.model import load

SAMPLES = 48
RANDOM = np.random.default_rng(0)
QUICK = Compression(epochs=2, batch=16, held_back=0.0)


def pictures() -> Any:
    """Convolutions of every kind, batch normalisation that can be folded and such that cannot, a model in the model."""
    image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="first")(image)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="second_norm")(x))
    x = layers.ReLU()(layers.Conv2D(16, 1, name="bare")(x))
    inner = [
        layers.Conv2D(16, 3, padding="same", activation="relu", name="first"),
        layers.BatchNormalization(name="late_norm"),
    ]
    x = tf_keras.Sequential(inner, name="inner")(x)
    x = layers.Conv2DTranspose(8, 2, strides=2, activation="relu", name="transposed")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = tf_keras.Model(image, layers.Dense(4, activation="softmax", name="answer")(x), name="pictures")
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([RANDOM.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def sequences() -> Any:
    """Recurrent layers, attention, an embedding, and layers that no step takes."""
    tokens = layers.Input((8,), dtype="int32", name="tokens")
    x = layers.Embedding(30, 16, name="embedding")(tokens)
    x = layers.MultiHeadAttention(2, 8, name="attention")(x, x)
    x = layers.EinsumDense("abc,cd->abd", (8, 16), name="einsum")(x)
    x = layers.LSTM(8, return_sequences=True, name="lstm")(x)
    x = layers.GRU(8, return_sequences=True, name="gru")(x)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(name="normal")(x))
    return tf_keras.Model(tokens, layers.Dense(4, activation="softmax", name="answer")(x), name="sequences")


def masked() -> Any:
    """An embedding whose mask a recurrent layer takes."""
    tokens = layers.Input((8,), dtype="int32", name="tokens")
    x = layers.SimpleRNN(8, name="recurrent")(layers.Embedding(30, 8, mask_zero=True, name="embedding")(tokens))
    return tf_keras.Model(tokens, layers.Dense(4, activation="softmax", name="answer")(x), name="masked")


def dense() -> Any:
    """Two dense layers."""
    x = layers.Input((16,), name="x")
    hidden = layers.Dense(16, activation="relu", name="hidden")(x)
    return tf_keras.Model(x, layers.Dense(4, activation="softmax", name="answer")(hidden), name="dense")


def mobile(*, suited: bool) -> Any:
    """What XNNPACK's sparse kernels take, or with another first layer nearly."""
    image = layers.Input((16, 16, 3), name="image")
    x = layers.ZeroPadding2D(1)(image)
    x = layers.Conv2D(8, 3, strides=2 if suited else 1, padding="valid", name="first")(x)
    x = layers.Conv2D(16, 1, name="pointwise")(layers.ReLU()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return tf_keras.Model(image, layers.Dense(4, activation="softmax", name="answer")(x), name="mobile")


def inputs_for(model: Any) -> Any:
    """Random samples, the same for the same model."""
    random, shape = np.random.default_rng(1), (SAMPLES, *model.inputs[0].shape[1:])
    return (random.integers(1, 30, shape) if model.inputs[0].dtype == tf.int32 else random.normal(size=shape)).astype(
        model.inputs[0].dtype.name
    )


def fitting(model: Any, compression: Compression, folder: Path, progress: Any = None) -> Fitting:
    """To random answers."""
    answers = np.random.default_rng(2).integers(0, 4, SAMPLES)
    data = TrainingData({model.input_names[0]: inputs_for(model)}, answers, "sparse_categorical_crossentropy")
    return Fitting(compression, data, ("answer",), folder, progress or (lambda *_: None))


def compressed(model: Any, compression: Compression) -> Compressed:
    """A model compressed, and proof that it was not changed itself."""
    before = digest(model)
    with tempfile.TemporaryDirectory() as folder:
        done = compress(model, fitting(model, compression, Path(folder)))
    assert digest(model) == before, "the caller's model was changed"
    return done


def digest(model: Any) -> str:
    """Of all weights, with their names and whether they are trained."""
    found = hashlib.sha256(str([(weight.name, weight.trainable) for weight in model.weights]).encode())
    for weight in model.get_weights():
        found.update(weight.tobytes())
    return found.hexdigest()


def kernels(model: Any) -> dict[str, Any]:
    """By the layer's name, of every weight that is no bias: the share of zeros and the number of values."""
    return {
        layer.name: [
            [float((weight == 0).mean()), len(np.unique(weight))]
            for weight in layer.get_weights()
            if weight.ndim > 1 and min(weight.shape) > 0 and "orm" not in layer.name
        ]
        for layer in model.layers
        if layer.get_weights()
    }


def summary(done: Compressed) -> dict[str, Any]:
    """What tests ask for."""
    return {"kernels": kernels(done.plain), "left": {step.name: sorted(step.left) for step in done.steps}}


def folding() -> dict[str, Any]:
    """The difference that taking apart and folding make."""
    model = pictures()
    x = inputs_for(model)
    flat = flattened(model)
    thin = folded(flat)
    answers = [np.asarray(one(x)) for one in (model, flat, thin)]
    return {
        "flat": float(np.abs(answers[1] - answers[0]).max()),
        "folded": float(np.abs(answers[2] - answers[0]).max()),
        "norms": [sum("norm" in layer.name for layer in one.layers) for one in (flat, thin)],
        "names": [layer.name for layer in flat.layers],
    }


def rounded(compression: Compression) -> dict[str, Any]:
    """A model with its roundings, and its int8 file."""
    model = pictures()
    done = compressed(model, compression)
    assert done.quantized is not None
    x = inputs_for(model)
    concrete = tf.function(lambda image: {"answer": done.quantized(image, training=False)}).get_concrete_function(
        tf.TensorSpec((1, 8, 8, 1), tf.float32, name="image")
    )
    holder = tf.Module()
    holder.model = done.quantized
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.tflite"
        path.write_bytes(converter.convert())
        answers = np.asarray(load(path).predict(x))
        stored = stored_values(path)
    names = [weight.name for layer in done.quantized.layers for weight in layer.weights]
    trained, plain = np.asarray(done.quantized(x)), np.asarray(done.plain(x))
    return {
        **summary(done),
        "file": float(np.abs(answers - trained).max()),
        "plain": float(np.abs(plain - trained).max()),
        "stored": stored,
        "rounded weights": sum("kernel_min" in name for name in names),
    }


def stored_values(path: Path) -> list[int]:
    """How many values each int8 weight of a file has, those of more than 60 elements."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    found = []
    for tensor in interpreter.get_tensor_details():
        if tensor["dtype"] == np.int8 and len(tensor["shape"]) > 1:
            try:
                values = interpreter.get_tensor(tensor["index"])
            except ValueError:
                continue
            if values.size > 60 and len(tensor["quantization_parameters"]["scales"]) == 1:
                found.append(len(np.unique(values)))
    return found


def interrupted() -> dict[str, Any]:
    """The weights after a fit in one go, again, and after one that was interrupted in its second step."""

    class Interrupt(Exception):
        pass

    def stop(what: str, done: int, _: int) -> None:
        if what.startswith("cluster") and done > 4:
            raise Interrupt

    steps = replace(QUICK, prune=Prune(), cluster=Cluster(4), epochs=3, held_back=0.25)
    tf_keras.utils.set_random_seed(0)
    model = dense()
    whole = [digest_of(compressed(model, steps)) for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            compress(model, fitting(model, steps, Path(folder), stop))
        except Interrupt:
            kept = sorted(path.name for path in Path(folder).iterdir())
        resumed = compress(model, fitting(model, steps, Path(folder)))
    other = digest_of(compressed(model, replace(steps, seed=1)))
    return {"whole": whole, "resumed": digest_of(resumed), "kept": kept, "other seed": other}


def dropping() -> dict[str, Any]:
    """The weights after two fits of a model with dropout, of which the second comes after other random numbers."""
    x = layers.Input((16,), name="x")
    hidden = layers.Dropout(0.5)(layers.Dense(16, activation="relu", name="hidden")(x))
    model = tf_keras.Model(x, layers.Dense(4, activation="softmax", name="answer")(hidden))
    return {"whole": [digest_of(compressed(model, replace(QUICK, prune=Prune()))) for _ in range(2)]}


def digest_of(done: Compressed) -> str:
    """Of the weights alone: names count up in a process."""
    return hashlib.sha256(b"".join(weight.tobytes() for weight in done.plain.get_weights())).hexdigest()


def two_outputs() -> dict[str, Any]:
    """Targets by name, one loss for each output."""
    x = layers.Input((16,), name="x")
    hidden = layers.Dense(16, activation="relu", name="hidden")(x)
    outputs = [layers.Dense(4, activation="softmax", name="kind")(hidden), layers.Dense(1, name="size")(hidden)]
    model = tf_keras.Model(x, outputs)
    targets = {"size": np.zeros((SAMPLES, 1), np.float32), "kind": np.zeros(SAMPLES, np.int64)}
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mean_squared_error"}
    data = TrainingData({"x": inputs_for(model)}, targets, losses, {"size": 0.5})
    with tempfile.TemporaryDirectory() as folder:
        steps = replace(QUICK, prune=Prune())
        done = compress(model, Fitting(steps, data, ("kind", "size"), Path(folder), lambda *_: None))
    return {**summary(done), "history": sorted(done.steps[0].history or {})}


CASES: dict[str, dict[str, Callable[[], dict[str, Any]]]] = {
    "pictures": {
        "folding": folding,
        "quantize-aware": lambda: rounded(replace(QUICK, quantize_aware=QuantizeAware())),
        "all three": lambda: rounded(
            replace(QUICK, prune=Prune(0.6), cluster=Cluster(8), quantize_aware=QuantizeAware())
        ),
    },
    "others": {
        "sequences": lambda: summary(compressed(sequences(), replace(QUICK, prune=Prune(), cluster=Cluster(8)))),
        "masked": lambda: summary(compressed(masked(), replace(QUICK, prune=Prune()))),
        "2:4": lambda: {**summary(done := compressed(dense(), replace(QUICK, prune=Prune(0.5, "2:4")))),
                        "fours": groups(done, lambda kernel: kernel.T.reshape(-1, 4))},
        "2:4 of pictures": lambda: summary(compressed(pictures(), replace(QUICK, prune=Prune(0.5, "2:4")))),
        "block": lambda: {**summary(done := compressed(dense(), replace(QUICK, prune=Prune(0.5, "block")))),
                          "blocks": groups(done, lambda kernel: kernel.reshape(-1, 4))},
        "xnnpack": lambda: summary(compressed(mobile(suited=True), replace(QUICK, prune=Prune(0.7, "xnnpack")))),
        "not xnnpack": lambda: summary(compressed(mobile(suited=False), replace(QUICK, prune=Prune(0.7, "xnnpack")))),
        "no layer": lambda: summary(compressed(dense(), replace(QUICK, prune=Prune(), skip=("hidden", "answer")))),
        "no number": lambda: summary(compressed(dense(), replace(QUICK, prune=Prune(), learning_rate=1e38))),
        "interrupted": interrupted,
        "two outputs": two_outputs,
        "dropout": dropping,
    },
}  # fmt: skip


def groups(done: Compressed, split: Callable[[Any], Any]) -> list[int]:
    """The numbers of zeros that groups of four weights of the first layer have."""
    kernel = done.plain.get_layer("hidden").get_weights()[0]
    return sorted({int(count) for count in (split(kernel) == 0).sum(axis=1)})


def main() -> None:
    """Carry out the cases that the arguments name."""
    warnings.simplefilter("ignore")
    tf.config.experimental.enable_op_determinism()
    out, found = Path(sys.argv[1]), {}
    for name, case in CASES[sys.argv[2]].items():
        try:
            found[name] = case()
        except LitefootError as error:
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
