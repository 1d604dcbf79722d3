"""A compressed model: files are compared with it in float, and the metric with the model before compression."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import BadDocument
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance
from litefoot.runtime.verification.verdict import Verdict, judge

SAMPLES = 400
CLASSES = np.arange(SAMPLES) % 3
BEFORE = {"scores": np.eye(3, dtype=np.float32)[CLASSES] * 4}
AFTER = {"scores": BEFORE["scores"] * np.float32(0.5) + np.float32(0.25)}
"""Another model, which answers by the same classes."""
CONTRACT = ModelContract(
    inputs=(TensorSpec("x", (None, 2), "float32"),),
    outputs=(TensorSpec("scores", (None, 3), "float32", kind="logits"),),
    task="a task",
    metric=Metric("accuracy", 0.02),
)


def verdict(contract: ModelContract = CONTRACT, targets: Any = CLASSES, **given: Any) -> Verdict:
    case: dict[str, Any] = {
        "references": BEFORE,
        "compressed": AFTER,
        "outputs": {"scores": AFTER["scores"] + np.float32(0.001)},
        **given,
    }
    tolerances = {"scores": Tolerance(0.01, 0.0, 40.0)}
    return judge(artifact="a", engine="e", contract=contract, targets=targets, tolerances=tolerances, steps={}, **case)


def test_a_file_that_is_what_the_compressed_model_is_passes_where_the_metric_does() -> None:
    found = verdict()
    assert (found.status, found.compressed, found.reason) == ("passed", True, "")
    (output,) = found.outputs
    assert output.drift is not None
    assert output.from_original is not None
    assert output.drift.max_abs == pytest.approx(0.001, rel=1e-3)
    assert output.from_original.max_abs == pytest.approx(1.749, rel=1e-3), "4 became 2.25"


def test_a_file_that_is_not_fails_even_where_it_is_nearer_to_the_model_before() -> None:
    found = verdict(outputs=BEFORE)
    assert found.status == "failed"
    assert "values outside" in found.reason


def test_the_metric_is_lost_from_the_model_before_compression() -> None:
    wrong = {"scores": AFTER["scores"].copy()}
    wrong["scores"][::4] = wrong["scores"][::4, ::-1]
    found = verdict(compressed=wrong, outputs=wrong)
    assert found.status == "failed"
    assert found.task is not None
    assert found.task.reference == 1.0
    assert found.task.artifact < 0.9


@pytest.mark.parametrize("without", ["targets", "metric"])
def test_without_labels_or_metric_it_is_undecided_and_says_why(without: str) -> None:
    contract = replace(CONTRACT, metric=None) if without == "metric" else CONTRACT
    found = verdict(contract, None if without == "targets" else CLASSES)
    assert found.status == "undecided"
    assert "compression has cost" in found.reason
    failed = verdict(contract, None if without == "targets" else CLASSES, outputs=BEFORE)
    assert failed.status == "failed"


def test_a_missing_answer_of_the_compressed_model_fails() -> None:
    assert verdict(compressed={"other": AFTER["scores"]}).status == "failed"


def test_a_model_that_was_not_compressed_is_judged_as_before() -> None:
    found = verdict(compressed={}, outputs=BEFORE, targets=None)
    assert (found.status, found.compressed) == ("passed", False)
    assert found.outputs[0].from_original is None


def test_golden_samples_hold_its_answers() -> None:
    golden = Golden({"x": np.zeros((SAMPLES, 2))}, BEFORE, CLASSES, AFTER)
    found = Golden.from_arrays(golden.to_arrays(), "golden.npz")
    assert found.compressed["scores"].tolist() == AFTER["scores"].tolist()
    assert Golden.from_arrays(replace(golden, compressed={}).to_arrays(), "golden.npz").compressed == {}
    with pytest.raises(BadDocument, match="numbers of samples"):
        Golden.from_arrays({**golden.to_arrays(), "compressed/scores": AFTER["scores"][1:]}, "golden.npz")
