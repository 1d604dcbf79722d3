"""A float32 ONNX file to int8 by ONNX Runtime's quantizer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from litefoot.runtime.storage.files import read_arrays

from .calibration import one_by_one
from .stored_onnx import is_grouped
from .trained_ranges import trained_ranges
from .working_folder import inside


def write(*, source: str, calibration: str, out: str, one_scale: bool = False, trained: str | None = None) -> None:
    """Quantize a float32 ONNX file: weights int8 per channel, activations uint8, in QDQ form.

    uint8 activations with int8 weights are the pair that x86 with VNNI and ARM both have kernels for; on AVX2 without
    VNNI that pair saturates, which the bundle's selftest on such a machine reports.

    Args:
        source: The float32 ``.onnx`` file.
        calibration: An ``.npz`` file, by input name, (samples, ...).
        out: The ``.onnx`` file to write.
        one_scale: Give all weights of a layer one scale: one for each channel would undo clusters.
        trained: The folder of a compressed form whose activation ranges are taken over; None to have them from the
            calibration samples alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        prepare(Path(source), prepared)
        given = _scales_of_channels(prepared) if one_scale else {}
        if trained is not None:
            given |= trained_ranges(prepared, Path(trained))
        quantize(prepared, Path(calibration), Path(out), per_channel=not one_scale, given=given)


def quantize(
    prepared: Path,
    calibration: Path,
    out: Path,
    *,
    per_channel: bool = True,
    given: Mapping[str, list[dict[str, Any]]] | None = None,
    method: str = "MinMax",
    options: Mapping[str, Any] | None = None,
) -> None:
    """Quantize a file that `prepare` wrote.

    Args:
        prepared: The float32 ``.onnx`` file.
        calibration: As for `write`.
        out: The ``.onnx`` file to write.
        per_channel: Give the weights of each output channel a scale of their own.
        given: By the tensor's name, what ONNX Runtime is told of its quantization.
        method: How it chooses activation ranges: MinMax, Percentile or Entropy.
        options: Of the method, in ONNX Runtime's words.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model, samples, made = (path.resolve() for path in (prepared, calibration, out))
    with tempfile.TemporaryDirectory() as folder, inside(folder):
        quantize_static(
            str(model),
            str(made),
            Samples(one_by_one(read_arrays(samples), _batch(model))),
            quant_format=QuantFormat.QDQ,
            per_channel=per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod[method],
            extra_options={"TensorQuantOverrides": dict(given or {}), **(options or {})},
        )


def _scales_of_channels(prepared: Path) -> dict[str, list[dict[str, Any]]]:
    """Depthwise convolutions, which are never clustered, keep a scale for each channel."""
    import onnx

    graph = onnx.load(str(prepared), load_external_data=False).graph
    return {node.input[1]: [{"axis": 0}] for node in graph.node if node.op_type == "Conv" and is_grouped(node)}


def prepare(source: Path, prepared: Path) -> None:
    """Fold and fuse; without symbolic shapes where ONNX Runtime cannot follow them, as in attention.

    Args:
        source: The float32 ``.onnx`` file.
        prepared: The ``.onnx`` file to write, float32 too.
    """
    from onnxruntime.quantization.shape_inference import quant_pre_process

    model, made = str(source.resolve()), str(prepared.resolve())
    with tempfile.TemporaryDirectory() as folder, inside(folder):
        try:
            quant_pre_process(model, made)
        except Exception as error:  # its inference raises plain exceptions
            if "symbolic shape" not in str(error):
                raise
            quant_pre_process(model, made, skip_symbolic_shape=True)


def _batch(model: Path) -> int:
    import onnx

    graph = onnx.load(str(model), load_external_data=False).graph
    return int(graph.input[0].type.tensor_type.shape.dim[0].dim_value) or 1


class Samples:
    """Calibration samples one by one, as ONNX Runtime's quantizer reads them.

    Args:
        samples: By input name, what one call takes.
    """

    def __init__(self, samples: Iterator[dict[str, npt.NDArray[Any]]]) -> None:
        self._samples = samples

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        """The next sample.

        Returns:
            By input name; None after the last.
        """
        return next(self._samples, None)
