"""What models that work together run where not every one of them has a file of a name, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from reports import REFERENCE, report_of

from litefoot.convert.report.report import Failure, Report
from litefoot.convert.variants import Skipped
from litefoot.convert.whole import _left_out, _mixtures, _Once
from litefoot.runtime.generation.generator import Generator

SMALL = Skipped("dynamic.onnx", "no weights are large enough")


def part(*names: str, skipped: tuple[Skipped, ...] = (), failed: tuple[str, ...] = ()) -> Report:
    failures = tuple(Failure(name, "ConversionCrashed", "The converter crashed") for name in failed)
    return replace(report_of(dict.fromkeys(names, REFERENCE)), skipped=skipped, failures=failures)


def test_a_part_too_small_for_fewer_bits_runs_in_float_beside_one_that_is_not() -> None:
    reports = {"encoder": part("fp32.onnx", skipped=(SMALL,)), "decoder": part("fp32.onnx", "dynamic.onnx")}
    assert _mixtures(reports) == {"dynamic.onnx": {"encoder": "fp32.onnx", "decoder": "dynamic.onnx"}}
    assert _left_out(reports, ["fp32.onnx", "dynamic.onnx"]) == ()


@pytest.mark.parametrize("names", [(), ("fp32.onnx",)])
def test_what_no_part_has_or_could_not_be_made_is_told(names: tuple[str, ...]) -> None:
    reports = {"encoder": part(*names, skipped=(SMALL,)), "decoder": part("fp32.onnx", failed=("int8.onnx",))}
    assert _mixtures(reports) == {}
    assert _left_out(reports, ["fp32.onnx"]) == (
        Skipped("dynamic.onnx", "encoder: no weights are large enough"),
        Skipped("int8.onnx", "decoder: it could not be made"),
    )


def test_a_rescued_part_runs_beside_the_8_bits_of_one_that_needed_no_rescue() -> None:
    reports = {"encoder": part("int8.tflite", "mixed.tflite"), "decoder": part("int8.tflite")}
    assert _mixtures(reports) == {"mixed.tflite": {"encoder": "mixed.tflite", "decoder": "int8.tflite"}}


def test_tokens_are_generated_once_for_reference_verdict_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    given, asked = {"text": np.zeros((2, 3), np.int32)}, []

    def predict(self: Generator, given: dict[str, Any], *, progress: Any) -> Any:
        asked.append(list(given))
        return given["text"] + len(asked)

    monkeypatch.setattr(Generator, "predict", predict)
    generator = _Once.__new__(_Once)
    assert generator.predict(given) is generator.predict(given)
    assert asked == [["text"]]
