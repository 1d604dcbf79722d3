"""In a process of its own, since TensorFlow stays out of that of the tests: figures of the adversarial networks."""

from __future__ import annotations

import json
import sys

import numpy as np
import tensorflow as tf
import tf_keras

from litefoot.train.networks import adversarial

REAL, MADE = [[0.0], [2.0], [-30.0]], [[0.0], [-1.0], [200.0]]


def shapes(model: tf_keras.Model) -> list[list[int]]:
    """Output shapes of the layers with more than biases for weights, in order, without the batch."""
    return [list(layer.output_shape[1:]) for layer in model.layers if "conv" in layer.name or "dense" in layer.name]


def generation(seed: int) -> tf_keras.Model:
    """A digit generator and its discriminator, ready to be fitted."""
    tf_keras.utils.set_random_seed(seed)
    model = adversarial.Generation(adversarial.digit_generator(100), adversarial.discriminator(28))
    model.compile(*(tf_keras.optimizers.Adam(1e-3) for _ in range(2)))
    return model


def one_step() -> dict[str, bool]:
    """Which weights a step changes, and whether another network built anew takes them over."""
    model = generation(0)
    before = model.get_weights()
    real = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1)).astype(np.float32)
    model.train_on_batch({"image": real}, np.zeros(4))
    changed = [bool((old != new).any()) for old, new in zip(before, model.get_weights(), strict=True)]
    other = generation(1)
    other.set_weights(model.get_weights())
    noise = np.random.default_rng(1).standard_normal((2, 100)).astype(np.float32)
    checkpoint = tf.train.Checkpoint(model=model)
    path = checkpoint.write(f"{sys.argv[1]}/state")
    kept = {name.split("/.")[0] for name, _ in tf.train.list_variables(path)}
    return {
        "changed": all(changed[: len(model.trainable_weights)]),
        "rebuilt": bool(np.array_equal(model(noise), other(noise))),
        "both_optimizers": all(
            f"model/{name}/_iterations" in kept for name in ("optimizer", "discriminator_optimizer")
        ),
    }


def repair() -> dict[str, object]:
    """What the repairer leaves alone, and the error that is counted."""
    generator = np.random.default_rng(0)
    given = generator.uniform(-1, 1, (3, 28, 28, 2)).astype(np.float32)
    given[..., 1] = 1.0
    given[0, 4:9, 5:15] = -1.0
    made = adversarial.repairer(28)(given).numpy()
    untouched = given[..., 1] > 0
    return {
        "kept": bool(np.array_equal(made[untouched], given[..., :1][untouched])),
        "filled": bool((made[0, 4:9, 5:15] != -1.0).all()),
        "error": adversarial.hole_error(given, np.zeros_like(made), np.full_like(made, 0.5)).numpy().tolist(),
    }


def distributed() -> list[float]:
    """The discriminator's first gradient step by SGD on one device, and on two with half of the batch each."""
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    real = np.random.default_rng(0).uniform(-1, 1, (8, 28, 28, 1)).astype(np.float32)
    changes = []
    for devices in (["CPU:0"], ["CPU:0", "CPU:1"]):
        with tf.distribute.MirroredStrategy(devices).scope():
            tf_keras.utils.set_random_seed(0)
            picture = tf_keras.layers.Input((28, 28, 1))
            judge = tf_keras.Model(picture, tf_keras.layers.Dense(1)(tf_keras.layers.Flatten()(picture)))
            noise = tf_keras.layers.Input((100,), name="noise")
            still = tf_keras.layers.Reshape((28, 28, 1))(tf_keras.layers.Dense(784, "tanh", name="made")(0.0 * noise))
            model = adversarial.Generation(tf_keras.Model(noise, still), judge)
            model.compile(*(tf_keras.optimizers.SGD(0.1) for _ in range(2)))
        before = judge.get_weights()[0]
        model.fit({"image": real}, np.zeros(8), batch_size=8, verbose=0)
        changes.append(judge.get_weights()[0] - before)
    return [float(np.abs(changes[0]).max()), float(np.abs(changes[1] - changes[0]).max())]


if __name__ == "__main__":
    split = distributed()  # first: devices are chosen before anything else runs
    json.dump(
        {
            "discriminator_loss": adversarial.discriminator_loss(tf.constant(REAL), tf.constant(MADE)).numpy().tolist(),
            "generator_loss": adversarial.generator_loss(tf.constant(MADE)).numpy().tolist(),
            "generator": shapes(adversarial.digit_generator(100)),
            "discriminator": shapes(adversarial.discriminator(28)),
            "step": one_step(),
            "repair": repair(),
            "distributed": split,
        },
        sys.stdout,
    )
