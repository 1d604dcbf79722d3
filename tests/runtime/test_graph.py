"""What is read from a finished file is what was put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema
from tiny_models import (
    write_accumulator,
    write_affine,
    write_affine_hybrid,
    write_affine_int8,
    write_affine_stored,
    write_custom,
    write_lookup,
    write_sum_and_difference,
)

from litefoot.runtime.errors import MissingDependency, UnreadableModel
from litefoot.runtime.graph import Graph, Operator, read_graph

# 2 x 3 weights and 2 biases: 24 + 8 bytes as float32; 6 as int8, 8 as int32.
GRAPHS = {
    "float.tflite": (write_affine, {("FULLY_CONNECTED", "float"): 1}, {"float32": 32}, {}, 0.0),
    "float.onnx": (write_affine, {("Gemm", "float"): 1}, {"float32": 32}, {}, 0.0),
    "hybrid.tflite": (
        write_affine_hybrid,
        {("FULLY_CONNECTED", "hybrid"): 1},
        {"int8": 6, "float32": 8},
        {},
        0.0,
    ),
    "hybrid.onnx": (
        write_affine_hybrid,
        {("DequantizeLinear", "conversion"): 1, ("Gemm", "hybrid"): 1},
        {"int8": 6 + 1, "float32": 8 + 4},
        {},
        0.0,
    ),
    "stored.onnx": (
        write_affine_stored,
        {("Cast", "conversion"): 1, ("Mul", "conversion"): 1, ("Gemm", "hybrid"): 1},
        {"int8": 6, "float32": 8 + 4},
        {},
        0.0,
    ),
    "int8-io.tflite": (
        write_affine_int8,
        {("FULLY_CONNECTED", "integer"): 1},
        {"int8": 6, "int32": 8},
        {"y": 0.5},
        1.0,
    ),
    "int8.tflite": (
        lambda path: write_affine_int8(path, float_io=True),
        {("DEQUANTIZE", "conversion"): 1, ("FULLY_CONNECTED", "integer"): 1, ("QUANTIZE", "conversion"): 1},
        {"int8": 6, "int32": 8},
        {"y": 0.5},
        1.0,
    ),
    "int8.onnx": (
        write_affine_int8,
        {("DequantizeLinear", "conversion"): 3, ("QuantizeLinear", "conversion"): 2, ("Gemm", "integer"): 1},
        {"int8": 6 + 3, "float32": 8 + 12},
        {"y": 0.5},
        1.0,
    ),
    "two.tflite": (write_sum_and_difference, {("ADD", "float"): 1, ("SUB", "float"): 1}, {}, {}, 0.0),
    "two.onnx": (write_sum_and_difference, {("Add", "float"): 1, ("Sub", "float"): 1}, {}, {}, 0.0),
    "lookup.tflite": (write_lookup, {("GATHER", "float"): 1}, {"float32": 24}, {}, 0.0),
    "lookup.onnx": (write_lookup, {("Gather", "float"): 1}, {"float32": 24}, {}, 0.0),
    "recurrent.tflite": (write_accumulator, {("RNN", "float"): 1}, {"float32": 12}, {}, 0.0),
    "custom.tflite": (write_custom, {("CUSTOM Mystery", "float"): 1}, {}, {}, 0.0),
}


def lay_behind(path: Path) -> None:
    """Take the constants of a file out of its tables and lay them behind, as writers of larger files do."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    moved = [(buffer, bytes(buffer.data)) for buffer in model.buffers if buffer.data is not None and len(buffer.data)]
    begin = 1 << 16
    for i, (buffer, data) in enumerate(moved):
        buffer.data, buffer.offset, buffer.size = None, begin + 64 * i, len(data)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()).ljust(begin, b"\0") + b"".join(data.ljust(64, b"\0") for _, data in moved))


@pytest.mark.parametrize("name", ["float.tflite", "hybrid.tflite", "int8-io.tflite", "lookup.tflite"])
def test_constants_behind_the_tables_are_constants_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    GRAPHS[name][0](path)
    before = read_graph(path)
    lay_behind(path)
    assert read_graph(path) == before


@pytest.mark.parametrize("name", GRAPHS)
def test_operators_weights_and_steps_are_those_put_in(tmp_path: Path, name: str) -> None:
    write, operators, weight_bytes, steps, integer_share = GRAPHS[name]
    graph = read_graph(write(tmp_path / name))
    assert {(op.name, op.arithmetic): op.count for op in graph.operators} == operators
    assert graph.weight_bytes == weight_bytes
    assert graph.output_steps == steps
    assert graph.integer_share == integer_share


def test_the_most_frequent_operator_comes_first(tmp_path: Path) -> None:
    counts = [op.count for op in read_graph(write_affine_int8(tmp_path / "m.onnx")).operators]
    assert counts == [3, 2, 1]


def test_the_integer_share_leaves_conversions_out() -> None:
    operators = (
        Operator("CONV_2D", "integer", 3),
        Operator("SOFTMAX", "float", 1),
        Operator("QUANTIZE", "conversion", 9),
    )
    assert Graph(operators, {}, {}).integer_share == 0.75
    assert Graph(operators[2:], {}, {}).integer_share == 0.0


@pytest.mark.parametrize("name", ["model.pb", "model", "missing.tflite", "missing.onnx", "folder.onnx"])
def test_what_is_not_a_model_file_is_refused(tmp_path: Path, name: str) -> None:
    if name.startswith("model"):
        write_affine(tmp_path / "model.tflite").rename(tmp_path / name)
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    with pytest.raises(UnreadableModel, match="not a model file"):
        read_graph(tmp_path / name)


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
@pytest.mark.parametrize("content", [b"", b"\0", b"\x08\x08", b"just some text\n", b"\0\0\0\0TFL3"], ids=repr)
def test_what_holds_no_graph_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"model{suffix}").write_bytes(content)
    with pytest.raises(UnreadableModel, match=f"model{suffix}"):
        read_graph(tmp_path / f"model{suffix}")


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_damage_anywhere_is_an_unreadable_model_or_a_graph(tmp_path: Path, suffix: str) -> None:
    path = write_affine_int8(tmp_path / f"model{suffix}")
    whole, refused = path.read_bytes(), 0
    for place in range(0, len(whole), 2):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            try:
                read_graph(path)
            except UnreadableModel:
                refused += 1
    assert refused > len(whole) / 4


@pytest.mark.parametrize(
    ("suffix", "package", "extra"), [(".tflite", "ai_edge_litert", "tflite"), (".onnx", "onnx", "inspect")]
)
def test_reading_without_its_package_names_the_pip_line(
    tmp_path: Path, without: Callable[[str], None], suffix: str, package: str, extra: str
) -> None:
    path = write_affine(tmp_path / f"model{suffix}")
    without(package)
    with pytest.raises(MissingDependency, match=rf'pip install "litefoot\[{extra}\]"'):
        read_graph(path)
