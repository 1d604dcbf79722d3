"""Run a model on one file, preprocessed and read by the contract's own steps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import print_json, say, thread_count

if TYPE_CHECKING:
    from litefoot.runtime.errors import UsageError
    from litefoot.runtime.postprocessing import Answer

HELP = "run a model on one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument("model", type=Path, help="bundle folder, .tflite or .onnx")
    parser.add_argument("--input", type=Path, help="png, jpg, bmp, wav, csv, npy, txt or json")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="what a generator starts from, instead of a file; of text, beside one"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the answer as a picture: png, jpg or bmp")
    parser.add_argument("--force", action="store_true", help="replace the picture where there is one")
    parser.add_argument("--artifact", metavar="NAME", help="which artifact of a bundle (default: the recommended one)")
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
    from litefoot.runtime.errors import UsageError
    from litefoot.runtime.generation.document import is_pipeline
    from litefoot.runtime.postprocessing.pictures import check_picture_path
    from litefoot.runtime.preprocessing import preprocess

    if arguments.input is None and arguments.seed is None:
        raise UsageError("A model is run on something", fix="--input FILE, or --seed N for a generator")
    if is_pipeline(arguments.model):
        return _generate(arguments)
    if arguments.input is not None and arguments.seed is not None:
        raise UsageError("This model takes a file or a seed, not both", where=arguments.model)
    if arguments.output is not None:
        check_picture_path(arguments.output, force=arguments.force)
    model = load(arguments.model, engine=arguments.engine, artifact=arguments.artifact, threads=arguments.threads)
    source = arguments.input if arguments.seed is None else np.array(arguments.seed)
    if model.contract is None:
        sample = read_sample(source) if isinstance(source, Path) else source
        values = sample if isinstance(sample, np.ndarray) else preprocess(sample, ())
    else:
        values = model.preprocess(source)
    stepwise = model.contract.state if model.contract is not None else {}
    name = next((spec.name for spec in model.inputs if spec.name not in stepwise), None)
    if name is None:
        raise UsageError("This model takes no input", where=arguments.model)
    outputs = model.predict_by_name({name: values}) if stepwise else model.run({name: values})
    answer = model.postprocess(outputs, source) if model.contract is not None else None
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


def _generate(arguments: argparse.Namespace) -> int:
    from litefoot.runtime.generation.generator import load_pipeline

    if arguments.output is not None:
        raise _no_picture(arguments.output)
    generator = load_pipeline(
        arguments.model, engine=arguments.engine, artifact=arguments.artifact, threads=arguments.threads
    )
    text = generator("" if arguments.input is None else arguments.input, seed=arguments.seed or 0)
    if arguments.json:
        print_json({"model": generator.name, "text": text})
    else:
        say(f"{text}\n\n{generator.name} of {', '.join(generator.document.parts)}")
    return 0


def _write(answer: Answer | None, path: Path, *, force: bool) -> None:
    from litefoot.runtime.postprocessing.pictures import write_picture

    picture = answer.picture() if answer is not None else None
    if picture is None:
        raise _no_picture(path)
    write_picture(path, picture, force=force)


def _no_picture(path: Path) -> UsageError:
    from litefoot.runtime.errors import UsageError

    return UsageError("The answer of this model is no picture", where=path, fix="leave out --output")
