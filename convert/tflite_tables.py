"""A TFLite file as the tables that it consists of, to be read, changed and written again."""

from __future__ import annotations

import functools
import struct
from pathlib import Path
from typing import Any

import numpy as np

from litefoot.runtime.errors import UnreadableModel, first_line, require

_MARK = b"TFL3"


def read_tables(path: Path) -> Any:
    """Read a file into the schema's own objects.

    Args:
        path: A ``.tflite`` file.

    Returns:
        A ``ModelT`` that holds all constants.

    Raises:
        UnreadableModel: It is not such a file, or it is damaged.
        MissingDependency: LiteRT is not installed.
    """
    return unpack_tables(path.read_bytes(), path)


def unpack_tables(content: bytes, where: object = None) -> Any:
    """Take a file's content apart into the schema's own objects.

    Args:
        content: Of a ``.tflite`` file.
        where: What it is, for the message.

    Returns:
        A ``ModelT`` that holds all constants.

    Raises:
        UnreadableModel: It is not such a file, or it is damaged.
        MissingDependency: LiteRT is not installed.
    """
    schema = require("ai_edge_litert.schema_py_generated", "convert")
    if content[4:8] != _MARK:
        raise UnreadableModel("This is not a TFLite file", where=where, got=repr(content[4:8]))
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        for buffer in model.buffers:
            if buffer.offset > 1:  # the constants of larger files lie behind the tables, at this place
                buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
                buffer.offset = buffer.size = 0
    except (struct.error, LookupError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableModel("This TFLite file is damaged", where=where, got=first_line(error)) from error
    return model


def pack_tables(model: Any) -> bytes:
    """Write tables as a file's content.

    Args:
        model: A ``ModelT``.

    Returns:
        The content of a ``.tflite`` file.
    """
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _MARK)
    return bytes(builder.Output())


def operator_name(model: Any, operator: Any) -> str:
    """The type of an operator.

    Args:
        model: The ``ModelT`` that it is in.
        operator: An ``OperatorT``.

    Returns:
        The schema's word, for example ``CONV_2D``; of a custom operator, its own name.
    """
    code = model.operatorCodes[operator.opcodeIndex]
    # Codes above 126 stand in the second field; the first is kept for older readers.
    name = _operator_names()[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return str(code.customCode.decode(errors="replace")) if name == "CUSTOM" else name


def constant(model: Any, tensor: Any) -> np.ndarray[Any, Any] | None:
    """The content of a constant.

    Args:
        model: The ``ModelT`` that it is in.
        tensor: A ``TensorT``.

    Returns:
        Read only, of the tensor's shape and dtype; None where it is no constant, or of a type that numpy lacks.
    """
    dtype = _dtypes().get(tensor.type)
    if dtype is None or not is_constant(model, tensor):
        return None
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    return np.frombuffer(bytes(model.buffers[tensor.buffer].data), dtype).reshape(shape)


def is_constant(model: Any, tensor: Any) -> bool:
    """Whether a tensor has its content in the file.

    Args:
        model: The ``ModelT`` that it is in.
        tensor: A ``TensorT``.

    Returns:
        Whether it does.
    """
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def set_constant(model: Any, tensor: Any, values: np.ndarray[Any, Any]) -> None:
    """Give a tensor a constant content of its own, where others share the buffer of the old one too.

    Args:
        model: The ``ModelT`` that it is in, changed.
        tensor: A ``TensorT``, changed.
        values: Of the tensor's shape and dtype.
    """
    schema = require("ai_edge_litert.schema_py_generated", "convert")
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    readers = sum(other.buffer == tensor.buffer for graph in model.subgraphs for other in graph.tensors)
    if readers == 1:  # nobody would read the old content, but it would be written
        model.buffers[tensor.buffer] = buffer
        return
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1


def dtype_name(tensor: Any) -> str:
    """The element type of a tensor.

    Args:
        tensor: A ``TensorT``.

    Returns:
        The schema's word in lower case, for example ``float32`` or ``int8``.
    """
    schema = require("ai_edge_litert.schema_py_generated", "convert")
    names = {code: name for name, code in vars(schema.TensorType).items() if not name.startswith("_")}
    return str(names[tensor.type]).lower()


@functools.cache
def _operator_names() -> dict[int, str]:
    schema = require("ai_edge_litert.schema_py_generated", "convert")
    return {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


@functools.cache
def _dtypes() -> dict[int, np.dtype[Any]]:
    schema = require("ai_edge_litert.schema_py_generated", "convert")
    known = ("FLOAT32", "FLOAT16", "INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL")
    return {getattr(schema.TensorType, name): np.dtype(name.lower()) for name in known}
