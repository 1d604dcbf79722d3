"""Convert a model to TFLite and ONNX, replay each file against the full-precision model, write a bundle."""

from __future__ import annotations

import argparse
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litefoot.runtime.errors import require

from .budget_options import add_budgets, budgets_of, show_choice
from .compression import (
    add_compression,
    asked_compression,
    calibration_data,
    can_fine_tune,
    say_change,
    saying_how_to_go_on,
    training_data,
)
from .junit import Case, add_junit, cases_of, write_junit
from .promised import add_metric, kinds_of, metric_of
from .terminal import print_json, print_table, progress_bar, say
from .verdicts import DRIFT_COLUMNS, drift_cells, exit_code

if TYPE_CHECKING:
    from litefoot.convert import Promises
    from litefoot.convert.report.report import Report

HELP = "convert a Keras model or SavedModel to a verified bundle"
_STAGE_FAILED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments.

    Args:
        parser: Of the command.
    """
    parser.add_argument(
        "source",
        metavar="model",
        help=".keras (Keras 3 or 2), .h5, a SavedModel folder, or a folder that `litefoot train` wrote",
    )
    parser.add_argument("--out", type=Path, required=True, help="bundle to write")
    parser.add_argument(
        "--variants",
        nargs="+",
        metavar="NAME",
        help="make only these, for example int8.tflite; int16x8.tflite is only made so",
    )
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds for each conversion (default 600)")
    parser.add_argument("--force", action="store_true", help="replace the output folder")
    parser.add_argument("--json", action="store_true", help="print report.json instead of the table")
    add_junit(parser)
    _add_samples(parser.add_argument_group("samples"))
    add_compression(parser.add_argument_group("compression"))
    _add_model(parser.add_argument_group("the model"))
    _add_promises(parser.add_argument_group("what the model means"))
    add_budgets(parser.add_argument_group("budgets, of which the file that fits is looked for"))


def _add_samples(group: argparse._ArgumentGroup) -> None:
    forms = ".npz or .npy by input name, .csv, a folder of pictures or recordings, or module:function"
    group.add_argument("--calibration", metavar="DATA", help=f"samples that decide activation ranges: {forms}")
    group.add_argument(
        "--evaluation", metavar="DATA", help="samples that the files are judged on; with labels for --metric"
    )
    group.add_argument(
        "--scale", type=_number, metavar="S", help="pictures become value * S + OFFSET from 0..255, for example 1/255"
    )
    group.add_argument("--offset", type=_number, metavar="O", help="for example -1 with --scale 1/127.5 (default 0)")
    group.add_argument("--rate", type=int, metavar="HZ", help="of the recordings")


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--signature", metavar="NAME", help="of a SavedModel that has several")
    group.add_argument(
        "--shape",
        action="append",
        default=[],
        metavar="NAME=1,128",
        help="an input's shape where the model leaves it open",
    )
    group.add_argument("--batch", type=int, metavar="N", help="samples that a TFLite file takes at once (default 1)")
    group.add_argument(
        "--custom-objects",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="a class or function of yours that the model needs; may be given again",
    )
    group.add_argument("--allow-code", action="store_true", help="run Python code that the model file holds")


def _add_promises(group: argparse._ArgumentGroup) -> None:
    add_metric(group, "--evaluation")
    group.add_argument("--labels", type=Path, metavar="FILE", help="the classes' names, one a line")
    group.add_argument("--task", default="", help="what the model does, for the report")
    group.add_argument(
        "--contract", type=Path, metavar="FILE", help="all of these as JSON, with the preprocessing of each input"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Carry out the command.

    Args:
        arguments: What was parsed.

    Returns:
        The exit code: with budgets 0 when a file fits them, else 1. Without: 5 when a variant could not be made, else
        1 when an artifact did not pass, else 0.

    Raises:
        MissingDependency: The room that converts is not installed.
    """
    require("litefoot.convert", "convert")
    from litefoot.runtime.generation.document import is_pipeline

    if is_pipeline(Path(arguments.source)):
        return _convert_whole(arguments)
    from litefoot.convert import Compression, Reading, convert, convert_within
    from litefoot.convert.source import parse_shapes

    budgets = budgets_of(arguments)
    make: Any = convert if budgets is None else partial(convert_within, budgets=budgets)
    if (compression := asked_compression(arguments)) is not None:
        make = partial(make, compression=compression, training=training_data(arguments, compression))
    elif budgets is not None and can_fine_tune(arguments):
        make = partial(make, fine_tuning=partial(training_data, arguments, Compression()))
    with progress_bar("converting") as advance, saying_how_to_go_on(arguments):
        conversion = make(
            arguments.source,
            out=arguments.out,
            calibration=calibration_data(arguments),
            evaluation=arguments.evaluation,
            promises=_promises(arguments),
            variants=arguments.variants,
            reading=Reading(
                signature=arguments.signature,
                shapes=parse_shapes(arguments.shape),
                batch=arguments.batch,
                custom_objects=tuple(arguments.custom_objects),
                allow_code=arguments.allow_code,
            ),
            force=arguments.force,
            time_limit=arguments.time_limit,
            progress=advance,
        )
    report = conversion.report
    if arguments.junit:
        write_junit(arguments.junit, report.name, conversion_cases(report))
    if arguments.json:
        print_json(report)
    else:
        _show(report)
        say(f"\nbundle  {conversion.bundle}\nreport  {conversion.bundle / 'report.html'}")
    if report.choice is not None:
        return 0 if report.choice.picked is not None else 1
    return _STAGE_FAILED if report.failures else exit_code([artifact.status for artifact in report.artifacts])


