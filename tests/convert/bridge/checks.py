"""What else is to be seen of carried models, and that the comparison says no when it should. Imported by `program`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import graph_cases
import keras
import numpy as np
import tf_keras
from keras import layers as kl
from keras import ops

from litefoot.convert.bridge import NotCarried, bridge, carried, compare, random_inputs


def network() -> Any:
    x = keras.Input((8, 8, 3))
    y = kl.BatchNormalization(name="norm")(kl.Conv2D(4, 3, name="first")(x))
    y = kl.Conv2D(4, 3, name="second")(y)
    return keras.Model(x, kl.Dense(5, activation="softmax", name="last")(kl.GlobalAveragePooling2D(name="mean")(y)))


def refusal_with(make: Callable[[], Any], spoil: Callable[[Any], None], **after: Any) -> dict[str, Any]:
    """What is said where the weights are spoiled after they were copied."""

    def copy_and_spoil(pairs: Any) -> None:
        original(pairs)
        spoil({pair.keras.name: pair.tf_keras for pair in pairs})

    original = after.get("copy", carried.copy_weights)
    with mock.patch.object(carried, "copy_weights", copy_and_spoil):
        try:
            return {"message": f"carried, with an error of {bridge(make()).error}", "layers": []}
        except NotCarried as refusal:
            return {"message": str(refusal), "layers": refusal.layers}


def a_weight_off_by_a_thousandth(folder: Path) -> dict[str, Any]:
    def spoil(layers: dict[str, Any]) -> None:
        layers["second"].kernel.assign(layers["second"].kernel * 1.001)

    return refusal_with(network, spoil)


def weights_not_copied(folder: Path) -> dict[str, Any]:
    return refusal_with(network, lambda layers: None, copy=lambda pairs: None)


def a_weight_that_is_not_finite(folder: Path) -> dict[str, Any]:
    return refusal_with(network, lambda layers: layers["norm"].gamma.assign([1, 1, np.nan, 1]))


def gamma_and_beta_swapped(folder: Path) -> dict[str, Any]:
    def spoil(layers: dict[str, Any]) -> None:
        gamma, beta, *rest = layers["norm"].get_weights()
        layers["norm"].set_weights([beta, gamma, *rest])

    return refusal_with(network, spoil)


def normalization_not_finalized(folder: Path) -> dict[str, Any]:
    def make() -> Any:
        layer = kl.Normalization(name="adapted")
        layer.adapt(np.array([[1.0, 2.0], [5.0, 9.0]], "float32"))
        return keras.Sequential([keras.Input((2,)), layer])

    def spoil(layers: dict[str, Any]) -> None:
        layers["adapted"].mean, layers["adapted"].variance = 0.0, 1.0

    return refusal_with(make, spoil)


def a_weight_before_an_output_that_is_always_the_same(folder: Path) -> dict[str, Any]:
    def make() -> Any:
        x = keras.Input((5,))
        return keras.Model(x, ops.relu(-ops.square(kl.Dense(4, name="unseen")(x)) - 1))

    return refusal_with(make, lambda layers: layers["unseen"].bias.assign_add([0, 0, 0.5, 0]))


def outputs_swapped(folder: Path) -> float:
    x = keras.Input((4,))
    model = keras.Model(x, [kl.Dense(3)(x), kl.Dense(3)(x)])
    made = bridge(model).model
    return compare(model, tf_keras.Model(made.inputs, made.outputs[::-1]), random_inputs(model)).error


def an_output_missing(folder: Path) -> float:
    x = keras.Input((4,))
    model = keras.Model(x, [kl.Dense(3)(x), kl.Dense(3)(x)])
    made = bridge(model).model
    return compare(model, tf_keras.Model(made.inputs, made.outputs[0]), random_inputs(model)).error


def shared_layers(folder: Path) -> dict[str, int]:
    model = graph_cases.shared_layer()
    made = bridge(model).model
    dense = [layer for layer in made.layers if isinstance(layer, tf_keras.layers.Dense)]
    return {"layers": len(dense), "weights": len(made.weights), "expected weights": len(model.weights)}


def shared_models(folder: Path) -> dict[str, int]:
    model = graph_cases.shared_nested()
    made = bridge(model).model
    inner = [layer for layer in made.layers if isinstance(layer, tf_keras.Model)]
    return {"models": len(inner), "weights": len(made.weights), "expected weights": len(model.weights)}


def trainable_flags(folder: Path) -> dict[str, list[list[Any]]]:
    """For each model the trainable weights by shape, in Keras 3 and in tf_keras."""

    def of(model: Any) -> list[list[Any]]:
        made = bridge(model).model
        return [sorted(list(weight.shape) for weight in side.trainable_weights) for side in (model, made)]

    one = network()
    one.get_layer("second").trainable = False
    whole = network()
    whole.trainable = False
    inner = graph_cases.frozen_base()
    inner.get_layer("base").layers[0].trainable = True
    wrapped = keras.Sequential([keras.Input((7, 3)), kl.Bidirectional(kl.GRU(4), trainable=False), kl.Dense(2)])
    return {
        "none frozen": of(network()),
        "one layer": of(one),
        "the model": of(whole),
        "a nested model": of(graph_cases.frozen_base()),
        "a nested model but for one layer": of(inner),
        "a wrapper": of(wrapped),
    }


def what_is_for_training_only(folder: Path) -> dict[str, Any]:
    dense = kl.Dense(
        4,
        kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
        bias_regularizer="l2",
        kernel_constraint=keras.constraints.MaxNorm(3),
        activity_regularizer=keras.regularizers.L1(0.3),
    )
    made = bridge(keras.Sequential([keras.Input((3,)), dense])).model.layers[-1]
    return {
        "kernel": made.kernel_regularizer.get_config(),
        "bias": type(made.bias_regularizer).__name__,
        "constraint": made.kernel_constraint.get_config(),
        "activity": type(made.activity_regularizer).__name__,
    }


def inputs(folder: Path) -> dict[str, Any]:
    model = graph_cases.mixed_inputs()
    image, tokens, flag = random_inputs(model, seed=1, batch=50)
    masked = keras.Sequential([keras.Input((8, 3)), kl.Masking(0.25), kl.LSTM(2)])
    (steps,) = random_inputs(masked, seed=1, batch=50)
    free = random_inputs(graph_cases.free_sizes(), batch=4)[0]
    return {
        "shapes": [image.shape, tokens.shape, flag.shape, free.shape],
        "types": [image.dtype.name, tokens.dtype.name, flag.dtype.name, free.dtype.name],
        "image": [int(image.min()), int(image.max())],
        "tokens": sorted(set(tokens.ravel().tolist())),
        "float": bool(-1 <= free.min() < -0.9 and 0.9 < free.max() <= 1),
        "masked steps": sorted({int(n) for n in (steps == 0.25).all(-1).sum(-1)}),
        "same seed": all(
            np.array_equal(a, b) for a, b in zip(random_inputs(model, 3), random_inputs(model, 3), strict=True)
        ),
        "other seed": bool(np.array_equal(random_inputs(model, 3)[0], random_inputs(model, 4)[0])),
    }


def models_on_disk(folder: Path) -> float:
    """A model that needs what litefoot registers, and its outputs: another process is to load it."""
    from keras.src.applications.convnext import LayerScale

    x = keras.Input((5, 4))
    y = LayerScale(0.1, 4)(kl.Dense(4, activation="hard_silu")(x))
    model = keras.Model(x, ops.einsum("bij,bkj->bik", kl.LSTM(4, activation="celu", return_sequences=True)(y), x))
    result, values = bridge(model), random_inputs(model)
    result.model.save(folder / "kept.keras")
    np.savez(folder / "kept.npz", x=values[0], y=np.asarray(model(values[0])))
    return result.error


CHECKS = (
    a_weight_off_by_a_thousandth, weights_not_copied, a_weight_that_is_not_finite, gamma_and_beta_swapped,
    normalization_not_finalized, a_weight_before_an_output_that_is_always_the_same, outputs_swapped,
    an_output_missing, shared_layers, shared_models, trainable_flags, what_is_for_training_only, inputs,
    models_on_disk,
)  # fmt: skip
