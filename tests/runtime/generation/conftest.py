"""Two tiny models that work together: what is read says which token comes next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from litefoot.convert.export.describe import describe
from litefoot.convert.report.bundling import file_records, write_manifest
from litefoot.convert.variants import choose_variants
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.generation import Generation, Pipeline
from litefoot.runtime.preprocessing import Tokens
from litefoot.runtime.sequences import first_call, roll_out
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import default_tolerance

LETTERS = ("_", ".", "a", "b", "c")
END, START = 1, 0
FOLLOWS = np.full((5, 5), -30.0, np.float32)
FOLLOWS[[0, 2, 3, 4], [2, 3, 4, 1]] = 0.0  # start, a, b, c, end
MEANS = np.eye(5, dtype=np.float32)

READER = ModelContract(
    inputs=(TensorSpec("source", (None, 3), "int32", kind="tokens"),),
    outputs=(TensorSpec("memory", (None, 5), "float32"),),
    task="reading",
    preprocessing={"source": (Tokens(LETTERS, 3, unit="character"),)},
)
WRITER = ModelContract(
    inputs=(
        TensorSpec("token", (None, 1), "int32", kind="tokens"),
        TensorSpec("memory", (None, 5), "float32"),
        TensorSpec("position", (None, 1), "int32"),
    ),
    outputs=(
        TensorSpec("logits", (None, 5), "float32", kind="logits"),
        TensorSpec("next_position", (None, 1), "int32"),
    ),
    task="writing",
    labels=LETTERS,
    state={"position": "next_position"},
)
HOW = Generation(token="token", scores="logits", start=(START,), end=END, most=4, separator="")
DOCUMENT = Pipeline(
    name="tiny",
    task="rewriting",
    parts=("reader", "writer"),
    generation=HOW,
    links={"writer/memory": "reader/memory"},
    metric=Metric("token_match", max_drop=0.1),
)


def read(source: np.ndarray) -> np.ndarray:
    """How often each letter is there."""
    return MEANS[source].sum(axis=1)


def step(now: dict[str, np.ndarray], weight: float = 20.0) -> dict[str, np.ndarray]:
    """Whoever read an a (number 2) writes no b (number 3) and ends instead."""
    memory = now["memory"] @ push(weight)
    return {"logits": FOLLOWS[now["token"][:, 0]] + memory, "next_position": now["position"] + np.int32(1)}


def push(weight: float) -> np.ndarray:
    weights = np.zeros((5, 5), np.float32)
    weights[2] = [0.0, weight / 4, 0.0, -2.5 * weight, 0.0]
    return weights


def write_reader(path: Path) -> None:
    nodes = [
        helper.make_node("Gather", ["means", "source"], ["each"]),
        helper.make_node("ReduceSum", ["each", "axes"], ["memory"], keepdims=0),
    ]
    _write(path, nodes, READER, {"means": MEANS, "axes": np.array([1])})


def write_writer(path: Path, weight: float) -> None:
    nodes = [
        helper.make_node("Gather", ["follows", "token"], ["row"]),
        helper.make_node("Reshape", ["row", "shape"], ["flat"]),
        helper.make_node("MatMul", ["memory", "push"], ["pushed"]),
        helper.make_node("Add", ["flat", "pushed"], ["logits"]),
        helper.make_node("Add", ["position", "one"], ["next_position"]),
    ]
    constants = {"follows": FOLLOWS, "shape": np.array([-1, 5]), "push": push(weight), "one": np.array([1], np.int32)}
    _write(path, nodes, WRITER, constants)


def _write(path: Path, nodes: list, contract: ModelContract, constants: dict[str, np.ndarray]) -> None:
    types = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32}
    values = [
        [helper.make_tensor_value_info(spec.name, types[spec.dtype], ["n", *spec.shape[1:]]) for spec in specs]
        for specs in (contract.inputs, contract.outputs)
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, path.stem, *values, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def write_part(folder: Path, contract: ModelContract, golden: Golden, writers: dict) -> None:
    (folder / "models").mkdir(parents=True)
    write_arrays(folder / "golden.npz", golden.to_arrays())
    write_arrays(folder.with_name("call.npz"), first_call(contract.inputs, contract.state, golden.inputs))
    artifacts = []
    for variant in choose_variants(["int8.onnx"]):
        path = folder / "models" / variant.name
        writers[variant.name](path)
        call = str(folder.with_name("call.npz"))
        found = describe(variant=encode(variant), path=str(path), samples=call, state=contract.state)
        tolerances = {
            spec.name: default_tolerance(variant.precision, spec, golden.references[spec.name])
            for spec in contract.outputs
            if spec.name in golden.references
        }
        artifacts.append(decode(Artifact, {**found, "tolerances": encode(tolerances)}, variant.name))
    folder.with_name("call.npz").unlink()
    names = tuple(artifact.name for artifact in artifacts)
    write_manifest(
        folder,
        Manifest("litefoot-bundle", 1, folder.name, contract, tuple(artifacts), names, file_records(folder), {}),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A converted folder; its int8.onnx is deaf to what was read. Its own to change."""
    out = tmp_path / "tiny"
    random = np.random.default_rng(0)
    source = random.integers(2, 5, (20, 3)).astype(np.int32)
    write_part(
        out / "reader",
        READER,
        Golden({"source": source}, {"memory": read(source)}),
        dict.fromkeys(("fp32.onnx", "int8.onnx"), write_reader),
    )
    given = {"token": random.integers(0, 5, (20, 6, 1)).astype(np.int32), "memory": read(source)}
    references = roll_out(step, WRITER.inputs, WRITER.state, given)
    writers = {"fp32.onnx": lambda path: write_writer(path, 20.0), "int8.onnx": lambda path: write_writer(path, 0.0)}
    write_part(out / "writer", WRITER, Golden(given, references), writers)
    wanted = np.array([[2, 0, 0, 0] if 2 in row else [2, 3, 4, 0] for row in source], np.int32)
    write_arrays(out / "golden.npz", Golden({"source": source}, {"tokens": wanted}, wanted).to_arrays())
    Pipeline(**{**vars(DOCUMENT), "recommended": ("fp32.onnx",)}).write(out)
    return out
