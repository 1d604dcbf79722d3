"""Files as the quantizer writes them where a tensor is an output and an operand too, mended to what they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models
from ai_edge_litert import schema_py_generated as schema

from litefoot.convert.export.quantize_tflite import rejoin, write
from litefoot.runtime.errors import ConversionFailed
from litefoot.runtime.graph import read_graph
from litefoot.runtime.model import load

X = np.array([[1.0, 2.0, -1.0]], np.float32)
Y = tiny_models.affine(X)


def mended(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(rejoin(content))
    assert path.read_bytes() != content
    return path


def test_a_sound_file_stays_as_it_is(tmp_path: Path) -> None:
    content = tiny_models.write_affine_int8(tmp_path / "sound.tflite", float_io=True).read_bytes()
    assert rejoin(content) is content


def test_an_integer_operator_takes_the_integers_behind_an_output(tmp_path: Path) -> None:
    path = tiny_models.write_output_taken_as_float(tmp_path / "torn.tflite")
    answers = load(mended(path))(X)
    np.testing.assert_array_equal(answers["y"], Y)
    np.testing.assert_array_equal(answers["twice"], Y + Y)


def test_a_graph_returns_what_its_signature_names(tmp_path: Path) -> None:
    path = mended(tiny_models.write_output_of_another_name(tmp_path / "renamed.tflite"))
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (signature,), (graph,) = model.signatureDefs, model.subgraphs
    assert [out.tensorIndex for out in signature.outputs] == list(graph.outputs)
    np.testing.assert_array_equal(load(path)(X), Y)


@pytest.mark.parametrize("precision", ["fp16", "dynamic"])
def test_a_file_whose_weights_stay_as_they_were_is_refused(tmp_path: Path, precision: str) -> None:
    source = tiny_models.write_accumulator(tmp_path / "large.tflite", units=64)
    out = tmp_path / "out.tflite"
    with pytest.raises(ConversionFailed, match="most weights in float"):
        write(source=str(source), precision=precision, integer_io=False, calibration=None, out=str(out))


def test_small_weights_may_stay_as_they_were_and_the_file_is_needless(tmp_path: Path) -> None:
    source, out = tiny_models.write_accumulator(tmp_path / "small.tflite", units=8), tmp_path / "out.tflite"
    reason = write(source=str(source), precision="dynamic", integer_io=False, calibration=None, out=str(out))
    assert reason == "no weights are large enough to be stored in fewer bits than small.tflite has"
    assert load(out)(np.ones((1, 8), np.float32)) == pytest.approx(np.ones((1, 8)))


def test_a_file_with_weights_in_fewer_bits_is_needed(tmp_path: Path) -> None:
    weights = np.eye(64, dtype=np.float32)
    source = tiny_models.write_two_layers(tmp_path / "large.tflite", weights, weights)
    for precision in ("fp16", "dynamic"):
        out = str(tmp_path / f"{precision}.tflite")
        assert write(source=str(source), precision=precision, integer_io=False, calibration=None, out=out) is None


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")  # the calibrator's own use of the engine
def test_activations_in_16_bits_between_floats_and_weights_in_8(tmp_path: Path) -> None:
    source, samples = tiny_models.write_affine(tmp_path / "fp32.tflite"), tmp_path / "samples.npz"
    np.savez(samples, x=np.random.default_rng(0).uniform(-2, 2, (20, 3)).astype(np.float32))
    out = tmp_path / "int16x8.tflite"
    write(source=str(source), precision="int16x8", integer_io=False, calibration=str(samples), out=str(out))
    graph = read_graph(out)
    assert {operator.arithmetic for operator in graph.operators} == {"integer", "conversion"}
    assert graph.weight_bytes == {"int8": 6, "int64": 16}  # the biases have the width of the sums
    model = load(out)
    assert [spec.dtype for spec in (*model.inputs, *model.outputs)] == ["float32", "float32"]
    np.testing.assert_allclose(model(X), Y, atol=0.05)


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")  # the calibrator's own use of the engine
def test_16_bit_additions_may_have_scales_that_are_powers_of_two(tmp_path: Path) -> None:
    source, samples = tiny_models.write_sum_and_difference(tmp_path / "fp32.tflite"), tmp_path / "samples.npz"
    bounds = np.array([[-1.0, 1.0]] * 10, np.float32) * np.float32(32767 / 32768)  # 16 bits then step by 2^-15
    np.savez(samples, a=bounds, b=2 * bounds)
    out = tmp_path / "int16x8.tflite"
    write(source=str(source), precision="int16x8", integer_io=False, calibration=str(samples), out=str(out))
    given = {"a": np.array([[0.5, -0.25]], np.float32), "b": np.array([[0.125, 0.75]], np.float32)}
    answers = load(out)(given)
    np.testing.assert_allclose(answers["sum"], given["a"] + given["b"], atol=1e-3)
    np.testing.assert_allclose(answers["difference"], given["a"] - given["b"], atol=1e-3)