def _convert_whole(arguments: argparse.Namespace) -> int:
    from litefoot.convert import convert_whole
    from litefoot.runtime.errors import UsageError

    if asked_compression(arguments) is not None:
        what = "Models that work together are not compressed: their recipe trains them together, as one"
        raise UsageError(what, where=arguments.source, fix="convert without; dynamic and int8 files are small too")
    if budgets_of(arguments) is not None:
        what = "Budgets are for one file, and models that work together are several"
        raise UsageError(what, where=arguments.source, fix="leave them out: every size is told")
    if arguments.calibration or arguments.evaluation or arguments.contract or arguments.metric:
        raise UsageError("Models that work together bring their own samples and contracts", where=arguments.source)
    with progress_bar("converting") as advance:
        whole = convert_whole(
            Path(arguments.source),
            out=arguments.out,
            variants=arguments.variants,
            max_drop=arguments.max_drop,
            force=arguments.force,
            time_limit=arguments.time_limit,
            progress=advance,
        )
    if arguments.junit:
        cases = [case for part, report in whole.parts.items() for case in conversion_cases(report, f"{part}/")]
        cases += [case for found in whole.artifacts for case in cases_of(found.verdict, found.name, found.reason)]
        write_junit(arguments.junit, whole.name, cases)
    if arguments.json:
        print_json(whole)
    else:
        for report in whole.parts.values():
            _show(report)
            say("")
        rows = [[found.name, f"{found.bytes:,}", *drift_cells(found.verdict)] for found in whole.artifacts]
        print_table(
            f"{whole.name}: tokens of {whole.samples} samples against those of {whole.reference}",
            ("artifact", "bytes", *DRIFT_COLUMNS),
            rows,
        )
        for found in whole.artifacts:
            if found.mixture:
                say(found.mixture)
            if found.reason:
                say(f"{found.name} {found.status}: {found.reason}")
        for skip in whole.skipped:
            say(f"{skip.name} was left out: {skip.reason}")
        if whole.recommended:
            say(f"recommended: {whole.recommended[0]}, {whole.why_recommended}, in all parts and as a whole")
        say(f"\nfolder  {arguments.out}")
    made = all(not report.failures for report in whole.parts.values())
    return exit_code([found.status for found in whole.artifacts]) if made else _STAGE_FAILED


