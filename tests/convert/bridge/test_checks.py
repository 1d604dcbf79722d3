"""The comparison says no when it should; flags, sharing, random inputs, and a carried model in another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import ENVIRONMENT

LOAD = """
import sys
import numpy as np
import tf_keras
from litefoot.convert.bridge import register

register()
model = tf_keras.models.load_model(sys.argv[1] + "/kept.keras", compile=False, safe_mode=True)
kept = np.load(sys.argv[1] + "/kept.npz")
print(float(np.abs(np.asarray(model(kept["x"])) - kept["y"]).max()))
"""
IMPORT = """
import sys
import litefoot.convert.bridge as bridge

bridge.carried_layers(), bridge.carried_operations()
print(sorted({"tensorflow", "keras", "tf_keras"} & set(sys.modules)))
"""


def run(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("spoiled", "first"),
    [
        ("a_weight_off_by_a_thousandth", ["second", "Conv2D"]),
        ("weights_not_copied", ["first", "Conv2D"]),
        ("a_weight_that_is_not_finite", ["norm", "BatchNormalization"]),
        ("gamma_and_beta_swapped", ["norm", "BatchNormalization"]),
        ("normalization_not_finalized", ["adapted", "Normalization"]),
        ("a_weight_before_an_output_that_is_always_the_same", ["unseen", "Dense"]),
    ],
)
def test_a_model_that_came_out_different_is_refused_and_the_first_layer_named(
    spoiled: str, first: list[str], report: dict[str, Any]
) -> None:
    refusal = report["checks"][spoiled]
    assert refusal["layers"] == [first]
    assert "gives other outputs" in refusal["message"]
    assert "relative error" in refusal["message"]


def test_outputs_in_another_order_and_missing_outputs_are_errors(report: dict[str, Any]) -> None:
    assert report["checks"]["outputs_swapped"] > 0.1
    assert report["checks"]["an_output_missing"] == float("inf")


def test_what_is_shared_stays_one(report: dict[str, Any]) -> None:
    assert report["checks"]["shared_layers"] == {"layers": 2, "weights": 4, "expected weights": 4}
    assert report["checks"]["shared_models"] == {"models": 1, "weights": 6, "expected weights": 6}


def test_the_same_weights_are_trainable(report: dict[str, Any]) -> None:
    flags = report["checks"]["trainable_flags"]
    assert {name: there for name, (_, there) in flags.items()} == {name: here for name, (here, _) in flags.items()}
    counts = {name: len(here) for name, (here, _) in flags.items()}
    assert counts == {
        "none frozen": 8,
        "one layer": 6,
        "the model": 0,
        "a nested model": 2,
        "a nested model but for one layer": 4,
        "a wrapper": 8,
    }


def test_what_has_a_part_in_training_only_is_carried_where_it_is_built_in(report: dict[str, Any]) -> None:
    carried = report["checks"]["what_is_for_training_only"]
    assert carried["kernel"] == {"l1": pytest.approx(0.1), "l2": pytest.approx(0.2)}
    assert carried["constraint"] == {"max_value": 3, "axis": 0}
    assert (carried["bias"], carried["activity"]) == ("L2", "L1")


def test_random_inputs_are_those_that_the_model_takes(report: dict[str, Any]) -> None:
    inputs = report["checks"]["inputs"]
    assert inputs["shapes"] == [[50, 6, 6, 3], [50, 4], [50, 1], [4, 96, 96, 3]]
    assert inputs["types"] == ["uint8", "float32", "bool", "float32"]
    assert inputs["image"] == [0, 255]
    assert inputs["tokens"] == list(range(7))
    assert inputs["float"]
    assert inputs["masked steps"] == [0, 1, 2, 3, 4]
    assert inputs["same seed"]
    assert not inputs["other seed"]


def test_a_carried_model_is_loaded_by_another_process(report: dict[str, Any], carried_folder: Path) -> None:
    assert report["checks"]["models_on_disk"] <= 1e-6
    assert float(run(LOAD, carried_folder)) <= 1e-5


def test_no_framework_is_imported_before_a_model_is_carried() -> None:
    assert run(IMPORT) == "[]"
