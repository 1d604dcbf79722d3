"""Run the Transformer blocks on fixed numbers, in a process of its own, and write what came of it: test_attention."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from litefoot.runtime.sequences import roll_out
from litefoot.train.fitting.determinism import make_deterministic
from litefoot.train.networks.attention import (
    Block,
    attend,
    copy_weights,
    embedded,
    nearness_bias,
    padding_bias,
    positions,
    smoothed_loss,
)
from litefoot.train.networks.decoder import Decoder

TOKENS, UNITS, HEADS, STEPS = 11, 8, 2, 6
rng = np.random.default_rng(0)
TEXTS = rng.integers(1, TOKENS, (3, STEPS)).astype(np.int32)
SOURCE = np.array([[3, 4, 5, 0], [6, 7, 0, 0], [1, 2, 3, 4]], np.int32)
QKV = rng.normal(size=(3, 2, HEADS, 5, 4)).astype(np.float32)
BIAS = rng.normal(size=(1, HEADS, 5, 5)).astype(np.float32)
LOGITS, TARGETS = rng.normal(size=(2, 4, 5)).astype(np.float32), np.array([[1, 2, 0, 0], [3, 4, 1, 0]])


def answers(folder: Path) -> dict[str, np.ndarray]:
    import tensorflow as tf

    found = {"attended": attend(*map(tf.constant, QKV), tf.constant(BIAS)).numpy()}
    found["loss"] = np.array([smoothed_loss(part)(TARGETS, LOGITS).numpy() for part in (0.0, 0.1)])
    found |= reader()
    found |= {f"alone {name}": array for name, array in writer(folder, crossed=False).items()}
    return found | {f"crossed {name}": array for name, array in writer(folder, crossed=True).items()}


def reader() -> dict[str, np.ndarray]:
    """Scores of a text with padding, and the same with other vectors for the padding."""
    from tf_keras import Model, layers

    tokens = layers.Input((4,), dtype="int32")
    places, near = positions(tokens, UNITS, "places"), nearness_bias(tokens, HEADS)
    x, _ = Block("block", UNITS, HEADS)(embedded(tokens, TOKENS, UNITS, "words") + places, padding_bias(tokens) + near)
    model = Model(tokens, [x, places, near])
    before, placed, nearness = model.predict(SOURCE, verbose=0)
    words = model.get_layer("words")
    table = words.get_weights()[0]
    table[0] += 3.0
    words.set_weights([table])
    return {"read": before, "read otherwise": model.predict(SOURCE, verbose=0)[0], "places": placed, "near": nearness}


def writer(folder: Path, *, crossed: bool) -> dict[str, np.ndarray]:
    """Scores of windows, of windows with another end, and of the same step by step by a model that was saved."""
    import tf_keras
    from tf_keras import Model, layers

    form = Decoder(TOKENS, UNITS, HEADS, blocks=2, steps=STEPS, crossed=crossed)
    tokens, held = layers.Input((STEPS,), dtype="int32", name="tokens"), layers.Input((4, 4 * UNITS), name="memory")
    parts = [held[:, :, i * UNITS : (i + 1) * UNITS] for i in range(4)]
    memory = ([(parts[0], parts[1]), (parts[2], parts[3])], layers.Reshape((1, 1, 1))(held[:, :1, :1]) * 0.0)
    given = (held,) if crossed else ()
    window = Model([tokens, *given], form.window(tokens, memory if crossed else None))
    step = form.step(memory if crossed else None, given)
    copy_weights(window, step)
    step.save(folder / "step.keras")
    saved = tf_keras.models.load_model(folder / "step.keras")
    remembered = np.random.default_rng(1).normal(size=(3, 4, 4 * UNITS)).astype(np.float32)

    def at_once(texts: np.ndarray) -> np.ndarray:
        return window.predict([texts, remembered] if crossed else texts, verbose=0)

    def one(now: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(saved.output_names, saved([now[name] for name in saved.input_names]), strict=True))

    specs = [form.state_inputs[0]._replace(name=tensor.name, shape=tuple(tensor.shape)) for tensor in saved.inputs]
    rows = {"token": TEXTS[..., np.newaxis]} | ({"memory": remembered} if crossed else {})
    stepped = roll_out(one, specs, form.state, rows)["logits"]
    changed = np.concatenate([TEXTS[:, :4], TEXTS[:, 4:] % (TOKENS - 1) + 1], axis=1)
    return {"window": at_once(TEXTS), "other end": at_once(changed), "stepped": stepped}


if __name__ == "__main__":
    make_deterministic(0)
    target = Path(sys.argv[1])
    np.savez(target / "answers.npz", **answers(target))
