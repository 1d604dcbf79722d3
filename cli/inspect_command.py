"""Show what is inside a bundle or a model file: inputs, outputs, operators, sizes, and what is quantized."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import print_json, print_table, say

if TYPE_CHECKING:
    from litefoot.runtime import Bundle, TensorSpec
    from litefoot.runtime.graph import Graph

HELP = "show what is inside a bundle or model file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code.
    """
    from litefoot.runtime import Bundle

    path: Path = arguments.model
    return _inspect_bundle(Bundle(path), arguments.json) if path.is_dir() else _inspect_file(path, arguments.json)


def _inspect_bundle(bundle: Bundle, as_json: bool) -> int:
    from litefoot.runtime.graph import read_graph

    graphs = {artifact.name: read_graph(bundle.model_path(artifact)) for artifact in bundle.artifacts}
    if as_json:
        print_json({"manifest": bundle.manifest, "graphs": graphs})
        return 0
    contract = bundle.contract
    say(f"{bundle.manifest.name}: {contract.task}")
    _show_specs(contract.inputs, contract.outputs)
    for name, steps in contract.preprocessing.items():
        say(f"preprocessing of {name}: {', '.join(map(str, steps))}")
    if contract.labels:
        say(f"labels: {', '.join(contract.labels)}")
    rows = [
        [
            artifact.name,
            f"{artifact.bytes:,}",
            f"{artifact.gzip_bytes:,}",
            ", ".join(spec.dtype for spec in artifact.inputs),
            ", ".join(spec.dtype for spec in artifact.outputs),
            f"{graphs[artifact.name].integer_share:.0%}",
            _weights(graphs[artifact.name]),
            "yes" if artifact.name in bundle.manifest.recommended else "no",
        ]
        for artifact in bundle.artifacts
    ]
    columns = ("artifact", "bytes", "gzip", "input", "output", "integer operators", "constants", "passed")
    print_table(str(bundle.path), columns, rows)
    return 0


def _inspect_file(path: Path, as_json: bool) -> int:
    """Show a file's graph even where no engine here runs it: that is when a reader wants to know what is in it."""
    from litefoot.runtime import load
    from litefoot.runtime.errors import MissingDependency, UnreadableModel
    from litefoot.runtime.graph import read_graph

    graph = read_graph(path)
    refusal: MissingDependency | UnreadableModel | None = None
    try:
        model = load(path)
        inputs, outputs, engine = model.inputs, model.outputs, model.engine
    except (MissingDependency, UnreadableModel) as error:
        refusal, inputs, outputs, engine = error, (), (), "no engine here"
    size = path.stat().st_size
    if as_json:
        tensors = {"inputs": inputs, "outputs": outputs}
        print_json({"file": str(path), "bytes": size, "engine": engine, **tensors, "graph": graph})
    else:
        say(f"{path}: {size:,} bytes, runs on {engine}")
        _show_specs(inputs, outputs)
        say(f"constants: {_weights(graph)}; {graph.integer_share:.0%} of the operators compute on integers")
        rows = [[operator.name, str(operator.count), operator.arithmetic] for operator in graph.operators]
        print_table("operators", ("operator", "count", "arithmetic"), rows)
    if refusal is not None:
        raise refusal
    return 0


def _show_specs(inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
    for side, specs in (("input", inputs), ("output", outputs)):
        for spec in specs:
            notes = [f"means {spec.kind}"] if spec.kind else []
            if spec.quantization:
                notes.append(f"real = {spec.quantization.scale:.6g} * (stored {-spec.quantization.zero_point:+d})")
            say(f"{side:<7} {spec}{''.join(f', {note}' for note in notes)}")


def _weights(graph: Graph) -> str:
    return ", ".join(
        f"{count:,} B {kind}" for kind, count in sorted(graph.weight_bytes.items(), key=lambda entry: -entry[1])
    )
