"""What was tried in a rescue, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..remedies import CALIBRATIONS
from ..variants import Skipped


@dataclass(frozen=True)
class Trial:
    """One file that was made and tried on the held-out samples.

    Attributes:
        name: The variant that it might have become, for example ``mixed.tflite``.
        what: What was done to it, for people.
        bytes: Size of the file; 0 where it could not be made.
        sqnr_db: Of the worst output, on the held-out samples; None where it could not be measured.
        passed: Whether every limit held there, and, of a file that was judged then, on the evaluation samples.
        reason: Why it did not pass, or could not be made; empty when it did.
        seconds: How long it took; next to nothing for one that an interrupted run had finished.
        kept: Whether the file, or what was done to it, was kept.
    """

    name: str
    what: str
    bytes: int
    sqnr_db: float | None
    passed: bool
    reason: str
    seconds: float
    kept: bool = False


@dataclass(frozen=True)
class Rescue:
    """How a mixed variant came about, and what it costs.

    Attributes:
        name: Of the variant.
        remedies: What was done before any layer was given back, each with the number of its places.
        in_float: The tensors that are computed in float, worst first, each with the Keras layer's name where the file
            tells; their weights are in 8 bits.
        float_weights: The layers whose weights are in float too.
        held_out: How many samples decided; none of them calibrated the file, and none is among those of the verdict.
        judged: How many files that passed there were judged on the evaluation samples; this is the last of them.
        reason: Why even this one did not pass there; empty when it did.
        bytes_to_int8: Its size divided by that of the int8 file.
        bytes_to_float: Likewise by that of the float file.
    """

    name: str
    remedies: tuple[str, ...]
    in_float: tuple[str, ...]
    float_weights: tuple[str, ...]
    held_out: int
    judged: int
    reason: str
    bytes_to_int8: float
    bytes_to_float: float


@dataclass(frozen=True)
class Rescued:
    """What the rescue of a conversion ended with.

    Attributes:
        rescues: How each mixed file came about.
        trials: Everything that was tried, in order.
        skipped: Mixed variants that were not made, and why.
    """

    rescues: tuple[Rescue, ...] = ()
    trials: tuple[Trial, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a trial makes.

    Attributes:
        format: ``tflite`` or ``onnx``.
        source: The float file.
        quantized: The file with everything in 8 bits that it is compared with; of ONNX it is what layers are freed in.
        calibration: An ``.npz`` file.
        ranges: How activation ranges are chosen: the name of one of `CALIBRATIONS`.
        one_scale: Whether all weights of a layer have one scale, as those of a clustered model do.
        uncorrected: The float file before its biases were corrected for weights in 8 bits; empty where they were not.
        freed: Tensors whose values stay in float.
        float_weights: Tensors whose operators keep their weights in float too.
    """

    format: str
    source: str
    quantized: str
    calibration: str
    ranges: str = CALIBRATIONS[0].name
    one_scale: bool = False
    uncorrected: str = ""
    freed: tuple[str, ...] = ()
    float_weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a trial's file did on the held-out samples.

    Attributes:
        bytes: Size of the file.
        sqnr_db: Of the worst output; None where nothing could be compared.
        passed: Whether every limit held.
        reason: Why not; empty when it did.
    """

    bytes: int
    sqnr_db: float | None
    passed: bool
    reason: str

    @classmethod
    def impossible(cls, reason: Any) -> Measured:
        """Of a file that could not be made or run.

        Args:
            reason: Why.

        Returns:
            The measurement: it did not pass.
        """
        return cls(0, None, passed=False, reason=str(reason))
