"""Real files of known content, decoded: flat folders, class folders, and everything that a folder should not be."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from litefoot.convert.data import read_data
from litefoot.convert.data.folders import _take_turns
from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, Waveform

Contracts = Callable[..., ModelContract]
SCALED = {"preprocessing": {"x": (Scale(1 / 255),)}}
RAW = {"preprocessing": {"x": ()}}


def picture(path: Path, gray: int, size: tuple[int, int] = (3, 2)) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("L", size, gray).save(path)


def recording(path: Path, values: list[int], rate: int = 8000) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.array(values, "<i2").tobytes())


def refusal(folder: Path, model: ModelContract) -> str:
    with pytest.raises(UsageError) as refused:
        read_data(folder, model, what="calibration")
    assert refused.value.exit_code == 2
    return str(refused.value)


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two cats (10, 11), one cow (20), three dogs (30, 31, 32); their gray is the whole picture."""
    for label, grays in {"dog": (30, 31, 32), "cat": (10, 11), "cow": (20,)}.items():
        for gray in grays:
            picture(tmp_path / label / f"{gray}.png", gray)
    return tmp_path


@pytest.mark.parametrize("sizes", [(2, 3), (2, 3, 1)])
def test_a_flat_folder_is_decoded_preprocessed_and_sorted(
    contract: Contracts, tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    for name, gray in {"b.png": 51, "a.bmp": 255, "c.PNG": 0, ".hidden.txt": 1, "Thumbs.db": 2}.items():
        if name.startswith((".", "T")):
            (tmp_path / name).write_text("not a sample")
        else:
            picture(tmp_path / name, gray)
    data = read_data(tmp_path, contract(SCALED, x=("float32", *sizes)), what="calibration")
    expected = np.broadcast_to(np.array([1.0, 0.2, 0.0]).reshape(3, *[1] * len(sizes)), (3, *sizes))
    np.testing.assert_allclose(data.inputs["x"], expected, rtol=1e-6)
    assert data.inputs["x"].dtype == np.float32
    assert (data.targets, data.labels, data.source) == (None, (), str(tmp_path))


def test_coloured_pictures_keep_their_channels(contract: Contracts, tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (1, 2, 3)).save(tmp_path / "a.png")
    data = read_data(tmp_path, contract(RAW, x=("uint8", 2, 3, 3)), what="calibration")
    assert data.inputs["x"].dtype == np.uint8
    assert data.inputs["x"].tolist() == [[[[1, 2, 3]] * 3] * 2]


def test_every_step_is_carried_out(contract: Contracts, tmp_path: Path) -> None:
    Image.new("RGB", (9, 7), (100, 100, 100)).save(tmp_path / "a.jpg", quality=100)
    steps = (Resize(2, 3), Grayscale(), Scale(0.5, 1.0))
    data = read_data(tmp_path, contract({"preprocessing": {"x": steps}}, x=("float32", 2, 3)), what="calibration")
    np.testing.assert_allclose(data.inputs["x"], np.full((1, 2, 3), 51.0), atol=0.6)


def test_subfolders_are_classes_that_take_turns(contract: Contracts, animals: Path) -> None:
    data = read_data(animals, contract(RAW, x=("float32", 2, 3)), what="evaluation")
    assert data.labels == ("cat", "cow", "dog")
    assert data.inputs["x"][:, 0, 0].tolist() == [10, 20, 30, 11, 31, 32]
    assert data.targets is not None
    assert (data.targets.tolist(), data.targets.dtype) == ([0, 1, 2, 0, 2, 2], np.int64)


def test_classes_are_numbered_as_in_the_contract(contract: Contracts, animals: Path) -> None:
    labels = ("dog", "cat", "cow")
    data = read_data(animals, contract({**RAW, "labels": labels}, x=("float32", 2, 3)), what="evaluation")
    assert data.labels == labels
    assert data.targets is not None
    assert data.inputs["x"][:, 0, 0].tolist() == [30, 10, 20, 31, 11, 32]
    assert data.targets.tolist() == [0, 1, 2, 0, 1, 0]


@pytest.mark.parametrize(("limit", "grays"), [(1, [10]), (2, [10, 20]), (4, [10, 20, 30, 11]), (9, None)])
def test_a_limit_is_spread_over_the_classes(
    contract: Contracts, animals: Path, limit: int, grays: list[int] | None
) -> None:
    data = read_data(animals, contract(RAW, x=("float32", 2, 3)), what="evaluation", limit=limit)
    assert data.inputs["x"][:, 0, 0].tolist() == (grays or [10, 20, 30, 11, 31, 32])
    assert data.labels == ("cat", "cow", "dog")


def test_a_limit_is_spread_over_the_files(contract: Contracts, tmp_path: Path) -> None:
    for gray in range(10):
        picture(tmp_path / f"{gray}.png", gray)
    data = read_data(tmp_path, contract(RAW, x=("float32", 2, 3)), what="evaluation", limit=4)
    assert data.inputs["x"][:, 0, 0].tolist() == [0, 2, 5, 7]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 40))
