"""What people see: progress on the standard error alone, and tables that need no terminal library."""

from __future__ import annotations

import json
import math

import pytest

from litefoot.cli import terminal
from litefoot.cli.terminal import print_json, print_table, progress_bar
from litefoot.cli.verdicts import exit_code
from litefoot.runtime.verification.task import Status

COLUMNS = ("artifact", "bytes")
ROWS = [["fp32.tflite", "40,160"], ["[red]odd[/red]", "7"]]


@pytest.fixture(params=[True, False], ids=["rich", "plain"])
def _with_or_without_rich(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(terminal, "_rich", lambda: False)


@pytest.mark.usefixtures("_with_or_without_rich")
def test_a_table_shows_every_cell_as_it_is_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("a [/closed] title", COLUMNS, ROWS)
    out, err = capsys.readouterr()
    lines = [line.rstrip() for line in out.splitlines() if line.strip()]
    assert err == ""
    assert "a [/closed] title" in lines[0]
    assert lines[-2].split() == ROWS[0]
    assert lines[-1].split() == ROWS[1]
    assert len({len(line) for line in lines[-2:]}) == 1


@pytest.mark.usefixtures("_with_or_without_rich")
def test_progress_goes_to_the_standard_error_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_SECONDS_BETWEEN_LINES", 0.0)
    with progress_bar("converting") as advance:
        advance("int8.tflite", 1, 4)
        advance("int8.onnx", 4, 4)
    out, err = capsys.readouterr()
    assert out == ""
    first, last = err.splitlines()
    assert first.startswith("converting 1/4, 0 s, ")
    assert first.endswith(" s left: int8.tflite")
    assert last == "converting 4/4, 0 s, 0 s left: int8.onnx"


def test_a_log_gets_a_line_every_few_seconds_not_one_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("training") as advance:
        for i in range(1000):
            advance("loss", i + 1, 1000)
    assert capsys.readouterr().err == ""


def test_the_remaining_time_of_a_training_that_goes_on_is_that_of_its_own_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 20.0, 30.0])
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: next(clock))
    with progress_bar("training") as advance:
        for done in (50, 60, 80):
            advance("loss 1", done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "training 60/100, 20 s, 40 s left: loss 1",
        "training 80/100, 30 s, 13 s left: loss 1",
    ]


def test_counts_that_begin_anew_have_a_remaining_time_of_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 20.0, 30.0, 40.0])
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: next(clock))
    with progress_bar("converting") as advance:
        for what, done, total in (("open", 1, 5), ("prune", 10, 50), ("prune", 20, 50), ("fp32.tflite", 2, 5)):
            advance(what, done, total)
    assert capsys.readouterr().err.splitlines() == [
        "converting 1/5, 10 s, 40 s left: open",
        "converting 20/50, 30 s, 30 s left: prune",
    ]


def test_json_has_no_infinity_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"sqnr_db": math.inf, "cosine": math.nan, "rows": [(-math.inf, 1.5)]})
    assert json.loads(capsys.readouterr().out) == {"sqnr_db": "inf", "cosine": "nan", "rows": [["-inf", 1.5]]}


@pytest.mark.parametrize(
    ("statuses", "code"),
    [(["passed", "passed"], 0), (["passed", "failed"], 1), (["undecided"], 1), ([], 1)],
)
def test_only_what_passed_wholly_ends_in_zero(statuses: list[Status], code: int) -> None:
    assert exit_code(statuses) == code
