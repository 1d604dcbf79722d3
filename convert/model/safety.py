"""Code inside model files, none of which runs unless the user said so.

Keras stores Python functions and the names of modules to import; TensorFlow graphs can read and write files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from litefoot.runtime.errors import UnreadableModel

_TRUSTED = ("keras", "tf_keras", "builtins")
_GRAPH_CODE = frozenset(
    ("PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "PrintV2", "LoadLibrary")
)


def refuse_code(config: Any, path: Path, known: Iterable[str] = ()) -> None:
    """Refuse a Keras configuration that holds code, or asks to import modules that are not Keras's own.

    Args:
        config: The parsed JSON of a ``.keras`` archive or of an HDF5 file's ``model_config``.
        path: The file, for the message.
        known: Names of custom objects that the user gave.

    Raises:
        UnreadableModel: It does; the message names the layers.
    """
    _refuse(dict.fromkeys(_code(config, set(known), "the model")), path)


def refuse_operators(operators: Iterable[str], path: Path) -> None:
    """Refuse a TensorFlow graph that runs Python or touches files.

    Args:
        operators: The names of its operators.
        path: The SavedModel, for the message.

    Raises:
        UnreadableModel: It does.
    """
    _refuse({f"operator {name}": None for name in sorted(_GRAPH_CODE & set(operators))}, path)


def _refuse(found: dict[str, None], path: Path) -> None:
    if found:
        raise UnreadableModel(
            "This model file holds code, which would run with your rights",
            where=path,
            got="; ".join(found),
            expected="layers and functions of Keras, or given by --custom-objects",
            fix="--allow-code, if you trust whoever made the file",
        )


def _code(node: Any, known: set[str], layer: str) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _code(item, known, layer)
    if not isinstance(node, dict):
        return
    config = node.get("config")
    if "class_name" in node and isinstance(config, dict) and isinstance(config.get("name"), str):
        layer = f"layer {config['name']} ({node['class_name']})"
    if node.get("class_name") == "__lambda__" or node.get("function_type") == "lambda":
        yield f"{layer}: a Python function"
        return
    module = node.get("module")
    if isinstance(module, str) and module.split(".")[0] not in _TRUSTED and node.get("class_name") not in known:
        yield f"{layer}: an import of {module}"
    for item in node.values():
        yield from _code(item, known, layer)
