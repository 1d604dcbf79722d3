"""Code inside model files is found wherever it is nested, and refused by the name of its layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litefoot.convert.model.safety import refuse_code, refuse_operators
from litefoot.runtime.errors import UnreadableModel

PATH = Path("model.keras")


def layer(name: str, class_name: str = "Dense", module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": {"name": name, **config}, "registered_name": None}


def model(*layers: dict[str, Any], name: str = "classifier") -> dict[str, Any]:
    return {"module": "keras", "class_name": "Functional", "config": {"name": name, "layers": list(layers)}}


# As Keras 3 and tf_keras write them, the bytecode shortened.
LAMBDA_3 = layer(
    "halve",
    "Lambda",
    function={"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAA", "defaults": None, "closure": None}},
    arguments={},
)
LAMBDA_2 = {
    "class_name": "Lambda",
    "config": {
        "name": "halve",
        "function": ["4wEAAAAAAAAA", None, None],
        "function_type": "lambda",
        "module": "__main__",
        "output_shape": None,
    },
}
SAVED_2 = {"class_name": "Functional", "config": {"name": "old", "layers": [layer("dense", module=None), LAMBDA_2]}}
CUSTOM = layer("scale", "Scale", "my_layers", factor=2.0)


def refused(config: Any, known: tuple[str, ...] = ()) -> str:
    with pytest.raises(UnreadableModel) as refusal:
        refuse_code(config, PATH, known)
    assert refusal.value.exit_code == 4
    told = str(refusal.value)
    for words in ("holds code, which would run with your rights", "where:    model.keras", "fix:      --allow-code"):
        assert words in told
    return told


@pytest.mark.parametrize(
    "config",
    [
        model(layer("dense")),
        model(layer("dense", kernel_initializer={"module": "keras.initializers", "class_name": "Zeros", "config": {}})),
        model(layer("dense", "Dense", "tf_keras.layers")),
        model(layer("dense", module=None)),
        model(layer("dense", dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}})),
        model(layer("f", activation={"module": "builtins", "class_name": "function", "config": "relu"})),
        {},
        [],
        None,
    ],
)
def test_layers_of_keras_are_let_through(config: Any) -> None:
    refuse_code(config, PATH)


@pytest.mark.parametrize("config", [model(layer("dense"), LAMBDA_3), SAVED_2], ids=["Keras 3", "Keras 2"])
def test_a_lambda_is_refused_by_its_layers_name(config: Any) -> None:
    assert "got:      layer halve (Lambda): a Python function" in refused(config)


def test_code_is_found_inside_nested_models_wrappers_and_lists() -> None:
    wrapper = layer("each", "TimeDistributed", layer=LAMBDA_3)
    assert "layer halve (Lambda)" in refused(model(model(wrapper, name="inner")))
    assert "layer halve (Lambda)" in refused([[{"anything": [LAMBDA_3]}]])


def test_an_import_of_another_module_is_refused_by_layer_and_module() -> None:
    assert "layer scale (Scale): an import of my_layers" in refused(model(CUSTOM))
    function = {"module": "my_layers", "class_name": "function", "config": "swoosh", "registered_name": "function"}
    assert "layer dense (Dense): an import of my_layers" in refused(model(layer("dense", activation=function)))
    assert "layer x (X): an import of kerasx.layers" in refused(model(layer("x", "X", "kerasx.layers")))
    assert "layer x (system): an import of os" in refused(model(layer("x", "system", "os")))


def test_everything_that_is_wrong_is_told_once() -> None:
    told = refused(model(CUSTOM, LAMBDA_3, CUSTOM))
    assert "got:      layer scale (Scale): an import of my_layers; layer halve (Lambda): a Python function\n" in told


def test_a_custom_object_that_the_user_named_is_allowed_and_nothing_inside_it() -> None:
    refuse_code(model(CUSTOM), PATH, ("Scale",))
    inner = layer("outer", "Scale", "my_layers", layers=[LAMBDA_3, layer("other", "Other", "elsewhere")])
    told = refused(model(inner), ("Scale",))
    assert "layer halve (Lambda)" in told
    assert "layer other (Other): an import of elsewhere" in told
    assert "layer scale" in refused(model(CUSTOM), ("Other",))


def test_functions_of_the_users_own_are_let_through_since_keras_looks_them_up_among_custom_objects() -> None:
    function = {"module": "builtins", "class_name": "function", "config": "swoosh", "registered_name": "function"}
    refuse_code(model(layer("dense", activation=function), layer("f", "Lambda", function=function)), PATH)


@pytest.mark.parametrize("operators", [(), ("MatMul", "StatefulPartitionedCall", "ReadVariableOp", "RestoreV2")])
def test_operators_that_compute_are_let_through(operators: tuple[str, ...]) -> None:
    refuse_operators(operators, PATH)


@pytest.mark.parametrize(
    "operator", ["PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "PrintV2"]
)
def test_operators_that_run_python_or_touch_files_are_refused(operator: str) -> None:
    with pytest.raises(UnreadableModel) as refusal:
        refuse_operators(["MatMul", operator, operator], PATH)
    assert f"got:      operator {operator}\n" in str(refusal.value)
    assert "--allow-code" in str(refusal.value)
