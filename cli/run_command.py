"""Run a model on one file, preprocessed by the contract's own steps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .terminal import print_json, print_table, say, thread_count

if TYPE_CHECKING:
    import numpy.typing as npt

    from litefoot.runtime import Model

HELP = "run a model on one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument("--input", type=Path, required=True, help="png, jpg, bmp, wav, csv, npy or txt")
    parser.add_argument(
        "--artifact", metavar="NAME", help="which artifact of a bundle (default: the smallest that passed)"
    )
    parser.add_argument(
        "--engine", choices=("litert", "tflite-runtime", "onnxruntime"), help="default: the one that reads the file"
    )
    parser.add_argument("--threads", type=thread_count, default=1, help="inside one inference, or auto (default 1)")
    parser.add_argument("--json", action="store_true", help="print the outputs as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code.
    """
    import numpy as np

    from litefoot.runtime import load
    from litefoot.runtime.decoding import read_sample
    from litefoot.runtime.preprocessing import preprocess

    model = load(arguments.model, engine=arguments.engine, artifact=arguments.artifact, threads=arguments.threads)
    if model.contract is None:
        sample = read_sample(arguments.input)
        values = sample if isinstance(sample, np.ndarray) else preprocess(sample, ())
    else:
        values = model.preprocess(arguments.input)
    outputs = model.run({model.inputs[0].name: values})
    if arguments.json:
        print_json(
            {
                "model": model.name,
                "engine": model.engine,
                "outputs": {name: array.tolist() for name, array in outputs.items()},
            }
        )
        return 0
    for name, array in outputs.items():
        _show(model, name, array)
    return 0


def _show(model: Model, name: str, array: npt.NDArray[Any]) -> None:
    labels = model.contract.labels if model.contract else ()
    if array.shape != (1, len(labels)):
        say(f"{name} {array.dtype}{list(array.shape)}\n{array}")
        return
    ranked = array[0].argsort()[::-1]
    say(f"label {labels[ranked[0]]}")
    print_table(
        f"{model.name} on {model.engine}",
        ("label", name),
        [[labels[i], f"{array[0, i]:.4f}"] for i in ranked],
    )
