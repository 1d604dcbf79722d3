"""Carry every case to tf_keras and print what happened as JSON. A program: Keras is in its process and in no other."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import checks
import graph_cases
import keras
import layer_cases
import numpy as np
import operation_cases
import refused_cases
import tf_keras

from litefoot.convert.bridge import NotCarried, bridge, compare, random_inputs


def with_random_weights(model: Any) -> Any:
    """Other weights than those of a new layer: swapped ones would not be seen among zeros and ones."""
    generator = np.random.default_rng(7)
    for weight in model.weights:
        if weight.dtype == "float32":
            values = generator.uniform(0.2, 0.8, weight.shape)
            weight.assign(values if "variance" in weight.path else values * generator.choice([-1, 1], weight.shape))
    for operation in operations_of(model):
        if hasattr(operation, "finalize_state"):
            operation.finalize_state()
    return model


def operations_of(model: Any) -> Iterator[Any]:
    """The layers and operations of a model, and those inside them."""
    for operation in getattr(getattr(model, "_functional", model), "operations", ()):
        yield operation
        held = (getattr(operation, name, None) for name in ("layer", "forward_layer", "backward_layer", "cell"))
        for inner in (inner for inner in held if inner is not None):
            yield inner
            yield from getattr(inner, "cells", ())
            yield from operations_of(inner)
        yield from operations_of(operation)


def cloned_error(model: Any, made: Any) -> float:
    """As tfmot takes a model: its layers made anew from their settings, its weights set again."""
    clone = tf_keras.models.clone_model(made)
    clone.set_weights(made.get_weights())
    for layer in clone.submodules:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return compare(model, clone, random_inputs(model, seed=3)).error


def loaded_error(model: Any, made: Any, path: Path) -> float:
    made.save(path)
    loaded = tf_keras.models.load_model(path, compile=False, safe_mode=True)
    return compare(model, loaded, random_inputs(model, seed=3)).error


def facts_of(model: Any, path: Path, *, copied: bool) -> dict[str, Any]:
    result = bridge(model)
    here, there = result.model.outputs, model.outputs
    errors = {
        "said": result.error,
        "on other inputs": compare(model, result.model, random_inputs(model, seed=5, batch=3)).error,
    }
    if copied:
        errors["after cloning"] = cloned_error(model, result.model)
        errors["after loading"] = loaded_error(model, result.model, path)
    return {
        "errors": errors,
        "same": {
            "input names": result.model.input_names == [tensor.name for tensor in model.inputs],
            "output ranks": [len(tensor.shape) for tensor in here] == [len(tensor.shape) for tensor in there],
            "output types": [tensor.dtype.name for tensor in here] == [tensor.dtype for tensor in there],
        },
        "layers": [type(layer).__name__ for layer in result.model.layers],
    }


def carried(make: Callable[[], Any], path: Path, *, copied: bool = True) -> dict[str, Any]:
    keras.utils.set_random_seed(0)
    try:
        model = with_random_weights(make())
        kinds = sorted({type(operation).__name__ for operation in operations_of(model)})
        return {"kinds": kinds, **facts_of(model, path, copied=copied)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this case's result
        return {"kinds": [], "errors": {f"{type(error).__name__}: {error}": float("inf")}, "same": {}, "layers": []}


def reloaded(make: Callable[[], Any], path: Path) -> dict[str, Any]:
    """A model that comes from a file: Keras 3 builds its graph in another way."""

    try:
        model = with_random_weights(make())
        model.save(path)
        return {"error": bridge(keras.models.load_model(path, compile=False, safe_mode=True)).error}
    except Exception as error:  # noqa: BLE001 - likewise
        return {"error": f"{type(error).__name__}: {error}"}


def refused(make: Callable[[], Any]) -> dict[str, Any]:
    keras.utils.clear_session()
    try:
        result = bridge(make())
    except NotCarried as refusal:
        return {"layers": refusal.layers, "message": str(refusal)}
    except Exception as error:  # noqa: BLE001 - likewise
        return {"layers": [], "message": f"{type(error).__name__}: {error}"}
    return {"layers": [], "message": f"carried, with an error of {result.error}"}


def report(folder: Path) -> dict[str, Any]:
    cases = {**layer_cases.CASES, **operation_cases.CASES, **graph_cases.CASES}
    again = {name: make for name, make in graph_cases.CASES.items() if name not in graph_cases.NOT_FROM_A_FILE}
    path = folder / "carried.keras"
    return {
        "carried": {
            name: carried(make, path, copied=name not in graph_cases.NOT_COPIED) for name, make in cases.items()
        },
        "reloaded": {name: reloaded(make, path) for name, make in again.items()},
        "refused": {name: refused(make) for name, make in refused_cases.CASES.items()},
        "checks": {check.__name__: check(folder) for check in checks.CHECKS},
    }


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the frameworks print goes to the log
    answers.write(json.dumps(report(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
