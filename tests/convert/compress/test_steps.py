"""What the steps make of tiny models, told by `program.py`: TensorFlow stays out of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parent / "program.py"
Found = dict[str, Any]


def run(folder: Path, cases: str) -> Found:
    out = folder / "found.json"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(out), cases],
        capture_output=True, text=True, env=environment, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Found = json.loads(out.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return run(tmp_path_factory.mktemp("pictures"), "pictures")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return run(tmp_path_factory.mktemp("others"), "others")


def test_taking_models_apart_and_folding_batch_normalisation_change_no_answer(pictures: Found) -> None:
    found = pictures["folding"]
    assert found["flat"] == 0.0
    assert found["folded"] < 1e-6
    assert found["norms"] == [3, 1], "the one behind a ReLU stays"
    assert {"first", "inner_first"} <= set(found["names"]), "a name that stands twice is made another"


def test_quantization_aware_training_rounds_the_weights_before_a_relu_too(pictures: Found) -> None:
    assert pictures["quantize-aware"]["rounded weights"] == 5, "of all layers but the transposed one"


def test_the_int8_file_is_what_the_rounded_model_is_transposed_convolution_included(pictures: Found) -> None:
    found = pictures["quantize-aware"]
    assert found["left"]["quantize_aware"] == ["late_norm", "transposed"]
    assert found["file"] < 0.02
    assert found["plain"] < 0.05


def test_zeros_and_clusters_survive_all_three_steps_and_the_int8_file(pictures: Found) -> None:
    found = pictures["all three"]
    for name in ("first", "bare", "inner_first", "transposed", "answer"):
        ((zeros, values),) = found["kernels"][name]
        assert zeros >= 0.58, name
        assert values <= 8, name
    assert found["kernels"]["depthwise"][0][0] == 0.0
    assert found["left"]["prune"] == ["depthwise", "late_norm", "norm", "second_norm"]
    assert found["left"]["cluster"] == ["depthwise", "late_norm"], "the others are folded"
    assert found["file"] < 0.02
    assert found["stored"], "there are weights with one scale for the whole layer"
    assert max(found["stored"]) <= 8


def test_recurrent_layers_and_embeddings_are_pruned_and_clustered(others: Found) -> None:
    found = others["sequences"]
    for name in ("embedding", "lstm", "gru", "answer"):
        for zeros, values in found["kernels"][name][:2]:
            assert zeros >= 0.45, name
            assert values <= 8, name
    assert found["left"] == {"prune": ["einsum", "normal"], "cluster": ["attention", "einsum", "normal"]}


def test_zeros_of_a_layer_that_the_next_step_cannot_take_stay(others: Found) -> None:
    query, bias, *_ = others["sequences"]["kernels"]["attention"]
    assert query == [pytest.approx(0.5, abs=0.05), query[1]]
    assert bias[0] == 0.0


def test_layers_with_a_mask_are_left_alone(others: Found) -> None:
    assert others["masked"]["left"] == {"prune": ["embedding", "recurrent"]}
    assert others["masked"]["kernels"]["answer"][0][0] == pytest.approx(0.5, abs=0.05)


def test_two_of_each_four_neighbours_are_zero(others: Found) -> None:
    assert others["2:4"]["fours"] == [2]


def test_layers_whose_input_channels_are_no_fours_are_left_alone(others: Found) -> None:
    found = others["2:4 of pictures"]
    kinds = {"depthwise", "late_norm", "norm", "second_norm", "transposed"}
    assert set(found["left"]["prune"]) == kinds | {"first"}, "which has one channel"
    for name in ("bare", "inner_first", "answer"):
        assert found["kernels"][name][0][0] == 0.5


def test_blocks_are_zero_as_a_whole(others: Found) -> None:
    assert others["block"]["blocks"] == [0, 4]
    assert others["block"]["left"]["prune"] == ["answer"], "its rows are of one block"


def test_only_the_layers_that_xnnpack_has_sparse_kernels_for_are_pruned(others: Found) -> None:
    kernels = others["xnnpack"]["kernels"]
    assert kernels["pointwise"][0][0] == pytest.approx(0.7, abs=0.05)
    assert kernels["first"][0][0] == 0.0


def test_a_network_of_another_form_is_refused_for_xnnpack(others: Found) -> None:
    assert "UsageError" in others["not xnnpack"]["error"]
    assert "sparse kernels" in others["not xnnpack"]["error"]


def test_a_step_that_can_take_no_layer_is_refused(others: Found) -> None:
    assert "No layer" in others["no layer"]["error"]


def test_a_loss_that_is_no_number_is_said_with_the_way_out(others: Found) -> None:
    assert "TrainingFailed" in others["no number"]["error"]
    assert "learning_rate" in others["no number"]["error"]


def test_the_same_seed_gives_the_same_weights_and_an_interrupt_does_not_change_them(others: Found) -> None:
    found = others["interrupted"]
    assert found["whole"][0] == found["whole"][1] == found["resumed"]
    assert found["other seed"] != found["whole"][0]
    assert found["kept"] == ["cluster.npz", "prune.json", "prune.npz", "prune.weights.h5"]


def test_the_same_seed_drops_the_same(others: Found) -> None:
    assert others["dropout"]["whole"][0] == others["dropout"]["whole"][1]


def test_targets_and_losses_are_given_by_output_name(others: Found) -> None:
    assert others["two outputs"]["kernels"]["hidden"][0][0] == pytest.approx(0.5, abs=0.05)
    assert {"kind_loss", "size_loss", "kind_accuracy", "loss"} <= set(others["two outputs"]["history"])
