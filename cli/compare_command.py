"""Run two models on the same samples and judge the second by the first: files, bundles and Keras models alike."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from litefoot.runtime.errors import UsageError, require

from .junit import add_junit, cases_of, write_junit
from .promised import add_metric, kinds_of, metric_of
from .terminal import print_json, print_table, say, thread_count
from .verdicts import DRIFT_COLUMNS, drift_cells, exit_code

if TYPE_CHECKING:
    from litefoot.runtime.verification.comparison import Subject, Terms

HELP = "judge one model by another on the same samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    models = ".tflite, .onnx, bundle, bundle:ARTIFACT, or a Keras model or SavedModel (which needs the extra convert)"
    parser.add_argument("first", help=f"taken for right: {models}")
    parser.add_argument("second", help="judged by it")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="NPZ",
        help="arrays by input name, with an array named labels for --metric",
    )
    limits = parser.add_argument_group("what passes")
    limits.add_argument(
        "--atol", type=float, metavar="A", help="|second - first| <= A + R |first|, in the output's unit"
    )
    limits.add_argument("--rtol", type=float, metavar="R")
    limits.add_argument(
        "--precision",
        metavar="P",
        help="the usual tolerances of fp32, fp16, int16x8, dynamic or int8 (default: that of the less precise file)",
    )
    add_metric(limits, "--data")
    parser.add_argument("--threads", type=thread_count, default=1, help="inside one inference, or auto (default 1)")
    parser.add_argument("--signature", metavar="NAME", help="of a SavedModel that has several")
    parser.add_argument(
        "--custom-objects",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="a class or function of yours that a Keras model needs; may be given again",
    )
    parser.add_argument("--allow-code", action="store_true", help="run Python code that a Keras file holds")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_junit(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: 0 when the second model passed, else 1.

    Raises:
        UsageError: The models or samples do not fit each other.
        MissingDependency: What runs one of the models is not installed.
    """
    from litefoot.runtime.errors import SampleError, UnreadableModel
    from litefoot.runtime.storage.files import read_arrays
    from litefoot.runtime.verification.comparison import compare

    terms = _terms(arguments)
    try:
        arrays = read_arrays(arguments.data)
    except UnreadableModel as error:  # for a model it is another exit code
        raise SampleError(str(error)) from error
    with ExitStack() as stack:
        first, second = (_open(stack, text, arguments) for text in (arguments.first, arguments.second))
        found = compare(first, second, arrays, terms)
    verdict, title = found.verdict, f"{second.name} against {first.name}"
    if arguments.junit:
        write_junit(arguments.junit, title, cases_of(verdict))
    if arguments.json:
        models = {
            place: {"name": subject.name, "engine": subject.engine, "precision": subject.precision}
            for place, subject in (("first", first), ("second", second))
        }
        print_json({"status": verdict.status, "reason": verdict.reason, **models, **vars(found)})
        return exit_code([verdict.status])
    limits = f"limits of {found.precision}" if found.precision else "limits as given"
    print_table(
        f"{title} ({first.engine}): {found.samples} samples, {limits}",
        ("model", "engine", *DRIFT_COLUMNS),
        [[verdict.artifact, verdict.engine, *drift_cells(verdict)]],
    )
    for note in found.notes:
        say(f"by position: {note}")
    if verdict.reason:
        say(f"{verdict.artifact} {verdict.status}: {verdict.reason}")
    return exit_code([verdict.status])


def _terms(arguments: argparse.Namespace) -> Terms:
    from litefoot.runtime.verification.comparison import Terms
    from litefoot.runtime.verification.tolerance import PRECISIONS, Tolerance

    given = arguments.atol is not None or arguments.rtol is not None
    limits = [arguments.atol or 0.0, arguments.rtol or 0.0]
    if (given and arguments.precision) or not all(0 <= limit < float("inf") for limit in limits):
        raise UsageError(
            "The limits are numbers from 0, or those of a precision",
            got=f"--atol {limits[0]} --rtol {limits[1]}",
            expected="--atol and --rtol, or --precision",
        )
    if arguments.precision not in (None, *PRECISIONS):
        raise UsageError("There is no such precision", got=arguments.precision, expected=", ".join(PRECISIONS))
    if arguments.max_drop is not None and not arguments.metric:
        raise UsageError("--max-drop is the limit of a metric", fix="--metric accuracy")
    return Terms(
        Tolerance(limits[0], limits[1], None) if given else None,
        arguments.precision,
        metric_of(arguments.metric, arguments.max_drop) if arguments.metric else None,
        kinds_of(arguments.kind),
    )


def _open(stack: ExitStack, text: str, arguments: argparse.Namespace) -> Subject:
    """What is neither a file for an engine nor a bundle is for the room that converts."""
    from litefoot.runtime.verification.subjects import open_subject

    path, artifact = Path(text), None
    if not path.exists() and ":" in text:
        folder, _, artifact = text.rpartition(":")
        path = Path(folder)
    if (path / "pipeline.json").is_file():
        raise UsageError("Models that work together are compared part by part", where=path, fix=f"{path}/PART")
    ours = path.suffix.lower() in (".tflite", ".onnx") or (path / "manifest.json").is_file()
    if ours or artifact or not path.exists():
        return open_subject(path, artifact=artifact, threads=arguments.threads)
    require("litefoot.convert", "convert")
    from litefoot.convert import Reading
    from litefoot.convert.answering import open_keras

    reading = Reading(
        signature=arguments.signature,
        custom_objects=tuple(arguments.custom_objects),
        allow_code=arguments.allow_code,
    )
    return stack.enter_context(open_keras(path, reading=reading))
