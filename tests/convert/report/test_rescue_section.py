"""The part of the page that tells how failed files were rescued."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from litefoot.convert.report.sections.rescue import rescue
from litefoot.convert.rescue import Rescue, Trial
from litefoot.convert.rescue.telling import rescue_line

RESCUE = Rescue("mixed.tflite", ("clamped masks (1)",), ("<b>", "dense", "dense"), ("last",), 25, 1, "", 1.1, 0.52)
TRIALS = (
    Trial("mixed.tflite", "everything in 8 bits", 1000, None, passed=False, reason="SQNR", seconds=0.1),
    Trial("mixed.tflite", "<b> computed in float", 12345, 31.26, passed=True, reason="", seconds=0.5, kept=True),
)


def material(rescues: tuple[Rescue, ...], trials: tuple[Trial, ...]) -> Any:
    return SimpleNamespace(report=SimpleNamespace(rescues=rescues, trials=trials))


def test_the_layers_the_price_and_every_trial_are_shown_and_escaped() -> None:
    section = rescue(material((RESCUE,), TRIALS))
    assert section is not None
    for words in ("clamped masks (1)", "&lt;b&gt;, dense.", "last", "1.10 times", "0.52 times", "25", "12,345", "31.3"):
        assert words in section.body
    assert "<b>" not in section.body
    assert section.body.count("kept") == 1


def test_a_file_that_missed_its_verdict_is_no_rescue() -> None:
    missed = replace(RESCUE, judged=3, reason="accuracy <drop>")
    section = rescue(material((missed,), TRIALS))
    assert section is not None
    for words in ("3 files", "missed their verdict", "accuracy &lt;drop&gt;", "more calibration samples"):
        assert words in section.body
    line = rescue_line(missed)
    assert line.startswith("mixed.tflite is no rescue: 3 files passed on 25 held-out samples")
    assert "accuracy <drop>" in line
    assert rescue_line(RESCUE).startswith("mixed.tflite rescued: clamped masks (1); ")


def test_what_was_tried_in_vain_is_shown_too() -> None:
    section = rescue(material((), TRIALS[:1]))
    assert section is not None
    assert "everything in 8 bits" in section.body


def test_there_is_no_section_where_nothing_had_to_be_rescued() -> None:
    assert rescue(material((), ())) is None
