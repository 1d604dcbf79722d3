"""A budget at the command line, through the real converters, and going on with what an interrupted search finished."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from litefoot.cli.budget_options import add_budgets, budgets_of
from litefoot.convert.budgets import Budgets
from litefoot.convert.budgets.searching import convert_within
from litefoot.convert.kept import Kept
from litefoot.runtime import Bundle
from litefoot.runtime.errors import UnreadableModel

Run = Callable[..., tuple[int, str, str]]

FEW = ("--variants", "fp32.tflite", "int8.tflite")


def parsed(*options: str) -> Budgets | None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_budgets(parser.add_argument_group("budgets"))
    return budgets_of(parser.parse_args(options))


@pytest.mark.parametrize(
    ("options", "budgets"),
    [
        ((), None),
        (("--max-bytes", "200kB"), Budgets(200_000)),
        (("--max-bytes", "1.5MiB"), Budgets(1_572_864)),
        (("--max-bytes", "4096"), Budgets(4096)),
        (("--max-latency", "5ms"), Budgets(max_latency_ms=5.0)),
        (("--max-latency", "800us", "--target", "x86"), Budgets(max_latency_ms=0.8, target="x86")),
        (("--target", "pi4"), Budgets(target="pi4")),
        (("--max-gzip-bytes", "90kB"), Budgets(max_gzip_bytes=90_000)),
        (("--target", "pi4", "--latency-factor", "4.5"), Budgets(target="pi4", latency_factor=4.5)),
    ],
)
def test_quantities_have_units(options: tuple[str, ...], budgets: Budgets | None) -> None:
    assert parsed(*options) == budgets


@pytest.mark.parametrize("text", ["many", "-5kB", "0", "5 apples", "1.2.3kB", ""])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="is no quantity"):
        parsed(f"--max-bytes={text}")


def test_a_latency_of_another_machine_is_refused_before_anything_is_converted(command: Run, tmp_path: Path) -> None:
    code, _, said = command("convert", "m.keras", "--out", tmp_path / "a", "--max-latency", "5ms", "--target", "pi4")
    assert code == 2
    assert "cannot be measured on this machine" in said


@pytest.mark.slow
def test_the_file_that_fits_is_recommended_first(command: Run, tiny_trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    code, said, _ = command("convert", tiny_trained / "fused", "--out", out, "--max-bytes", "1MB", *FEW)
    choice = json.loads((out / "report.json").read_text())["choice"]
    picked = choice["picked"]
    assert code == 0
    assert picked["name"] in {one["name"] for one in choice["front"]}
    assert picked["p50_ms"] == min(one["p50_ms"] for one in choice["front"])
    assert choice["reason"] in said
    assert Bundle(out).recommended[0] == picked["name"]
    Bundle(out).check()
    assert not out.with_name("bundle.trials").exists()


@pytest.mark.slow
def test_a_budget_that_cannot_be_met_ends_with_1_and_the_files_are_there(
    command: Run, tiny_trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    code, said, _ = command("convert", tiny_trained / "fused", "--out", out, "--max-bytes", "100", *FEW)
    assert code == 1
    assert "no file that passed is within 100 bytes" in said
    assert Bundle(out).recommended


@pytest.mark.slow
def test_a_finished_conversion_is_not_made_again(digits_bundle: Path, tmp_path: Path) -> None:
    missing, out = str(tmp_path / "missing.keras"), tmp_path / "bundle"
    Kept(out).make()
    kept = Kept(out).place({"model": missing, "variants": None})
    shutil.copytree(digits_bundle, kept)
    told: list[str] = []
    done = convert_within(
        missing, budgets=Budgets(10**9), out=out, variants=None, progress=lambda what, now, total: told.append(what)
    )
    assert told == ["converted before"]
    assert done.report.choice is not None
    assert done.report.recommended[0] == done.report.choice.picked.name  # type: ignore[union-attr]
    assert not kept.exists()


@pytest.mark.slow
def test_one_that_was_changed_since_is(digits_bundle: Path, tmp_path: Path) -> None:
    missing, out = str(tmp_path / "missing.keras"), tmp_path / "bundle"
    Kept(out).make()
    kept = Kept(out).place({"model": missing})
    shutil.copytree(digits_bundle, kept)
    (kept / "models" / "int8.tflite").write_bytes(b"something else")
    with pytest.raises(UnreadableModel, match="no such model"):
        convert_within(missing, budgets=Budgets(10**9), out=out)


BOTH = ("--variants", "fp32.tflite", "int8.tflite")


@pytest.mark.slow
def test_a_compression_that_was_asked_for_is_searched_beside_the_model_as_it_is(
    command: Run, trained_digits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    budgets = ("--max-bytes", "30kB", "--max-gzip-bytes", "12800", "--max-drop", "20%")
    code, said, _ = command("convert", trained_digits, "--out", out, "--prune", "0.6", "--epochs", "2", *budgets, *BOTH)
    report = json.loads((out / "report.json").read_text())
    choice = report["choice"]
    assert code == 0, said
    assert {one["conversion"] for one in choice["candidates"]} == {"", "prune 60%"}
    assert (choice["picked"]["name"], choice["picked"]["conversion"]) == ("int8.tflite", "prune 60%")
    assert choice["picked"]["gzip_bytes"] <= 12800
    assert choice["attempts"] == []
    assert Bundle(out).recommended[0] == "int8.tflite"
    Bundle(out).check()
    (note,) = (note for note in report["source"]["notes"] if "as asked for" in note)
    assert note == "accuracy may drop by 20.00%, as asked for; the model came with a limit of 1.00%"
    assert note in said
    assert report["artifacts"][0]["verdict"]["task"]["max_drop"] == 0.2


@pytest.mark.slow
def test_what_precision_does_not_reach_is_compressed_by_the_search_itself(
    command: Run, trained_digits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    code, said, _ = command("convert", trained_digits, "--out", out, "--max-gzip-bytes", "12800", *BOTH)
    choice = json.loads((out / "report.json").read_text())["choice"]
    assert code == 0, said
    assert [attempt["conversion"] for attempt in choice["attempts"]] == ["prune 50%"]
    assert choice["picked"]["conversion"] == "prune 50%"
    assert "tried prune 50%: a file of it fits" in said
    plain, pruned = (
        next(one for one in choice["candidates"] if (one["name"], one["conversion"]) == ("int8.tflite", way))
        for way in ("", "prune 50%")
    )
    assert plain["gzip_bytes"] > 12800 >= pruned["gzip_bytes"]
    assert plain["bytes"] == pruned["bytes"]


@pytest.mark.slow
def test_what_no_compression_could_be_tried_for_says_what_would_help(
    command: Run, tiny_trained: Path, tmp_path: Path
) -> None:
    model = tiny_trained / "fused" / "model.keras"
    out = tmp_path / "bundle"
    code, said, _ = command("convert", model, "--out", out, "--max-gzip-bytes", "100", "--variants", "fp32.tflite")
    assert code == 1
    assert "within 100 bytes after gzip" in said
    assert "prune 50% or prune 80%" in said
    assert "--training-data DATA with labels" in said
