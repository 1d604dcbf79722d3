"""How good a delivered model is on its own evaluation samples."""

from __future__ import annotations

from litefoot.runtime.verification.metrics import accuracy

from .recipe import Delivery


def metric_value(delivery: Delivery) -> float | None:
    """The contract's metric of the full-precision model.

    Args:
        delivery: What is shipped.

    Returns:
        The metric; None without one, or without targets.
    """
    if delivery.contract.metric is None or delivery.targets is None:
        return None
    return accuracy(delivery.model.predict(delivery.evaluation, verbose=0), delivery.targets)
