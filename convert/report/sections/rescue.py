"""How failed int8 files were rescued: what was done, what it costs, and everything that was tried."""

from __future__ import annotations

from ..material import Material, Section
from ..template import render


def rescue(material: Material) -> Section | None:
    """The mixed files, and the trials.

    Args:
        material: Of the page.

    Returns:
        The section; None where nothing had to be rescued.
    """
    report = material.report
    if not report.trials:
        return None
    return Section("Rescue", render("sections/rescue", rescues=report.rescues, trials=report.trials))
