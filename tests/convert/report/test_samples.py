"""The worst samples are the worst: what is not finite first, then another class, each beside its reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import CONTRACT, REFERENCE, assert_self_contained, report_of

from litefoot.convert.explain import LayerError, TensorRange
from litefoot.convert.explain.artifact import Explanation
from litefoot.convert.report.material import Arrays, Material, worth_a_look
from litefoot.convert.report.page import PAGE, write_page
from litefoot.convert.report.sections.layers import layers
from litefoot.convert.report.sections.ranges import ranges
from litefoot.convert.report.sections.samples import MOST, distances, samples
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.tensors import Kind, TensorSpec

COUNT = 40
INPUTS = {"x": np.arange(COUNT * 2, dtype=np.float32).reshape(COUNT, 2)}
ANSWERS = REFERENCE[:COUNT]


def material(answer: np.ndarray, name: str = "int8.tflite") -> Material:
    report = report_of({"fp32.tflite": REFERENCE, name: REFERENCE + np.float32(0.05)})
    return Material(
        report=report,
        contract=replace(CONTRACT, labels=("red", "green", "<b>")),
        golden=Golden(INPUTS, {"y": ANSWERS}, ANSWERS.argmax(-1)),
        calibration={"x": INPUTS["x"] / 2},
        answers={name: lambda given: {"y": answer[given["x"][:, 0].astype(int) // 2]}},
    )


def test_distances_are_relative_to_the_reference_and_another_class_comes_first() -> None:
    answer = ANSWERS.copy()
    answer[5] *= 1.5
    answer[7] = np.roll(answer[7], 1)
    answer[9, 0] = np.nan
    found = distances({"y": ANSWERS}, {"y": answer}, CONTRACT)
    assert found[5] == pytest.approx(0.5)
    assert found[7] == pytest.approx(1000 + np.sqrt(2))
    assert found[9] == np.inf
    assert np.flatnonzero(found).tolist() == [5, 7, 9]


def test_outputs_that_cannot_be_compared_do_not_count() -> None:
    assert distances({"y": ANSWERS}, {}, CONTRACT).tolist() == [0.0] * COUNT
    assert distances({"y": ANSWERS}, {"y": ANSWERS[:, :2]}, CONTRACT).tolist() == [0.0] * COUNT


def test_the_section_shows_the_worst_with_both_answers_and_the_right_one() -> None:
    answer = ANSWERS.copy()
    answer[7] = np.roll(answer[7], 1)
    section = samples(material(answer))
    assert section is not None
    assert section.body.count("<article>") == 1
    assert "sample 7 " in section.body
    assert "of 40 samples" in section.body
    for words in ("14 15", "green", "&lt;b&gt;", "full precision", "right"):
        assert words in section.body


def test_at_most_a_few_are_shown_and_none_where_nothing_differs() -> None:
    many = samples(material(ANSWERS + np.linspace(0, 0.2, COUNT, dtype=np.float32)[:, np.newaxis]))
    assert many is not None
    assert many.body.count("<article>") == MOST
    assert many.body.index(f"sample {COUNT - 1} ") < many.body.index(f"sample {COUNT - 2} ")
    none = samples(material(ANSWERS))
    assert none is not None
    assert "exactly as the full-precision model does" in none.body
    assert samples(replace(material(ANSWERS), golden=None)) is None
    assert samples(replace(material(ANSWERS), answers={})) is None


def test_worth_a_look_are_the_recommended_and_the_smallest_that_failed() -> None:
    report = report_of(
        {"fp32.tflite": REFERENCE, "a.tflite": REFERENCE, "b.tflite": REFERENCE + 1, "c.tflite": REFERENCE + 1},
        sizes=(9000, 300, 500, 400),
    )
    assert [artifact.name for artifact in worth_a_look(report)] == ["a.tflite", "c.tflite"]
    only_float = report_of({"fp32.tflite": REFERENCE, "fp16.tflite": REFERENCE})
    assert worth_a_look(only_float) == ()


def layer(name: str, share: float, *, clipped: float = 0.25) -> LayerError:
    seen = TensorRange(0.0, 2.0, -1.0, 3.0, -1.0, 3.0, clipped, 0.0, (4, 9, 9, 4))
    return LayerError(name, "CONV_2D", f"a;{name}", name, "int8", 30.0, np.inf, share, 1.0, 0.5, seen)


def test_layers_are_drawn_the_noisiest_first_with_what_was_clipped() -> None:
    explained = Explanation("m", "int8.tflite", "fp32.tflite", "8 samples", (layer("calm", 0.1), layer("<loud>", 0.9)))
    section = layers(replace(material(ANSWERS), explanations=(explained,), unexplained={"int8.onnx": "<why>"}))
    assert section is not None
    assert section.body.index("&lt;loud&gt; conv_2d") < section.body.index("calm conv_2d")
    assert "25.00% clipped" in section.body
    assert section.body.count("outside") >= 2
    assert "&lt;why&gt;" in section.body
    assert layers(material(ANSWERS)) is None


def test_calibration_ranges_say_how_much_lies_outside() -> None:
    section = ranges(material(ANSWERS))
    assert section is not None
    outside = (INPUTS["x"] > INPUTS["x"].max() / 2).mean()
    assert f"{outside:.2%} of the judged values outside" in section.body
    assert ranges(replace(material(ANSWERS), calibration=None)) is None
    tokens = {"x": INPUTS["x"].astype(np.int32)}
    assert ranges(replace(material(ANSWERS), calibration=tokens)) is None


PICTURES = {"x": np.random.default_rng(1).random((COUNT, 8, 8, 1), np.float32)}


def test_a_page_with_everything_is_self_contained(tmp_path: Path) -> None:
    def off(given: Arrays) -> Arrays:
        return {"y": np.roll(ANSWERS, 1, axis=1)[: len(given["x"])]}

    base = material(ANSWERS)
    explained = Explanation("m", "int8.tflite", "fp32.tflite", "8 samples", (layer("loud", 1.0),))
    contract = replace(base.contract, inputs=(TensorSpec("x", (None, 8, 8, 1), "float32"),))
    whole = replace(
        base,
        contract=contract,
        golden=Golden(PICTURES, {"y": ANSWERS}, ANSWERS.argmax(-1)),
        calibration=PICTURES,
        answers={"int8.tflite": off},
        explanations=(explained,),
        digests={"int8.tflite": "0123abcd"},
    )
    write_page(tmp_path, whole)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert_self_contained(page)
    assert page.count("data:image/png;base64,") == MOST
    assert "0123abcd" in page


shapes = st.lists(st.integers(1, 6), max_size=3).map(tuple)
kinds = st.sampled_from([None, *get_args(Kind)])
dtypes = st.sampled_from(["float32", "float64", "int32", "int64", "uint8", "bool"])


@settings(max_examples=150)
@given(shapes, shapes, kinds, dtypes, dtypes, st.booleans(), st.booleans(), st.integers(0, 2**31))
def test_whatever_a_model_takes_and_returns_is_shown(
    given_shape: tuple[int, ...],
    returned: tuple[int, ...],
    kind: Kind | None,
    given_type: str,
    returned_type: str,
    labelled: bool,
    broken: bool,
    seed: int,
) -> None:
    generator = np.random.default_rng(seed)
    inputs = {"x": (generator.normal(size=(4, *given_shape)) * 9).astype(given_type)}
    reference, answer = ((generator.normal(size=(4, *returned)) * 9).astype(returned_type) for _ in range(2))
    if broken and answer.dtype.kind == "f":
        answer.reshape(-1)[0] = np.nan
    contract = replace(
        CONTRACT,
        inputs=(TensorSpec("x", (None, *given_shape), given_type),),
        outputs=(TensorSpec("y", (None, *returned), returned_type, kind),),
        labels=("a", "b") if labelled else (),
    )
    shown = replace(
        material(ANSWERS),
        contract=contract,
        golden=Golden(inputs, {"y": reference}, generator.integers(0, 3, 4) if labelled else None),
        calibration=inputs,
        answers={"int8.tflite": lambda _: {"y": answer}},
    )
    section = samples(shown)
    assert section is not None
    assert ranges(shown) is None or given_type.startswith("float")
