"""The audit's part of the page: every layer and every loss is there, and text stays text."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from litefoot.convert.audit import Audit, FileAudit, SparseKernels, WeightAudit
from litefoot.convert.audit.kept import asked_by, compare
from litefoot.convert.compress.recipe import Cluster, Compression, Prune
from litefoot.convert.report.sections.audit import audit

HOSTILE = "<script>alert('x')</script>"
DENSE = WeightAudit(
    tensor="m/dense/MatMul", layer="dense", operator="FULLY_CONNECTED", shape=(10, 100), dtype="int8", bits=8,
    count=1000, zeros=0.8, values=16, stored_values=16, channel_values=16, fours=1.0, folded=False, sparse=False,
    gzip_bytes=900,
)  # fmt: skip
ASKED = asked_by(Compression(prune=Prune(0.8), cluster=Cluster(16)))


def section(*weights: WeightAudit, timed: tuple[SparseKernels, ...] = ()) -> str:
    files = (FileAudit("int8.tflite", 5000, 1234, 0.8, 1.0, weights),)
    found = Audit(files, compare(ASKED, {}, files), timed)
    material: Any = SimpleNamespace(report=SimpleNamespace(audit=found))
    made = audit(material)
    assert made is not None
    return made.body


def test_without_a_compression_there_is_none() -> None:
    material: Any = SimpleNamespace(report=SimpleNamespace(audit=None))
    assert audit(material) is None


def test_what_was_kept() -> None:
    body = section(DENSE)
    assert "What was asked for is there." in body
    assert "80.0% · 16 · 8" in body
    assert "<td>80% zeros, 16 values</td>" in body
    assert "1,234" in body
    assert "<svg" in body
    assert "failed" not in body


def test_what_was_lost_is_marked_and_said() -> None:
    body = section(DENSE, replace(DENSE, layer="other", values=70, zeros=0.1))
    assert "Some of what was asked for is not there" in body
    assert 'class="failed" title="10.0% of 80%' in body
    assert "lost what cluster made in other: 70 for 16" in body


def test_of_layers_left_alone_nothing_is_asked() -> None:
    files = (FileAudit("int8.tflite", 5000, 1234, 0.8, 1.0, (DENSE,)),)
    found = Audit(files, compare(ASKED, {"prune": ["dense"], "cluster": ["dense"]}, files), ())
    material: Any = SimpleNamespace(report=SimpleNamespace(audit=found))
    made = audit(material)
    assert made is not None
    assert "<td>nothing</td>" in made.body


def test_names_stay_text() -> None:
    body = section(replace(DENSE, layer=HOSTILE, operator=HOSTILE, zeros=0.1))
    assert HOSTILE not in body
    assert "&lt;script&gt;" in body


def test_no_speed_is_claimed_that_was_not_measured() -> None:
    slow = SparseKernels("int8.tflite", ("weights in float",), 0.05, 0.05, 1.0, 0.99, 1.01, engaged=False)
    assert "its zeros make it no faster here" in section(DENSE, timed=(slow,))
    fast = replace(slow, ratio=0.5, low=0.49, high=0.51, missing=(), engaged=True)
    assert "its zeros make it faster here" in section(DENSE, timed=(fast,))
