"""Models that work together: from a text to a text, judged as a whole, refused where they do not fit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litefoot.cli.main import main
from litefoot.runtime import load
from litefoot.runtime.errors import BadDocument, InputMismatch, LitefootError, UnreadableModel, UntrustedBundle
from litefoot.runtime.generation import Pipeline, load_pipeline
from litefoot.runtime.generation.document import DOCUMENT as FILE
from litefoot.runtime.generation.document import read_golden, read_pipeline
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.streaming import Stream

from .conftest import DOCUMENT, HOW, READER, WRITER


def test_a_text_becomes_a_text(folder: Path, tmp_path: Path) -> None:
    generator = load_pipeline(folder)
    assert generator.name == "fp32.onnx"
    assert [generator(text) for text in ("bbb", "abc", "cb")] == ["abc", "a", "abc"]
    (tmp_path / "text.txt").write_text("bbb")
    assert generator(tmp_path / "text.txt") == "abc"


@pytest.mark.parametrize("method", ["greedy", "beam", "sample"])
def test_every_method_finds_what_is_all_but_certain(folder: Path, method: str) -> None:
    generator = load_pipeline(folder)
    assert generator("bbb", generation=replace(HOW, method=method, temperature=0.1)) == "abc"


def test_many_samples_are_filled_up_with_padding(folder: Path) -> None:
    source = read_arrays(folder / "golden.npz")["input/source"]
    tokens = load_pipeline(folder).predict({"source": source})
    np.testing.assert_array_equal(tokens, read_golden(folder).references["tokens"])


def test_the_whole_passes_or_fails_by_its_metric(folder: Path) -> None:
    golden = read_golden(folder)
    right, deaf = (load_pipeline(folder, artifact=name).selftest(golden) for name in ("fp32.onnx", "int8.onnx"))
    assert (right.status, right.task.artifact) == ("passed", 1.0)
    assert deaf.status == "failed"
    assert "token_match" in deaf.reason


def test_a_part_verifies_over_all_steps(folder: Path) -> None:
    assert load(folder / "writer", artifact="fp32.onnx").selftest().passed
    assert not load(folder / "writer", artifact="int8.onnx").selftest().passed


def test_a_decoder_alone_goes_on_from_a_prompt(folder: Path) -> None:
    alone = Pipeline(name="alone", task="writing", parts=("writer",), generation=replace(HOW, start=()))
    assert [spec.name for spec in alone.inputs({"writer": WRITER})] == ["token", "memory"]
    given = {"token": np.array([[0, 2, 3, 0, 0]], np.int32), "memory": np.zeros((1, 5), np.float32)}
    replace(alone, recommended=("fp32.onnx",)).write(folder)
    assert load_pipeline(folder).generate(given) == [4]


def test_the_inputs_are_those_that_nobody_gives() -> None:
    contracts = {"reader": READER, "writer": WRITER}
    assert [spec.name for spec in DOCUMENT.inputs(contracts)] == ["source"]
    assert [spec.name for spec in replace(DOCUMENT, links={}).inputs(contracts)] == ["source", "memory"]


@pytest.mark.parametrize(
    "changed",
    [
        {"links": {"writer/memory": "reader/answer"}},
        {"links": {"writer/nothing": "reader/memory"}},
        {"generation": replace(HOW, token="letter")},
        {"generation": replace(HOW, scores="loss")},
        {"parts": ("writer", "reader")},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_refused(folder: Path, changed: dict) -> None:
    replace(DOCUMENT, **changed, recommended=("fp32.onnx",)).write(folder)
    with pytest.raises(BadDocument, match="do not fit together"):
        load_pipeline(folder)


def test_inputs_of_another_name_are_refused(folder: Path) -> None:
    with pytest.raises(InputMismatch, match="source"):
        load_pipeline(folder).generate({"text": np.zeros((1, 3), np.int32)})


def damage_document(folder: Path) -> None:
    path = folder / FILE
    path.write_text(path.read_text().replace('"tiny"', '"huge"'))


def damage_part(folder: Path) -> None:
    path = folder / "writer" / "manifest.json"
    path.write_text(path.read_text().replace("writing", "waiting"))


def remove_samples(folder: Path) -> None:
    (folder / "golden.npz").unlink()


@pytest.mark.parametrize("damage", [damage_document, damage_part, remove_samples])
def test_what_was_changed_afterwards_is_not_trusted(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    with pytest.raises(UntrustedBundle):
        load_pipeline(folder)


def test_a_folder_that_is_none_is_told_from_one(folder: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"no pipeline\.json"):
        read_pipeline(folder / "reader")
    with pytest.raises(LitefootError):
        load(folder)
    DOCUMENT.write(folder)  # nothing is recommended
    with pytest.raises(UnreadableModel, match="No artifact passed"):
        load_pipeline(folder)


def test_the_command_line_verifies_and_runs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.txt").write_text("bbb")
    assert main(["run", str(folder), "--input", str(tmp_path / "text.txt")]) == 0
    assert capsys.readouterr().out.startswith("abc\n")
    assert main(["verify", str(folder), "--artifact", "fp32.onnx"]) == 0
    assert "writer/fp32.onnx" in capsys.readouterr().out
    assert main(["verify", str(folder)]) == 1


def test_a_part_with_state_is_benched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(folder / "writer"), "--rounds", "1", "--seconds", "0.01"]) == 0
    assert "fp32.onnx" in capsys.readouterr().out


def test_threads_take_their_turns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator, steps = load_pipeline(folder), Stream.__call__
    taken: list[list[int]] = []

    def reset(self: Stream) -> None:
        taken.append([])

    def step(self: Stream, *given: Any) -> Any:
        time.sleep(0.001)  # for the others
        taken[-1].append(threading.get_ident())
        return steps(self, *given)

    monkeypatch.setattr(Stream, "reset", reset)
    monkeypatch.setattr(Stream, "__call__", step)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(generator, ["bbb", "abc"] * 6)) == ["abc", "a"] * 6
    assert all(len(set(threads)) == 1 for threads in taken)


def test_one_sample_is_generated_at_a_time(folder: Path) -> None:
    source = read_arrays(folder / "golden.npz")["input/source"]
    with pytest.raises(InputMismatch, match="predict takes many"):
        load_pipeline(folder).generate({"source": source[:2]})


def test_a_prompt_of_real_numbers_is_refused(folder: Path) -> None:
    alone = Pipeline(name="alone", task="writing", parts=("writer",), generation=replace(HOW, start=()))
    replace(alone, recommended=("fp32.onnx",)).write(folder)
    given = {"token": np.array([[2.5]], np.float32), "memory": np.zeros((1, 5), np.float32)}
    with pytest.raises(InputMismatch, match="whole numbers"):
        load_pipeline(folder).generate(given)


def test_what_is_no_picture_is_not_written_as_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(folder), "--seed", "1", "--output", str(tmp_path / "a.png")]) == 2
    assert "no picture" in capsys.readouterr().err


def test_a_token_without_a_label_is_called_by_its_number(folder: Path) -> None:
    generator = load_pipeline(folder)
    generator._decoder = replace(generator._decoder, labels=generator._decoder.labels[:3])
    assert generator("bbb") == "a34"
