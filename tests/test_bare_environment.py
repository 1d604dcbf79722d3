"""What a board has: the wheel and numpy, then one engine. Nothing else is needed, and what is missing is named."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from distributions import ROOT, Built, build

from litefoot.cli.main import COMMANDS
from litefoot.runtime.decoding import read_sample
from litefoot.runtime.storage.bundle import Bundle

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]
PICTURE = ROOT / "samples" / "digits" / "seven.png"

LOADED = """
import json, sys
before = set(sys.modules)
from litefoot.runtime import *
files = {name: getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before}
print(json.dumps(sorted({name.partition(".")[0] for name, file in files.items() if file})))
"""
LOAD = "import sys, litefoot.runtime as r, litefoot.runtime.errors as e\ntry: r.load(sys.argv[1])\n"
LOAD += "except e.MissingDependency as error: print(error)"


def clean_environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | more


def pip_install(python: Path | str, *arguments: object) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--constraint", ROOT / "constraints.txt", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    return build(tmp_path_factory.getbasetemp() / "distributions")


@pytest.fixture(scope="module")
def wheel(built: dict[str, Built]) -> Path:
    return built["litefoot"].wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with nothing but the wheel and numpy."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    interpreter = folder / "bin" / "python"
    pip_install(interpreter, "--no-deps", wheel, "numpy")
    return interpreter


@pytest.fixture(scope="module")
def bare(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run Python with nothing but the wheel and numpy, away from the source tree."""
    return _runner(python, tmp_path_factory.mktemp("away"))


@pytest.fixture(scope="module")
def with_litert(wheel: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with what ``pip install "litefoot[tflite]"`` brings, kept apart from the bare environment."""
    site = tmp_path_factory.mktemp("site")
    pip_install(python, "--target", site, f"{wheel}[tflite]")
    return _runner(python, tmp_path_factory.mktemp("board"), PYTHONPATH=str(site))


@pytest.fixture(scope="module")
def with_rooms(built: dict[str, Built], python: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with the wheels that train and convert, and nothing of what they ask for."""
    site = tmp_path_factory.mktemp("rooms")
    pip_install(python, "--no-deps", "--target", site, built["litefoot-train"].wheel, built["litefoot-convert"].wheel)
    return _runner(python, tmp_path_factory.mktemp("workshop"), PYTHONPATH=str(site))


def _runner(python: Path | str, folder: Path, **environment: str) -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(python), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=clean_environment(**environment), timeout=60
        )

    return run


def litefoot_of(run: Run) -> Run:
    return lambda *arguments: run("-m", "litefoot.cli.main", *arguments)


def refusal(run: Run, code: int, *arguments: object) -> str:
    done = litefoot_of(run)(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_importing_the_runtime_loads_the_standard_library_and_numpy_alone(bare: Run) -> None:
    done = bare("-c", LOADED)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) - sys.stdlib_module_names == {"litefoot", "numpy"}


def test_it_loads_no_more_where_everything_is_installed(tmp_path: Path) -> None:
    done = _runner(sys.executable, tmp_path)("-c", LOADED)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) - sys.stdlib_module_names == {"litefoot", "numpy"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_every_help_works(bare: Run, arguments: list[str]) -> None:
    done = litefoot_of(bare)(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "litefoot" in done.stdout


def test_the_command_is_installed(python: Path, tmp_path: Path) -> None:
    done = _runner(python.with_name("litefoot"), tmp_path)("--version")
    assert (done.returncode, done.stderr) == (0, "")


def test_training_and_converting_name_their_extra(bare: Run, trained_digits: Path, tmp_path: Path) -> None:
    for extra, order in (("train", ["train", "digits"]), ("convert", ["convert", trained_digits])):
        message = refusal(bare, 3, *order, "--out", tmp_path / "out")
        assert message == f'error: litefoot.{extra} is not installed\n  fix:      pip install "litefoot[{extra}]"\n'
    assert list(tmp_path.iterdir()) == []


def test_comparing_with_a_keras_model_names_the_extra(bare: Run, trained_digits: Path, digits_bundle: Path) -> None:
    data = digits_bundle / "golden.npz"
    assert 'pip install "litefoot[convert]"' in refusal(
        bare, 3, "compare", trained_digits, trained_digits, "--data", data
    )


def test_explaining_names_its_extra(bare: Run, with_rooms: Run, digits_bundle: Path) -> None:
    for name in ("int8.tflite", "int8.onnx"):
        for run in (bare, with_rooms):
            message = refusal(run, 3, "explain", digits_bundle, "--artifact", name)
            assert 'pip install "litefoot[convert]"' in message


def test_a_room_without_what_it_needs_names_the_same_extra(
    with_rooms: Run, trained_digits: Path, tmp_path: Path
) -> None:
    for extra, order in (("train", ["train", "digits"]), ("convert", ["convert", trained_digits])):
        message = refusal(with_rooms, 3, *order, "--out", tmp_path / "out")
        assert f"error: litefoot.{extra} " not in message
        assert f'fix:      pip install "litefoot[{extra}]"\n' in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "extra"), [("fp32.tflite", "tflite"), ("fp32.onnx", "inspect")])