def test_turns_are_fair_and_repeat_nothing(sizes: list[int], limit: int) -> None:
    classes = [[Path(f"{number}/{place}") for place in range(size)] for number, size in enumerate(sizes)]
    chosen = list(_take_turns(classes, limit))
    assert len(chosen) == len(set(chosen)) == min(limit, sum(sizes))
    taken = [sum(number == owner for owner, _ in chosen) for number in range(len(sizes))]
    for count, size in zip(taken, sizes, strict=True):
        assert count in (size, max(taken), max(taken) - 1)
    assert all(path.parent.name == str(number) for number, path in chosen)


def test_many_files_stay_in_their_order(contract: Contracts, tmp_path: Path) -> None:
    for number in range(300):
        picture(tmp_path / f"{number:03}.png", number % 256)
    data = read_data(tmp_path, contract(RAW, x=("float32", 2, 3)), what="calibration")
    assert data.inputs["x"][:, 0, 0].tolist() == [number % 256 for number in range(300)]


def test_recordings_are_cut_to_their_length(contract: Contracts, tmp_path: Path) -> None:
    recording(tmp_path / "no" / "1.wav", [16384, -32768])
    recording(tmp_path / "yes" / "1.wav", [8192] * 5)
    steps = {"preprocessing": {"x": (Waveform(8000, 4),)}}
    for sizes in ((4,), (4, 1)):
        data = read_data(tmp_path, contract(steps, x=("float32", *sizes)), what="evaluation")
        assert data.inputs["x"].reshape(2, 4).tolist() == [[0.5, -1.0, 0.0, 0.0], [0.25] * 4]
        assert data.labels == ("no", "yes")


def test_without_preprocessing_the_options_that_give_it_are_named(contract: Contracts, tmp_path: Path) -> None:
    picture(tmp_path / "pictures" / "a.png", 1)
    recording(tmp_path / "sounds" / "a.wav", [1])
    for folder, words in {
        "pictures": ["how pictures become", "--scale 1/255 [--offset -1]", "--contract FILE"],
        "sounds": ["how recordings become", "--rate HZ"],
    }.items():
        message = refusal(tmp_path / folder, contract(x=("float32", 2, 3)))
        for word in ["input x, calibration samples", *words]:
            assert word in message


def test_a_picture_of_another_size_is_refused_by_its_file(contract: Contracts, tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    picture(tmp_path / "b.png", 1, (4, 2))
    message = refusal(tmp_path, contract(RAW, x=("float32", 2, 3)))
    for word in (str(tmp_path / "b.png"), "got:      [2, 4]", "expected: [2, 3]", "fix:      add the step resize"):
        assert word in message
    assert "expected: [2, 3]" in refusal(tmp_path, contract(RAW, x=("float32", None, None)))


def test_a_file_that_cannot_be_decoded_is_refused_by_its_name(contract: Contracts, tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    (tmp_path / "b.png").write_text("no picture")
    message = refusal(tmp_path, contract(RAW, x=("float32", 2, 3)))
    assert f"where:    {tmp_path / 'b.png'}" in message


def test_a_file_that_a_step_refuses_is_named(contract: Contracts, tmp_path: Path) -> None:
    recording(tmp_path / "a.wav", [1], rate=16000)
    message = refusal(tmp_path, contract({"preprocessing": {"x": (Waveform(8000, 4),)}}, x=("float32", 4)))
    for word in (str(tmp_path / "a.wav"), "got:      16000 Hz", "expected: 8000 Hz", "sox"):
        assert word in message


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], ["no files in this folder", "pictures alone (png, jpg, jpeg, bmp), or recordings alone (wav)"]),
        ([".a.png"], ["no files in this folder"]),
        (["a.png", "b.wav"], ["mixed", "got:      a.png and b.wav"]),
        (["a.png", "notes.txt"], ["no sample", "notes.txt"]),
        (["a.png", "cat/b.png"], ["beside its subfolders", "got:      a.png"]),
        (["cat/a.png", "dog/b.wav"], ["mixed"]),
        (["cat/a.png", "dog/.b.png"], ["not the files of one class", "dog", "got:      no files"]),
        (["cat/a.png", "dog/big/b.png"], ["not the files of one class", "dog", "got:      subfolders big"]),
    ],
)
def test_what_is_no_folder_of_samples_is_refused(
    contract: Contracts, tmp_path: Path, files: list[str], words: list[str]
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    message = refusal(tmp_path, contract(RAW, x=("float32", 2, 3)))
    for word in [str(tmp_path), *words]:
        assert word in message


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("cat", "dog"), ["got:      cow", "expected: cat, dog"]),
        (("cat", "cow", "dog", "emu"), ["got:      none for emu", "one for each of cat, cow, dog, emu"]),
    ],
)
def test_subfolders_that_are_not_the_models_classes_are_refused(
    contract: Contracts, animals: Path, labels: tuple[str, ...], words: list[str]
) -> None:
    message = refusal(animals, contract({**RAW, "labels": labels}, x=("float32", 2, 3)))
    for word in [str(animals), *words]:
        assert word in message


def test_a_model_of_several_inputs_takes_no_folder(contract: Contracts, animals: Path) -> None:
    assert "to which input" in refusal(animals, contract(RAW, x=("float32", 2, 3), z=("float32", 2)))


def test_a_damaged_file_is_a_sample_error(contract: Contracts, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(SampleError):
        read_data(tmp_path, contract(RAW, x=("float32", 4)), what="calibration")
