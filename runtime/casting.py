"""From a caller's real values to the types that a model file stores, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputMismatch
from .quantization import dequantize, quantize
from .tensors import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def to_file(specs: Sequence[TensorSpec], inputs: Mapping[str, Array], *, raw: bool, model: str) -> list[Array]:
    """Turn inputs into what a file takes.

    Args:
        specs: Of the file's inputs.
        inputs: By input name, of the specs' shapes.
        raw: They are in the file's own types already.
        model: Its name, for messages.

    Returns:
        Contiguous arrays in the order of the specs, of their shapes and dtypes.

    Raises:
        InputMismatch: A name, shape or dtype does not fit, or a value to be quantized is NaN.
    """
    check_names(specs, inputs, model=model)
    return [_input_to_file(spec, inputs[spec.name], model, raw) for spec in specs]


def by_name(
    values: Array | Mapping[str, Array] | None, named: Mapping[str, Array], specs: Sequence[TensorSpec], *, model: str
) -> Mapping[str, Array]:
    """Inputs by name, as a caller gives them.

    Args:
        values: The only input, or a dict by input name; None where they are given by keyword.
        named: By keyword.
        specs: Of the inputs that a caller gives.
        model: Its name, for messages.

    Returns:
        By input name; the names may be wrong.

    Raises:
        InputMismatch: They are given both ways, or one array for several inputs.
    """
    if values is None:
        return named
    if named:
        raise InputMismatch("Give the inputs by position or by name, not both", where=model, got=sorted(named))
    if isinstance(values, Mapping):
        return values
    if len(specs) != 1:
        names = ", ".join(map(str, specs))
        raise InputMismatch("This model has several inputs; give them by name", where=model, expected=names)
    return {specs[0].name: values}


def check_names(specs: Sequence[TensorSpec], inputs: Mapping[str, Array], *, model: str) -> None:
    """Refuse inputs that are missing or that the file does not have.

    Args:
        specs: Of the file's inputs.
        inputs: By input name.
        model: Its name, for messages.

    Raises:
        InputMismatch: The names differ.
    """
    if inputs.keys() != {spec.name for spec in specs}:
        raise InputMismatch(
            "The inputs' names differ from the model's",
            where=model,
            got=sorted(inputs),
            expected=sorted(spec.name for spec in specs),
        )


def from_file(specs: Sequence[TensorSpec], stored: Sequence[Array], *, raw: bool) -> dict[str, Array]:
    """Turn what a file returned into outputs by name.

    Args:
        specs: Of the file's outputs.
        stored: One for each, in their order.
        raw: Leave the file's own types.

    Returns:
        By output name, float32 where the file stores quantized values.
    """
    return {
        spec.name: array if raw or spec.quantization is None else dequantize(array, spec.quantization)
        for spec, array in zip(specs, stored, strict=True)
    }


def _input_to_file(spec: TensorSpec, values: Array, model: str, raw: bool) -> Array:
    array = np.asarray(values)
    real = spec.dtype.startswith("float") or (spec.quantization is not None and not raw)
    fits = array.dtype == spec.dtype if raw else array.dtype.kind in ("f" if real else "iub")
    if not fits or not spec.accepts(array.shape):
        raise InputMismatch(
            "This input does not fit the model",
            where=f"{model}, input {spec.name}",
            got=f"{array.dtype}{list(array.shape)}",
            expected=f"{'float32' if real and not raw else spec.dtype}{list(spec.shape)}".replace("None", "?"),
            fix=None if raw else "model.preprocess(sample) makes it from a sample, by the steps of a bundle",
        )
    if spec.quantization is not None and not raw:
        return quantize(array, spec.quantization, spec.dtype)
    return np.asarray(_in_range(array, spec, model), dtype=spec.dtype, order="C")


def can_write_directly(spec: TensorSpec, array: Array, *, raw: bool) -> bool:
    """Whether an engine may write an output straight into a caller's array.

    Args:
        spec: Of the output.
        array: The caller's.
        raw: Whether the file's own types are wanted.

    Returns:
        True when nothing is to be converted, and shape, dtype and memory layout are the output's.
    """
    same = (raw or spec.quantization is None) and array.dtype == spec.dtype
    return same and spec.accepts(array.shape) and array.flags.c_contiguous and array.flags.writeable


def write_out(spec: TensorSpec, stored: Array, out: Array, model: str, *, raw: bool) -> None:
    """Write one output into the caller's array.

    Args:
        spec: Of the output.
        stored: What the file returned.
        out: The caller's array, of the same shape; float32 where the file stores quantized values.
        model: Its name, for messages.
        raw: Whether the file's own types are wanted.

    Raises:
        InputMismatch: The caller's array is of another shape or dtype, or may not be written.
    """
    converts = spec.quantization is not None and not raw
    dtype = "float32" if converts else spec.dtype
    if out.shape != stored.shape or out.dtype != dtype or not out.flags.writeable:
        raise InputMismatch(
            "An array in out does not fit the model's output",
            where=f"{model}, output {spec.name}",
            got=f"{out.dtype}{list(out.shape)}" + ("" if out.flags.writeable else ", read-only"),
            expected=f"{dtype}{list(stored.shape)}",
        )
    if converts and spec.quantization is not None:
        dequantize(stored, spec.quantization, out)
    else:
        np.copyto(out, stored)


def _in_range(array: Array, spec: TensorSpec, model: str) -> Array:
    """Whole numbers that a narrower type would wrap around are refused; real ones become the nearest."""
    if array.dtype.kind in "iu" and array.size and not np.can_cast(array.dtype, spec.dtype):
        low, high = (0, 1) if spec.dtype == "bool" else (np.iinfo(spec.dtype).min, np.iinfo(spec.dtype).max)
        if array.min() < low or array.max() > high:
            raise InputMismatch(
                "A whole number does not fit the model's input",
                where=f"{model}, input {spec.name}",
                got=f"{array.min()} to {array.max()}",
                expected=f"{spec.dtype}, {low} to {high}",
            )
    return array