def conversion_cases(report: Report, part: str = "") -> list[Case]:
    """Every check of every artifact; what was not made is an error, what was left out is skipped.

    Args:
        report: Of the conversion.
        part: What stands before each name.

    Returns:
        The cases for `write_junit`.
    """
    cases = [
        case
        for artifact in report.artifacts
        for case in cases_of(artifact.verdict, part + artifact.name, artifact.reason)
    ]
    cases += [Case(part + failure.name, "made", "error", failure.message) for failure in report.failures]
    return cases + [Case(part + skip.name, "made", "skipped", skip.reason) for skip in report.skipped]


def _promises(arguments: argparse.Namespace) -> Promises:
    from dataclasses import replace

    from litefoot.convert import Promises, read_promises
    from litefoot.runtime.errors import UsageError

    given = Promises() if arguments.contract is None else read_promises(arguments.contract)
    if arguments.metric is not None:
        given = replace(given, metric=metric_of(arguments.metric, arguments.max_drop))
    if arguments.max_drop is not None:
        given = replace(given, max_drop=arguments.max_drop)
    if arguments.labels is not None:
        given = replace(given, labels=_read_labels(arguments.labels))
    if arguments.offset is not None and arguments.scale is None:
        raise UsageError("--offset goes with --scale", fix="--scale 1/127.5 --offset -1, for example")
    if arguments.scale is not None:
        given = replace(given, pixels=(arguments.scale, arguments.offset or 0.0))
    if arguments.rate is not None:
        given = replace(given, rate_hz=arguments.rate)
    if arguments.task:
        given = replace(given, task=arguments.task)
    return replace(given, kinds=given.kinds | kinds_of(arguments.kind)) if arguments.kind else given


def _read_labels(path: Path) -> tuple[str, ...]:
    from litefoot.runtime.errors import UsageError, first_line

    try:
        return tuple(line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip())
    except (OSError, UnicodeError) as error:
        raise UsageError("The labels cannot be read", where=path, got=first_line(error)) from error


def _number(text: str) -> float:
    """A number, or a fraction as people write scales."""
    numerator, _, denominator = text.partition("/")
    try:
        return float(Fraction(numerator) / Fraction(denominator or "1"))
    except (ArithmeticError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number such as 0.5 or 1/255") from error


def _show(report: Report) -> None:
    from litefoot.convert.rescue.telling import rescue_line

    rows = [
        [
            artifact.name,
            f"{artifact.bytes:,}",
            f"{artifact.gzip_bytes:,}",
            f"{artifact.p50_ms:.4f}",
            "-" if artifact.p50_ratio is None else f"{artifact.p50_ratio:.2f}",
            *drift_cells(artifact.verdict),
        ]
        for artifact in report.artifacts
    ]
    columns = ("artifact", "bytes", "gzip", "p50 ms", "x fp32.tflite", *DRIFT_COLUMNS)
    against = "the compressed" if any(one.verdict.compressed for one in report.artifacts) else "the full-precision"
    print_table(f"{report.name}: {report.samples} samples against {against} model", columns, rows)
    for artifact in report.artifacts:
        say_change(artifact.verdict)
    for artifact in report.artifacts:
        if artifact.reason:
            say(f"{artifact.name} {artifact.status}: {artifact.reason}")
    for rescue in report.rescues:
        say(rescue_line(rescue))
    for failure in report.failures:
        say(f"\n{failure.name} was not made: {failure.message}")
    for skip in report.skipped:
        say(f"{skip.name} was left out: {skip.reason}")
    for warning in report.warnings:
        say(f"warning: {warning}")
    source = report.source
    bridged = "" if source.bridge_error is None else f", carried to Keras 2 within {source.bridge_error:.1e}"
    say(f"model: {source.framework}, {source.parameters:,} parameters{bridged}")
    for note in source.notes:
        say(f"note: {note}")
    if report.audit is not None:
        from litefoot.convert.audit import told

        for line in told(report.audit):
            say(line)
    say(f"judged on {report.evidence}")
    if report.choice is not None:
        show_choice(report.choice)
    elif report.recommended:
        say(f"recommended: {report.recommended[0]}, {report.why_recommended}")
