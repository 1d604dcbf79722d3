"""Every command explains itself, and what is wrong with an order ends in its exit code, never in a traceback."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from litefoot.cli import main as main_module
from litefoot.cli.main import COMMANDS, main

PICTURE = ["--input", "samples/digits/seven.png"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(command: Callable[..., Any], name: str) -> None:
    done = command(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: litefoot {name}")


def test_the_help_lists_every_command_and_every_exit_code(command: Callable[..., Any]) -> None:
    done = command("--help")
    assert done.code == 0
    for words in (*COMMANDS, *(f"\n  {code}" for code in (0, 1, 2, 3, 4, 5, 70, 130))):
        assert words in done.out


def test_the_version_is_the_packages(command: Callable[..., Any]) -> None:
    assert command("--version").out == f"litefoot {importlib.metadata.version('litefoot')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["verify"],
        ["convert", "x"],
        ["bench", "x", "--rounds", "a"],
        ["run", "x", "--threads", "many"],
    ],
)
def test_an_order_that_is_not_one_is_refused_with_the_usage(command: Callable[..., Any], arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert done.err.startswith("usage: litefoot")
    assert done.out == ""


@pytest.mark.parametrize("verb", [["verify"], ["inspect"], ["bench"], ["run", *PICTURE], ["convert", "--out", "o"]])
@pytest.mark.parametrize("kind", ["absent", "empty folder", "text", "text named tflite", "text named onnx"])
def test_what_is_not_a_model_is_unreadable(
    tmp_path: Path, refused: Callable[..., str], verb: list[str], kind: str
) -> None:
    path = tmp_path / kind.replace(" named ", ".")
    if kind == "empty folder":
        path.mkdir()
    elif kind != "absent":
        path.write_text("this is not a model")
    name, *rest = verb
    assert str(path) in refused(4, name, path, *rest)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "paint", "--out", "o"], "one of answer"),
        (["train", "digits"], "--out runs/digits"),
        (["train", "digits", "--out", "o", "--epochs", "0"], "epochs is at least one"),
        (["run", "x.tflite"], "--input FILE"),
        (["train", "digits", "--out", "o", "--seed", "-1"], "0 to 4294967295"),
        (["convert", ".", "--out", "o", "--variants", "int4.tflite"], "some of fp32.tflite"),
        (["convert", ".", "--out", "o", "--time-limit", "0"], "above zero"),
        (["convert", ".", "--out", "o", "--time-limit", "nan"], "above zero"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_what_does(
    refused: Callable[..., str], arguments: list[str], words: str
) -> None:
    assert words in refused(2, *arguments)


@pytest.mark.parametrize("verb", [["train", "digits"], ["convert", "runs"]])
def test_an_output_folder_that_is_there_is_kept_unless_force_is_given(
    tmp_path: Path, refused: Callable[..., str], verb: list[str]
) -> None:
    (tmp_path / "manifest.json").write_text("precious")
    assert "--force" in refused(2, *verb, "--out", tmp_path)
    assert (tmp_path / "manifest.json").read_text() == "precious"


@pytest.mark.parametrize("verb", [["train", "digits"], ["convert", "runs"]])
def test_force_does_not_replace_what_litefoot_did_not_write(
    tmp_path: Path, refused: Callable[..., str], verb: list[str]
) -> None:
    (tmp_path / "holiday.jpg").write_text("precious")
    assert "not replaced" in refused(2, *verb, "--out", tmp_path, "--force")
    assert (tmp_path / "holiday.jpg").read_text() == "precious"


def test_a_bug_of_ours_shows_its_traceback_and_ends_in_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        HELP = ""

        def add_arguments(self, parser: Any) -> None:
            parser.add_argument("rest", nargs="*")

        def execute(self, arguments: Any) -> int:
            raise ZeroDivisionError("ours")

    monkeypatch.setattr(main_module, "_module", lambda name: Broken())
    assert main(["verify"]) == 70
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError: ours" in err
    assert "This is a bug in litefoot" in err


@pytest.mark.parametrize("arguments", [["--help"], ["train", "mnist", "--out", "o"]])
def test_the_program_and_the_module_are_the_same_command(
    litefoot: Callable[..., subprocess.CompletedProcess[str]], arguments: list[str]
) -> None:
    program = Path(sys.executable).with_name("litefoot")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    again = litefoot(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (again.returncode, again.stdout, again.stderr)


OUTPUTS = [["inspect", "--json"], ["inspect"], ["verify"], ["run", *PICTURE], ["run", *PICTURE, "--json"]]


def _with_output(output: BinaryIO, bundle: Path, verb: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "litefoot.cli.main", verb[0], str(bundle), *verb[1:]]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        command, stdout=output, stderr=subprocess.PIPE, text=True, env=environment, timeout=60, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("verb", OUTPUTS)
def test_a_reader_that_goes_away_is_neither_a_bug_nor_a_verdict(digits_bundle: Path, verb: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = _with_output(closed, digits_bundle, verb)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("verb", OUTPUTS)
def test_output_to_a_full_disk_is_not_a_success(digits_bundle: Path, verb: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = _with_output(full, digits_bundle, verb)
    assert done.returncode == 2
    assert done.stderr.startswith("error: The system refused")
    assert "Exception ignored" not in done.stderr


@pytest.mark.slow
def test_what_a_terminal_cannot_show_is_shown_in_another_way(copied_bundle: Path) -> None:
    folder = copied_bundle.rename(copied_bundle.with_name("ü"))
    done = subprocess.run(
        [sys.executable, "-m", "litefoot.cli.main", "inspect", str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\xfc" in done.stdout
