"""Every layer and operation of the tables, and every graph that is hard: carried, and the same afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from litefoot.convert.bridge import carried_layers, carried_operations

MOST = 1e-6
"""The largest relative error of a model of one to ten layers; most are bit for bit the same."""
LAYERS = [row.keras for row in carried_layers()]
OPERATIONS = [row.keras for row in carried_operations()]
GRAPHS = (
    "awkward_names", "called_in_training", "dict_into_a_list", "explicit_mask", "fixed_batch", "free_length",
    "free_sizes", "frozen_base", "half_masked_sum", "initial_state", "layers_in_and_out", "mask_into_a_nested_model",
    "mask_lost_by_an_operation", "mask_out_of_a_nested_model", "masked_attention", "masked_concatenation",
    "masked_transformer", "mixed_inputs", "nested_deep", "nested_dict", "operation_names", "part_of_a_model",
    "repeated_outputs", "seq2seq", "sequential_built_later", "shared_layer", "shared_nested", "squeeze_and_excite",
    "stateful", "stateful_and_masked", "structured", "transformer", "unequal_masks", "WithAGraph",
)  # fmt: skip
NOT_FROM_A_FILE = {"WithAGraph", "layers_in_and_out"}


def check(case: dict[str, Any]) -> None:
    assert {what: error for what, error in case["errors"].items() if not error <= MOST} == {}
    assert [what for what, same in case["same"].items() if not same] == []


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_of_the_table_is_carried(layer: str, report: dict[str, Any]) -> None:
    kind = layer.rpartition(".")[2]
    cases = [case for case in report["carried"].values() if kind in case["kinds"]]
    assert cases, f"no case that is carried holds a {kind}"
    for case in cases:
        check(case)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_the_table_is_carried(operation: str, report: dict[str, Any]) -> None:
    assert f"ops {operation}" in report["carried"]
    check(report["carried"][f"ops {operation}"])
    assert operation in report["carried"][f"ops {operation}"]["kinds"]


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_is_carried(graph: str, report: dict[str, Any]) -> None:
    check(report["carried"][graph])


@pytest.mark.parametrize("graph", sorted(set(GRAPHS) - NOT_FROM_A_FILE))
def test_a_model_from_a_file_is_carried(graph: str, report: dict[str, Any]) -> None:
    """Keras 3 builds its graph in another way: what it fills in by itself stands in the calls."""
    error = report["reloaded"][graph]["error"]
    assert isinstance(error, float), error
    assert error <= MOST


def test_no_case_is_left_unchecked(report: dict[str, Any]) -> None:
    failed = {name: case["errors"] for name, case in report["carried"].items() if not case["kinds"]}
    assert failed == {}
    for case in report["carried"].values():
        check(case)
    assert set(report["reloaded"]) == set(GRAPHS) - NOT_FROM_A_FILE
    assert set(GRAPHS) <= set(report["carried"])


@pytest.mark.parametrize("operation", [
    "Add", "Subtract", "Multiply", "Maximum", "Concatenate", "Reshape", "Relu", "Softmax", "Sigmoid", "MaxPool",
])  # fmt: skip
def test_an_operation_becomes_a_plain_layer_where_there_is_one(operation: str, report: dict[str, Any]) -> None:
    """What tfmot knows how to quantize are layers."""
    layers = report["carried"][f"ops {operation}"]["layers"]
    assert [layer for layer in layers if "Lambda" in layer] == []


def test_broadcasting_is_not_left_to_a_layer_that_does_it_in_another_way(report: dict[str, Any]) -> None:
    assert "Add" in report["carried"]["ops Add"]["layers"]
    assert "Add" not in report["carried"]["ops Add with broadcasting"]["layers"]


def test_the_names_in_the_tables_are_unique() -> None:
    assert len(set(LAYERS)) == len(LAYERS)
    assert len(set(OPERATIONS)) == len(OPERATIONS)
    assert all(row.tf_keras for row in (*carried_layers(), *carried_operations()))
