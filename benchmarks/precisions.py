"""Why files of fewer bits look as they do: activations in 16 bits, and the forms that ONNX weights can have.

``python -m benchmarks.precisions``, after ``make recipes``; the tables stand in ``docs/supported.md``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static

from litefoot.convert.export import narrow_onnx, quantize_onnx, stored_onnx
from litefoot.convert.export.calibration import one_by_one
from litefoot.convert.latencies import latencies
from litefoot.runtime import Bundle, load
from litefoot.runtime.machine.board import cpu_name, usable_cores
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.verification.drift import measure

from .harness import between
from .recipes import FOLDER

PAGE = Path("docs/supported.md")
WIDE = ("digits", "mnist", "answer")
WIDE_FILES = ("fp32.tflite", "int8.tflite", "int16x8.tflite", "fp32.onnx", "int8.onnx")
NARROW = {"cats-dogs": "bundle", "text-class": "bundle", "translate": "bundle/encoder"}
CALIBRATION = 200
SECONDS = 10.0
Forms = Mapping[str, Callable[[Path, Path], object]]


def main() -> int:
    """Measure, and write both tables."""
    machine = f"{cpu_name()}, {usable_cores()} cores"
    told = f"`python -m benchmarks.precisions` on {machine}, after `make recipes`: one thread, files called in turn."
    with tempfile.TemporaryDirectory() as scratch:
        wide = [row for name in WIDE for row in _wide(name, Path(scratch))]
        narrow = [row for name, where in NARROW.items() for row in _narrow(name, where, Path(scratch))]
    head = "| model | file | bytes | ms | SQNR |\n|---|---|---|---|---|"
    between(PAGE, "wide", "\n".join([head, *wide, "", told]))
    between(PAGE, "narrow", "\n".join([head, *narrow, "", told]))
    return 0


def _wide(name: str, scratch: Path) -> list[str]:
    run, bundle, wide = FOLDER / name / "run", scratch / name, scratch / f"{name}.onnx"
    command = [sys.executable, "-m", "litefoot.cli.main", "convert", str(run), "--out", str(bundle), "--variants"]
    subprocess.run([*command, *WIDE_FILES], check=True, capture_output=True)
    _activations_in_16_bits(bundle / "models" / "fp32.onnx", run / "calibration.npz", wide)
    files = {file: bundle / "models" / file for file in WIDE_FILES}
    return _rows(name, bundle, files | {"ONNX, activations in 16 bits": wide})


def _activations_in_16_bits(source: Path, calibration: Path, out: Path) -> None:
    samples = {name: array[:CALIBRATION] for name, array in read_arrays(calibration).items()}
    prepared = out.with_suffix(".prepared")
    quantize_onnx.prepare(source, prepared)
    quantize_static(
        str(prepared), str(out), quantize_onnx.Samples(one_by_one(samples, 1)), quant_format=QuantFormat.QDQ,
        per_channel=True, activation_type=QuantType.QUInt16, weight_type=QuantType.QInt8,
        extra_options={"UseQDQContribOps": True},
    )  # fmt: skip


def _narrow(name: str, where: str, scratch: Path) -> list[str]:
    bundle = FOLDER / name / where
    source = bundle / "models" / "fp32.onnx"
    files = {"fp32.onnx": source}
    for form, write in FORMS.items():
        files[form] = scratch / f"{name}-{len(files)}.onnx"
        write(source, files[form])
    return _rows(name, bundle, files)


def _all_in_16_bits(source: Path, out: Path) -> None:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), out)


def _all_while_running(source: Path, out: Path) -> None:
    quantize_dynamic(str(source), str(out), per_channel=True, weight_type=QuantType.QInt8)


def _dequantized(source: Path, out: Path) -> None:
    """The weights that are stored in 8 bits alone, each behind a DequantizeLinear."""
    model = onnx.load(source)
    weights = stored_onnx.weights_of(model.graph)
    restoring = []
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name in weights]:
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        axis = stored_onnx.axis_of(weights[name], values.ndim) % values.ndim
        scale = np.abs(values).max(axis=tuple(i for i in range(values.ndim) if i != axis), keepdims=True) / 127
        stored = np.rint(values / np.maximum(scale, 1e-12)).astype(np.int8)
        tensor.CopyFrom(onnx.numpy_helper.from_array(stored, f"{name}_stored"))
        model.graph.initializer.append(onnx.numpy_helper.from_array(scale.ravel().astype(np.float32), f"{name}_scale"))
        given = [f"{name}_stored", f"{name}_scale"]
        restoring.append(onnx.helper.make_node("DequantizeLinear", given, [name], axis=axis))
    nodes = [*restoring, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, out)


def _narrowed(precision: str) -> Callable[[Path, Path], object]:
    return lambda source, out: narrow_onnx.write(source=str(source), precision=precision, out=str(out))


FORMS: Forms = {
    "fp16.onnx": _narrowed("fp16"),
    "every operator on float16": _all_in_16_bits,
    "dynamic.onnx": _narrowed("dynamic"),
    "all that `quantize_dynamic` can": _all_while_running,
    "weights behind DequantizeLinear": _dequantized,
}


def _rows(name: str, bundle: Path, files: Mapping[str, Path]) -> list[str]:
    golden = Bundle(bundle).golden()
    inputs = {given: array[:50] for given, array in golden.inputs.items()}
    models = [load(path) for path in files.values()]
    times = latencies(models, {given: array[:1] for given, array in inputs.items()}, seconds=SECONDS)
    (output, reference), *_ = golden.references.items()
    rows = []
    for (file, path), model, milliseconds in zip(files.items(), models, times, strict=True):
        answers: dict[str, Any] = dict(model.predict_by_name(inputs))
        sqnr = measure(reference[:50], answers[output]).sqnr_db
        called = f"`{file}`" if "." in file else file
        rows.append(f"| {name} | {called} | {path.stat().st_size:,} | {milliseconds:.3f} | {sqnr:.1f} dB |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
