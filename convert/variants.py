"""The files that one conversion makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.manifest import Format


@dataclass(frozen=True)
class Variant:
    """One file to make.

    Attributes:
        name: The artifact's name, which is also its file's.
        format: ``tflite`` or ``onnx``.
        precision: ``fp32``; ``fp16``: weights in 16 bits; ``dynamic``: weights in 8 bits, activations quantized while
            running; ``int8``: weights and activations in 8 bits, ranges from calibration; ``int16x8``: the same with
            activations in 16 bits; ``mixed``: int8 with some layers in float.
        integer_io: Whether inputs and outputs are stored as integers too.
        needs: The variant from whose file this one is made; None where it is made from the model.
    """

    name: str
    format: Format
    precision: str
    integer_io: bool = False
    needs: str | None = None

    @property
    def calibrated(self) -> bool:
        """Whether calibration samples decide its activation ranges."""
        return self.precision in ("int8", "int16x8")


@dataclass(frozen=True)
class Skipped:
    """A variant that was left out.

    Attributes:
        name: Of the variant.
        reason: Why, and what would change that.
    """

    name: str
    reason: str


VARIANTS = (
    Variant("fp32.tflite", "tflite", "fp32"),
    Variant("fp16.tflite", "tflite", "fp16", needs="fp32.tflite"),
    Variant("dynamic.tflite", "tflite", "dynamic", needs="fp32.tflite"),
    Variant("int8.tflite", "tflite", "int8", needs="fp32.tflite"),
    Variant("int8-io.tflite", "tflite", "int8", integer_io=True, needs="fp32.tflite"),
    Variant("fp32.onnx", "onnx", "fp32"),
    Variant("fp16.onnx", "onnx", "fp16", needs="fp32.onnx"),
    Variant("dynamic.onnx", "onnx", "dynamic", needs="fp32.onnx"),
    Variant("int8.onnx", "onnx", "int8", needs="fp32.onnx"),
)

ON_REQUEST = (Variant("int16x8.tflite", "tflite", "int16x8", needs="fp32.tflite"),)
"""What is made only where it is named: TFLite's kernels for it are slower than those for float."""

MIXED = (
    Variant("mixed.tflite", "tflite", "mixed", needs="int8.tflite"),
    Variant("mixed.onnx", "onnx", "mixed", needs="int8.onnx"),
)
"""What is made only where the int8 file of the same format misses its limits."""


def choose_variants(names: Sequence[str] | None) -> tuple[Variant, ...]:
    """The variants of these names, with those that they are made from.

    Args:
        names: Names of `VARIANTS`, `ON_REQUEST` and `MIXED`; None for all of the first.

    Returns:
        Those of `VARIANTS`, in their order, and of `ON_REQUEST`; what a mixed one would be made from is among them.

    Raises:
        UsageError: A name is not known, or there is none.
    """
    known = {variant.name: variant for variant in (*VARIANTS, *ON_REQUEST, *MIXED)}
    if names is None:
        return VARIANTS
    if unknown := [name for name in names if name not in known]:
        raise UsageError("There is no such variant", got=", ".join(unknown), expected=f"some of {', '.join(known)}")
    if not names:
        raise UsageError("No variant was asked for", expected=f"some of {', '.join(known)}")
    wanted: set[str] = set()
    for name in names:
        asked: str | None = name
        while asked is not None:
            wanted.add(asked)
            asked = known[asked].needs
    return tuple(variant for variant in (*VARIANTS, *ON_REQUEST) if variant.name in wanted)


def choose_mixed(names: Sequence[str] | None) -> tuple[Variant, ...]:
    """The mixed variants that may be made.

    Args:
        names: As for `choose_variants`.

    Returns:
        Those of `MIXED` that are named; all where nothing is.
    """
    return tuple(variant for variant in MIXED if names is None or variant.name in names)