def test_inspecting_a_file_names_the_extra_that_reads_its_graph(
    bare: Run, digits_bundle: Path, name: str, extra: str
) -> None:
    assert f'pip install "litefoot[{extra}]"\n' in refusal(bare, 3, "inspect", digits_bundle / "models" / name)


@pytest.mark.parametrize(("name", "extra"), [("fp32.tflite", "tflite"), ("fp32.onnx", "onnx")])
@pytest.mark.parametrize("verb", ["run", "bench", "load"])
def test_a_file_without_its_engine_names_the_extra(
    bare: Run, digits_bundle: Path, tmp_path: Path, verb: str, name: str, extra: str
) -> None:
    file = digits_bundle / "models" / name
    np.save(tmp_path / "x.npy", np.zeros((1, 8, 8, 1), np.float32))
    if verb == "load":
        message = bare("-c", LOAD, file).stdout
    else:
        message = refusal(bare, 3, verb, file, *(["--input", tmp_path / "x.npy"] if verb == "run" else []))
    assert "is not installed" in message
    assert f'pip install "litefoot[{extra}]"\n' in message


def test_a_bundle_without_any_engine_names_that_of_its_best_artifact(bare: Run, digits_bundle: Path) -> None:
    (best, *_) = Bundle(digits_bundle).recommended
    missing = f'pip install "litefoot[{best.rpartition(".")[2]}]"'
    compared = ["compare", digits_bundle, digits_bundle, "--data", digits_bundle / "golden.npz"]
    for order in (["verify", digits_bundle], ["run", digits_bundle, "--input", PICTURE], compared):
        assert missing in refusal(bare, 3, *order)


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as an array: decoding a picture needs an extra of its own."""
    path = tmp_path_factory.mktemp("sample") / "seven.npy"
    np.save(path, read_sample(PICTURE))
    return path


def test_the_readmes_lines_run_with_litert_alone(with_litert: Run, digits_bundle: Path, seven: Path) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    for written, here in (('"dist/digits"', repr(str(digits_bundle))), ('"seven.png"', repr(str(seven)))):
        assert lines.count(written) == 1
        lines = lines.replace(written, here)
    done = with_litert("-c", lines + "\nprint(probabilities.argmax(), probabilities.dtype, model.engine)")
    assert done.returncode == 0, done.stderr
    status, answer = done.stdout.splitlines()
    assert status == "passed"
    assert answer.startswith("7 float32 LiteRT ")


def test_the_command_line_works_with_litert_alone(with_litert: Run, digits_bundle: Path, seven: Path) -> None:
    litefoot = litefoot_of(with_litert)
    ran = litefoot("run", digits_bundle, "--input", seven)
    assert ran.stdout.startswith("label 7\n"), ran.stderr
    verified = litefoot("verify", digits_bundle, "--artifact", "int8.tflite")
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout.splitlines()[-1].split()[0] == "int8.tflite"
    assert verified.stdout.splitlines()[-1].split()[-1] == "passed"
    models, golden = digits_bundle / "models", digits_bundle / "golden.npz"
    compared = litefoot("compare", models / "fp32.tflite", models / "int8.tflite", "--data", golden)
    assert compared.returncode == 0, compared.stderr
    inspected = litefoot("inspect", models / "int8-io.tflite")
    assert inspected.returncode == 0, inspected.stderr
    assert "int8[1, 8, 8, 1]" in inspected.stdout


def test_what_litert_alone_cannot_do_names_the_extra(with_litert: Run, digits_bundle: Path) -> None:
    picture = refusal(with_litert, 3, "run", digits_bundle, "--input", PICTURE)
    assert 'pip install "litefoot[images]"' in picture
    assert 'pip install "litefoot[onnx]"' in refusal(with_litert, 3, "verify", digits_bundle)
