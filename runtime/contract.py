"""What a model promises: what goes in and comes out, what that means, and how well it does its task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .postprocessing import Postprocessing
from .preprocessing import Step
from .tensors import TensorSpec
from .verification.tolerance import Tolerance

MetricName = Literal[
    "accuracy", "f1", "mean_iou", "map50", "psnr", "ssim", "rmse", "perplexity", "exact_match", "span_f1", "bleu",
    "token_match",
]  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """The task's own measure of quality and how much of it an artifact may lose.

    Attributes:
        name: Of the metric; docs/verification.md has the formula of each.
        max_drop: The largest loss that passes, in units of the metric (0.01 is one point of accuracy); where smaller is
            better, the largest gain.
        span: Distance between the smallest and the largest value that a picture can hold, for ``psnr`` and ``ssim``.
    """

    name: MetricName
    max_drop: float
    span: float = 1.0


@dataclass(frozen=True)
class ModelContract:
    """Everything that a caller must know to use the model rightly.

    Attributes:
        inputs: What the full-precision model takes, batch dimension free.
        outputs: What it returns, batch dimension free.
        task: What it does, for example ``image classification``.
        preprocessing: For an input's name, the steps from a decoded file to the input's values.
        labels: The name of each class, in the order of the output; empty without classes.
        metric: How quality is measured on labelled samples; None where it is not.
        state: For a model that takes one step of a sequence: for the name of each input that holds state, the output
            that is its next value.
        postprocessing: How the outputs are read; None where nobody said.
        tolerances: For an output's name and a precision, how far the output may be from the full-precision model's,
            where that is not what is usual.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    task: str
    preprocessing: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    metric: Metric | None = None
    state: dict[str, str] = field(default_factory=dict)
    postprocessing: Postprocessing | None = None
    tolerances: dict[str, dict[str, Tolerance]] = field(default_factory=dict)
