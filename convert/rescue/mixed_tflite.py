"""A TFLite file with some of its tensors in float: the weights of their operators stay in 8 bits where they can."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litefoot.runtime.storage.files import read_arrays

from ..export.contents import Contents
from ..export.quantize_tflite import Recipe, quantize, recipe_of
from ..export.ranges import ranges_of
from ..remedies import CALIBRATIONS
from ..remedies.calibration import Ranges, narrow, ranges_by_each
from ..tflite_tables import read_tables
from .trials import Plan


def make(plan: Plan, source: Path, out: Path) -> None:
    """Quantize a float file, but for what a plan frees.

    Args:
        plan: What is to stay in float.
        source: Its float file, or the same with other constants.
        out: The ``.tflite`` file to write.
    """
    tables = read_tables(source)
    recipe = recipe_of(str(source), "int8", integer_io=False, one_scale=plan.one_scale)
    for scope in _touching(tables, plan.freed):
        recipe += _weights_alone(scope)
    for scope in _writing(tables, plan.float_weights):
        recipe.append(_left_alone(f"(?:(?:^|;){re.escape(scope)};)"))
    out.write_bytes(quantize(str(source), recipe, _ranges(plan)))


def _ranges(plan: Plan) -> Any:
    found = ranges_of(plan.source, plan.calibration)
    if plan.ranges == CALIBRATIONS[0].name:
        return found
    return narrow(found, _by_each(Contents.of(plan.source), Contents.of(plan.calibration))[plan.ranges])


@functools.lru_cache(maxsize=1)
def _by_each(source: Contents, calibration: Contents) -> dict[str, Ranges]:
    return ranges_by_each(source.path, read_arrays(calibration.path))


def _touching(tables: Any, freed: Sequence[str]) -> list[str]:
    """Operators that write or read a freed tensor: an integer one would have it in integers again."""
    names, scopes = set(freed), []
    for graph in tables.subgraphs:
        for operator in graph.operators:
            touched = [_name(graph, index) for index in (*operator.inputs, *operator.outputs) if index >= 0]
            if names & set(touched):
                scopes.append(_scope(graph, operator))
    return scopes


def _writing(tables: Any, names: Sequence[str]) -> list[str]:
    return [
        _scope(graph, operator)
        for graph in tables.subgraphs
        for operator in graph.operators
        if {_name(graph, index) for index in operator.outputs} & set(names)
    ]


def _scope(graph: Any, operator: Any) -> str:
    """What the quantizer calls an operator: the names of all that it writes."""
    return ";".join(_name(graph, index) for index in operator.outputs)


def _name(graph: Any, index: int) -> str:
    return str(graph.tensors[index].name.decode())


def _weights_alone(scope: str) -> Recipe:
    """Compute in float, on weights that are stored in 8 bits; operators without weights are left as they are.

    Of two rules of the same words the quantizer knows only the last, so they are written differently.
    """
    from ai_edge_quantizer import recipe

    (rule,) = recipe.weight_only_wi8_afp32()
    return [_left_alone(f"(^|;){re.escape(scope)};"), rule | {"regex": f"(?:^|;){re.escape(scope)};"}]


def _left_alone(regex: str) -> dict[str, Any]:
    return {"regex": regex, "operation": "*", "algorithm_key": "no_quantize", "op_config": None}
