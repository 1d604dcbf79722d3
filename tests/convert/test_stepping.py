"""Models that take one step of a sequence, from the TrainedModel to the verified bundle, in both formats."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from litefoot.convert.variants import VARIANTS
from litefoot.runtime import Bundle, load
from litefoot.runtime.generation import load_pipeline
from litefoot.runtime.generation.document import read_golden, read_pipeline
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.verification.drift import sqnr_db

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]
NAMES = [variant.name for variant in VARIANTS if variant.precision != "dynamic"]
"""No weight of these small models is large enough to be stored in 8 bits."""
MADE = {
    "gru": NAMES,
    "lstm": ["fp32.tflite", "int8.tflite"],
    "pipeline": NAMES,
    "uneven": ["fp32.tflite", "int8.tflite", "mixed.tflite"],
}


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory, program_environment: dict[str, str]) -> Path:
    """TrainedModels ``gru`` and ``lstm``, and the ``pipeline`` of two. Read only."""
    folder = tmp_path_factory.mktemp("stepping")
    program = [sys.executable, str(Path(__file__).parent / "make_stepping.py"), str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, env=program_environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bundles(stepping: Path, litefoot: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[str], Path]:
    """The bundle of one of them, converted when it is first asked for. Read only."""

    def bundle(name: str) -> Path:
        out = stepping / "bundles" / name
        if not out.exists():
            done = litefoot("convert", stepping / name, "--out", out, "--variants", *MADE[name])
            assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: weights never trained are often undecided
        return out

    return bundle


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_every_variant_passes_over_all_steps(bundles: Callable[[str], Path], name: str) -> None:
    report = json.loads((bundles(name) / "report.json").read_text())
    assert [artifact["name"] for artifact in report["artifacts"]] == MADE[name]
    assert {artifact["status"] for artifact in report["artifacts"]} == {"passed"}
    assert report["failures"] == []
    golden = Bundle(bundles(name)).golden()
    assert golden.inputs.keys() == {"x"}
    assert golden.references["y"].shape == (32, 12, 3)


@pytest.mark.parametrize("name", ["fp32.tflite", "int8-io.tflite", "fp16.onnx", "int8.onnx"])
def test_a_stream_answers_as_the_verdict_saw_it(bundles: Callable[[str], Path], name: str) -> None:
    model, golden = load(bundles("gru"), artifact=name), Bundle(bundles("gru")).golden()
    stream, xs = model.stream(), golden.inputs["x"][0]
    answers = np.concatenate([stream(x[np.newaxis]) for x in xs])
    np.testing.assert_array_equal(answers, model.predict(golden.inputs["x"][:1])[0])
    assert sqnr_db(golden.references["y"][0], answers) > 20


def test_ranges_come_from_the_steps_of_the_float_model(bundles: Callable[[str], Path]) -> None:
    """The state of a GRU stays within -1..1; a calibration on zeros alone would give it no range at all."""
    artifact = Bundle(bundles("gru")).artifact("int8-io.tflite")
    (state,) = [spec for spec in artifact.inputs if spec.name == "h"]
    assert state.quantization is not None
    assert 0.3 < 255 * state.quantization.scale <= 2.1


def test_a_position_that_the_model_counts_survives_every_quantizer(bundles: Callable[[str], Path]) -> None:
    bundle = Bundle(bundles("pipeline") / "decoder")
    assert [artifact.name for artifact in bundle.artifacts] == NAMES
    for artifact in bundle.artifacts:
        stream = load(bundle.path, artifact=artifact.name).stream()
        for _ in range(3):
            stream(token=np.array([[5]], np.int32), memory=np.ones((1, 16), np.float32))
        position = stream.state["position"]
        assert (position.dtype, position.tolist()) == (np.int32, [[3]]), artifact.name


def test_a_model_of_the_users_own_with_state_by_a_contract(stepping: Path, tmp_path: Path, command: Run) -> None:
    (tmp_path / "contract.json").write_text(json.dumps({"state": {"h": "next_h"}, "kinds": {"y": "sequence"}}))
    write_arrays(tmp_path / "x.npz", {"x": read_arrays(stepping / "gru" / "calibration.npz")["x"]})
    arguments = ["--calibration", tmp_path / "x.npz", "--contract", tmp_path / "contract.json"]
    variants = ["--variants", "int8-io.tflite", "int8.onnx"]
    out = tmp_path / "bundle"
    code, said, errors = command("convert", stepping / "gru" / "model.keras", "--out", out, *arguments, *variants)
    assert code == 0, said + errors
    assert Bundle(out).contract.state == {"h": "next_h"}
    assert Bundle(out).golden().references["y"].shape[1:] == (12, 3)


@pytest.mark.parametrize(
    ("state", "words"),
    [({"h": "y"}, "differ in shape"), ({"h": "next_h", "x": "y"}, "differ in shape"), ({"z": "y"}, "no such input")],
    ids=str,
)
def test_state_that_cannot_be_is_refused(
    stepping: Path, tmp_path: Path, command: Run, state: dict[str, str], words: str
) -> None:
    (tmp_path / "contract.json").write_text(json.dumps({"state": state}))
    arguments = ["--out", tmp_path / "out", "--contract", tmp_path / "contract.json"]
    code, _, errors = command("convert", stepping / "gru" / "model.keras", *arguments)
    assert code == 2
    assert words in errors


def test_models_that_work_together_are_judged_as_a_whole(
    stepping: Path, bundles: Callable[[str], Path], command: Run, tmp_path: Path
) -> None:
    folder = bundles("pipeline")
    report = json.loads((folder / "report.json").read_text())
    assert report["reference"] == "fp32.tflite"
    assert [artifact["name"] for artifact in report["artifacts"]] == MADE["pipeline"]
    # The right tokens are those of the Keras models, so this is the search in Keras against the search in TFLite.
    assert report["artifacts"][0]["verdict"]["task"]["artifact"] == 1.0
    assert read_pipeline(folder).recommended
    golden = read_golden(folder)
    np.testing.assert_array_equal(golden.references["tokens"], golden.targets)
    assert command("verify", folder, "--artifact", "fp32.onnx")[0] == 0
    (tmp_path / "text.txt").write_text("hallo")
    code, said, _ = command("run", folder, "--input", tmp_path / "text.txt")
    assert code == 0
    assert said.startswith(load_pipeline(folder)("hallo"))


def test_the_page_of_the_whole_is_there_with_those_of_its_parts(bundles: Callable[[str], Path]) -> None:
    folder = bundles("uneven")
    page = (folder / "report.html").read_text(encoding="utf-8")
    report = json.loads((folder / "report.json").read_text())
    assert ">reader <span" in page
    for artifact in report["artifacts"]:
        assert f"<td>{artifact['name']}</td>" in page
        assert f"{artifact['bytes']:,}" in page
    for part in ("encoder", "decoder"):
        assert f'href="{part}/report.html"' in page
        assert (folder / part / "report.html").is_file()
    assert "token_match drop" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    recorded = {record.file for record in read_pipeline(folder).files}
    assert {"report.html", "report.json", "encoder/manifest.json"} <= recorded


def test_a_part_that_was_rescued_works_with_the_8_bits_of_one_that_was_not(
    bundles: Callable[[str], Path], command: Run
) -> None:
    folder = bundles("uneven")
    document = read_pipeline(folder)
    assert document.mixtures == {"mixed.tflite": {"encoder": "mixed.tflite", "decoder": "int8.tflite"}}
    report = json.loads((folder / "report.json").read_text())
    found = {artifact["name"]: artifact for artifact in report["artifacts"]}
    assert list(found) == ["fp32.tflite", "int8.tflite", "mixed.tflite"]
    assert found["int8.tflite"]["status"] == "failed"
    assert (found["mixed.tflite"]["status"], found["mixed.tflite"]["reason"]) == ("passed", "")
    assert found["mixed.tflite"]["verdict"]["artifact"] == "mixed.tflite"
    assert document.recommended[0] == "mixed.tflite"
    parts = [Bundle(folder / part).artifact(name).bytes for part, name in document.mixtures["mixed.tflite"].items()]
    assert found["mixed.tflite"]["bytes"] == sum(parts)
    assert load_pipeline(folder).name == "mixed.tflite"
    assert command("verify", folder, "--artifact", "mixed.tflite")[0] == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<td>mixed.tflite</td>" in page
    assert "mixed.tflite runs mixed.tflite in encoder, int8.tflite in decoder." in page
    assert found["mixed.tflite"]["runs"] == document.mixtures["mixed.tflite"]
    assert found["fp32.tflite"]["runs"] == dict.fromkeys(("encoder", "decoder"), "fp32.tflite")


def test_budgets_of_several_files_are_refused(stepping: Path, tmp_path: Path, command: Run) -> None:
    code, _, said = command("convert", stepping / "pipeline", "--out", tmp_path / "out", "--max-bytes", "9kB")
    assert code == 2
    assert "Budgets are for one file" in said


def test_models_that_work_together_bring_their_own_samples(stepping: Path, tmp_path: Path, command: Run) -> None:
    given = ["--calibration", tmp_path / "x.npz"]
    assert command("convert", stepping / "pipeline", "--out", tmp_path / "out", *given)[0] == 2
