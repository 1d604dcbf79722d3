"""Which compressions are tried: those that can change what misses the budgets, and no others."""

from __future__ import annotations

from dataclasses import replace

from litefoot.convert.budgets import Budgets, Candidate
from litefoot.convert.budgets.compressing import hint, worth_trying
from litefoot.runtime.verification.task import Status


def file(size: int, gzip: int, status: Status = "passed", ms: float = 1.0) -> Candidate:
    return Candidate("int8.tflite", "", size, gzip, ms, ms, 30.0, None, status)


def tried(candidates: list[Candidate], budgets: Budgets) -> list[str]:
    return [str(compression) for compression in worth_trying(candidates, budgets)]


AWARE = "quantization-aware training"
LADDER = ["prune 50%", "prune 80%", "prune 80%, cluster 16", f"prune 80%, cluster 16, {AWARE}"]
FLOAT, INT8, WRONG = file(400, 380), file(110, 100), file(110, 100, "failed")


def test_the_bytes_of_a_file_are_the_same_after_pruning() -> None:
    budgets = Budgets(max_bytes=50)
    assert tried([FLOAT, INT8], budgets) == []
    assert "it takes a smaller model" in hint((), budgets)


def test_an_int8_file_that_is_nearly_small_enough_shares_values_for_fewer_scales() -> None:
    assert tried([FLOAT, INT8], Budgets(max_bytes=100)) == ["cluster 16"]
    assert tried([FLOAT, INT8], Budgets(max_bytes=100, max_latency_ms=0.5)) == []
    assert tried([FLOAT, WRONG], Budgets(max_bytes=100)) == []
    assert tried([replace(INT8, name="fp32.tflite")], Budgets(max_bytes=100)) == []


def test_an_int8_file_that_fits_and_fails_is_trained_for_its_roundings() -> None:
    budgets = Budgets(max_bytes=150)
    assert tried([FLOAT, WRONG], budgets) == [AWARE]
    assert "--training-data" in hint(worth_trying([FLOAT, WRONG], budgets), budgets)


def test_a_download_is_pruned_more_and_more() -> None:
    assert tried([FLOAT, INT8], Budgets(max_gzip_bytes=60)) == LADDER
    assert tried([FLOAT, INT8], Budgets(max_bytes=150, max_gzip_bytes=60)) == LADDER
    assert tried([FLOAT, INT8], Budgets(max_bytes=50, max_gzip_bytes=60)) == []


def test_what_is_wrong_and_too_large_to_download_needs_both() -> None:
    assert tried([FLOAT, WRONG], Budgets(max_bytes=150, max_gzip_bytes=60)) == LADDER[-1:]
    assert tried([FLOAT, WRONG], Budgets(max_bytes=150, max_gzip_bytes=120)) == [AWARE, LADDER[-1]]


def test_a_latency_that_nothing_keeps_is_no_matter_of_compression() -> None:
    assert tried([FLOAT, INT8], Budgets(max_latency_ms=0.1)) == []
    assert hint((), Budgets(max_latency_ms=0.1)) == ""
