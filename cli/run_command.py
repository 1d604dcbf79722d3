"""Run a model on one file, preprocessed and read by the contract's own steps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import print_json, say, thread_count

if TYPE_CHECKING:
    from litefoot.runtime.postprocessing import Answer

HELP = "run a model on one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument("--input", type=Path, required=True, help="png, jpg, bmp, wav, csv, npy or txt")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the answer as a picture: png, jpg or bmp")
    parser.add_argument("--force", action="store_true", help="replace the picture where there is one")
    parser.add_argument(
        "--artifact", metavar="NAME", help="which artifact of a bundle (default: the smallest that passed)"
    )
    parser.add_argument(
        "--engine", choices=("litert", "tflite-runtime", "onnxruntime"), help="default: the one that reads the file"
    )
    parser.add_argument("--threads", type=thread_count, default=1, help="inside one inference, or auto (default 1)")
    parser.add_argument("--json", action="store_true", help="print the outputs and the answer as JSON")


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
    from litefoot.runtime.postprocessing.pictures import check_picture_path
    from litefoot.runtime.preprocessing import preprocess

    if arguments.output is not None:
        check_picture_path(arguments.output, force=arguments.force)
    model = load(arguments.model, engine=arguments.engine, artifact=arguments.artifact, threads=arguments.threads)
    if model.contract is None:
        sample = read_sample(arguments.input)
        values = sample if isinstance(sample, np.ndarray) else preprocess(sample, ())
    else:
        values = model.preprocess(arguments.input)
    outputs = model.run({model.inputs[0].name: values})
    answer = model.postprocess(outputs) if model.contract is not None else None
    if arguments.output is not None:
        _write(answer, arguments.output, force=arguments.force)
    if arguments.json:
        print_json({"model": model.name, "engine": model.engine, "outputs": outputs, "answer": answer})
    elif answer is not None:
        say(f"{answer}\n\n{model.name} on {model.engine}")
    else:
        for name, array in outputs.items():
            say(f"{name} {array.dtype}{list(array.shape)}\n{array}")
    return 0


def _write(answer: Answer | None, path: Path, *, force: bool) -> None:
    from litefoot.runtime.errors import UsageError
    from litefoot.runtime.postprocessing.pictures import write_picture

    picture = answer.picture() if answer is not None else None
    if picture is None:
        raise UsageError("The answer of this model is no picture", where=path, fix="leave out --output")
    write_picture(path, picture, force=force)
