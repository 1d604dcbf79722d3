"""What the files were calibrated with against what they were judged on, for each input of real values."""

from __future__ import annotations

import numpy as np

from litefoot.runtime.sequences import fed

from ..charts import histogram
from ..material import Material, Section
from ..template import render

_BINS = 48
_MOST_INPUTS = 8


def ranges(material: Material) -> Section | None:
    """A histogram for each input.

    Args:
        material: Of the page.

    Returns:
        The section; None without calibration or without inputs of real values.
    """
    if material.golden is None or material.calibration is None:
        return None
    plots = []
    for spec in fed(material.contract.inputs, material.contract.state)[:_MOST_INPUTS]:
        both = [arrays.get(spec.name) for arrays in (material.calibration, material.golden.inputs)]
        if any(array is None or array.dtype.kind != "f" or not array.size for array in both):
            continue
        calibrated, judged = (np.asarray(array, np.float64) for array in both)
        low, high = min(calibrated.min(), judged.min()), max(calibrated.max(), judged.max())
        first, second = (
            np.histogram(values, _BINS, (low, high if high > low else low + 1))[0] for values in (calibrated, judged)
        )
        outside = ((judged < calibrated.min()) | (judged > calibrated.max())).mean()
        drawing = histogram(
            [(first.tolist(), "calibrated"), (second.tolist(), "judged")],
            (float(low), float(high)),
            marks=[(float(calibrated.min()), "limit"), (float(calibrated.max()), "limit")],
            size=(300.0, 120.0),
            label=f"values of input {spec.name}",
        )
        plots.append((spec.name, drawing, float(outside)))
    return Section("Calibration ranges", render("ranges", plots=plots)) if plots else None
