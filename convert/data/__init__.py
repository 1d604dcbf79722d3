"""Calibration and evaluation samples in the shapes that users have, made ready for a model and checked."""

from litefoot.runtime.verification.matching import TARGET_NAMES

from .checks import check_given, check_metric, check_range, check_samples, check_targets
from .reading import Given, read_data
from .samples import Data

__all__ = [
    "TARGET_NAMES",
    "Data",
    "Given",
    "check_given",
    "check_metric",
    "check_range",
    "check_samples",
    "check_targets",
    "read_data",
]
