"""Make models that take one step of a sequence, as TrainedModel folders. A program: TensorFlow stays in its process."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.generation import Generation, Pipeline, greedy
from litefoot.runtime.preprocessing import Tokens
from litefoot.runtime.sequences import fed, zeros
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.trained import EVALUATION, MODEL, TrainedModel
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance

SAMPLES, STEPS, CACHE, UNITS, TOKENS, SOURCE = 32, 12, 12, 16, 20, 6
LETTERS = tuple("_.abcdefghijklmnopqr")

Made = tuple[tf_keras.Model, ModelContract]


def spec(name: str, *shape: int, dtype: str = "float32", kind: str | None = None) -> TensorSpec:
    return TensorSpec(name, (None, *shape), dtype, kind=kind)


def gru() -> Made:
    """One step of a GRU: its state is an input and an output."""
    x, h = layers.Input((4,), name="x"), layers.Input((UNITS,), name="h")
    _, after = layers.GRUCell(UNITS)(x, [h])
    after = after[0] if isinstance(after, list) else after
    next_h = layers.Activation("linear", name="next_h")(after)
    y = layers.Dense(3, name="y")(after)
    contract = ModelContract(
        inputs=(spec("x", 4), spec("h", UNITS)),
        outputs=(spec("y", 3, kind="sequence"), spec("next_h", UNITS)),
        task="sequence regression",
        state={"h": "next_h"},
    )
    return tf_keras.Model([x, h], [y, next_h], name="gru"), contract


def lstm() -> Made:
    """One step of an LSTM, which has two states."""
    x = layers.Input((4,), name="x")
    h, c = layers.Input((UNITS,), name="h"), layers.Input((UNITS,), name="c")
    _, (after, cell) = layers.LSTMCell(UNITS)(x, [h, c])
    next_h = layers.Activation("linear", name="next_h")(after)
    next_c = layers.Activation("linear", name="next_c")(cell)
    y = layers.Dense(3, name="y")(after)
    contract = ModelContract(
        inputs=(spec("x", 4), spec("h", UNITS), spec("c", UNITS)),
        outputs=(spec("y", 3, kind="sequence"), spec("next_h", UNITS), spec("next_c", UNITS)),
        task="sequence regression",
        state={"h": "next_h", "c": "next_c"},
    )
    return tf_keras.Model([x, h, c], [y, next_h, next_c], name="lstm"), contract


def attention() -> Made:
    """One step of attention over a cache of keys and values, written at a position that the model itself counts.

    The memory is the same at each step, as an encoder's output is.
    """
    token = layers.Input((1,), dtype="int32", name="token")
    memory = layers.Input((UNITS,), name="memory")
    position = layers.Input((1,), dtype="int32", name="position")
    keys, values = (layers.Input((CACHE, UNITS), name=name) for name in ("keys", "values"))
    x = layers.Reshape((UNITS,))(layers.Embedding(TOKENS, UNITS)(token)) + layers.Dense(UNITS)(memory)
    here = tf.one_hot(position, CACHE)  # (batch, 1, cache)
    column = layers.Reshape((CACHE, 1))(here)
    next_keys = layers.Add(name="next_keys")([keys, column * layers.Reshape((1, UNITS))(layers.Dense(UNITS)(x))])
    next_values = layers.Add(name="next_values")([values, column * layers.Reshape((1, UNITS))(layers.Dense(UNITS)(x))])
    query = layers.Reshape((1, UNITS))(layers.Dense(UNITS)(x))
    scores = tf.matmul(query, next_keys, transpose_b=True) / UNITS**0.5
    unseen = tf.cast(tf.reshape(tf.range(CACHE), (1, 1, CACHE)) > tf.expand_dims(position, 2), tf.float32)
    seen = tf.matmul(tf.nn.softmax(scores - 40.0 * unseen), next_values)
    logits = layers.Dense(TOKENS, name="logits")(layers.Reshape((UNITS,))(seen) + x)
    next_position = layers.Add(name="next_position")([position, tf.ones_like(position)])
    contract = ModelContract(
        inputs=(
            spec("token", 1, dtype="int32"),
            spec("memory", UNITS),
            spec("position", 1, dtype="int32"),
            spec("keys", CACHE, UNITS),
            spec("values", CACHE, UNITS),
        ),
        outputs=(
            spec("logits", TOKENS, kind="logits"),
            spec("next_position", 1, dtype="int32"),
            spec("next_keys", CACHE, UNITS),
            spec("next_values", CACHE, UNITS),
        ),
        task="next token",
        labels=LETTERS,
        state={"position": "next_position", "keys": "next_keys", "values": "next_values"},
    )
    inputs = [token, memory, position, keys, values]
    return tf_keras.Model(inputs, [logits, next_position, next_keys, next_values], name="attention"), contract


def encoder(*, uneven: bool = False) -> Made:
    """What an encoder is to the decoder `attention`: a number of letters to one memory.

    Where it is uneven its channels span five orders of magnitude on the way, which 8 bits cannot hold.
    """
    source = layers.Input((SOURCE,), dtype="int32", name="source")
    mean = layers.GlobalAveragePooling1D()(layers.Embedding(TOKENS, UNITS, embeddings_initializer="normal")(source))
    mean = mean * 40.0
    if uneven:
        wide = layers.Dense(4 * UNITS, "swish", name="wide")
        mean = wide(mean)
    last = layers.Dense(UNITS, name="memory", kernel_initializer="glorot_normal")
    memory = last(mean)
    if uneven:
        factors = 10.0 ** np.linspace(0, 5, 4 * UNITS).astype(np.float32)
        wide.set_weights([array * factors for array in wide.get_weights()])
        kernel, bias = last.get_weights()
        last.set_weights([kernel / factors[:, np.newaxis] * 2, bias])
    contract = ModelContract(
        inputs=(spec("source", SOURCE, dtype="int32", kind="tokens"),),
        outputs=(spec("memory", UNITS, kind="embedding"),),
        task="reading",
        preprocessing={"source": (Tokens(LETTERS, SOURCE, unit="character"),)},
    )
    return tf_keras.Model(source, memory, name="encoder"), contract


class KerasDecoder:
    """The decoder in Keras, by the interface of the searches."""

    def __init__(self, made: Made, memory: np.ndarray) -> None:
        self.model, self.contract = made
        self.memory = memory
        self.reset()

    def reset(self) -> None:
        self.state = zeros(self.contract.inputs, self.contract.state)

    def __call__(self, token: int) -> np.ndarray:
        given = {"token": np.array([[token]], np.int32), "memory": self.memory, **self.state}
        values = self.model([given[each.name] for each in self.contract.inputs])
        outputs = dict(zip([each.name for each in self.contract.outputs], map(np.asarray, values), strict=True))
        self.state = {into: outputs[outof] for into, outof in self.contract.state.items()}
        return outputs["logits"][0].astype(np.float64)


def write(folder: Path, name: str, made: Made, calibration: dict, evaluation: dict) -> None:
    model, contract = made
    folder.mkdir()
    model.save(folder / MODEL)
    document = TrainedModel("litefoot-trained", 1, name, contract, metric_value=None, provenance={})
    document.write(folder, calibration, evaluation, targets=None)


def write_pipeline(folder: Path, random: np.random.Generator, *, uneven: bool = False) -> None:
    """Encoder and decoder; the right tokens are those that the Keras models generate."""
    folder.mkdir()
    reading, writing = encoder(uneven=uneven), attention()
    if uneven:  # weights never trained are close to undecided, and here only the encoder is to fail
        easy = {"logits": {"int8": Tolerance(None, 0.0, 15.0)}}
        writing = (writing[0], replace(writing[1], tolerances=easy))
    read = random.integers(2, TOKENS, (64, SOURCE)).astype(np.int32)
    memory = reading[0].predict(read, verbose=0)
    given = sequences(writing[1], 64, random) | {"memory": memory}
    first, second = ({name: array[half] for name, array in given.items()} for half in (slice(32), slice(32, 64)))
    write(folder / "encoder", "encoder", reading, {"source": read[:32]}, {"source": read[32:]})
    write(folder / "decoder", "decoder", writing, first, second)
    how = Generation(token="token", scores="logits", start=(0,), end=1, most=CACHE - 1, separator="")
    targets = np.zeros((32, how.most), np.int32)
    for i in range(32):
        tokens = greedy(KerasDecoder(writing, memory[32 + i : 33 + i]), how.start, end=how.end, most=how.most)
        targets[i, : len(tokens)] = tokens
    write_arrays(folder / EVALUATION, Golden({"source": read[32:]}, {}, targets).to_arrays())
    Pipeline(
        name="reader",
        task="rewriting",
        parts=("encoder", "decoder"),
        generation=how,
        links={"decoder/memory": "encoder/memory"},
        metric=Metric("token_match", max_drop=0.3),
    ).write(folder)


def sequences(contract: ModelContract, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Sequences of every input but the state; a memory has no steps."""
    return {
        each.name: random.normal(size=(count, *each.shape[1:])).astype(np.float32)
        if each.name == "memory"
        else random.integers(0, TOKENS, (count, STEPS, *each.shape[1:])).astype(np.int32)
        if each.dtype == "int32"
        else random.normal(size=(count, STEPS, *each.shape[1:])).astype(np.float32)
        for each in fed(contract.inputs, contract.state)
    }


def main() -> None:
    out = Path(sys.argv[1])
    tf_keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    for name, made in {"gru": gru(), "lstm": lstm()}.items():
        write(out / name, name, made, sequences(made[1], 64, random), sequences(made[1], SAMPLES, random))
    write_pipeline(out / "pipeline", random)
    write_pipeline(out / "uneven", random, uneven=True)


if __name__ == "__main__":
    main()
