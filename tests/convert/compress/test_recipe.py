"""A recipe is read strictly, its defaults work, and options stand above it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litefoot.convert.compress import Cluster, Compression, Prune, QuantizeAware, choose_compression, read_compression
from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.codec import decode, encode

SAMPLE = Path(__file__).parents[3] / "samples" / "compress.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sample_is_the_three_steps_with_the_defaults() -> None:
    assert read_compression(SAMPLE) == Compression(Prune(0.5), Cluster(16), QuantizeAware(), epochs=8)


def test_an_empty_table_takes_the_defaults(tmp_path: Path) -> None:
    assert read_compression(written(tmp_path, "[prune]\n")) == Compression(prune=Prune())


def test_every_field_can_be_set(tmp_path: Path) -> None:
    text = """
    epochs = 3
    batch = 16
    learning_rate = 1
    patience = 2
    held_back = 0.2
    loss = "mean_squared_error"
    seed = 7
    skip = ["head"]
    [prune]
    sparsity = 0.75
    pattern = "block"
    settled = 0.5
    [cluster]
    clusters = 8
    per_channel = true
    [quantize_aware]
    calibrated = false
    carry_ranges = false
    """
    expected = Compression(
        Prune(0.75, "block", 0.5),
        Cluster(8, per_channel=True),
        QuantizeAware(calibrated=False, carry_ranges=False),
        3, 16, 1.0, 2, 0.2, "mean_squared_error", 7, ("head",),
    )  # fmt: skip
    assert read_compression(written(tmp_path, text)) == expected
    assert decode(Compression, encode(expected), "") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sparsity = 0.5", "sparsity"),
        ("[prune]\nshare = 0.5", "share"),
        ("[prune]\nsparsity = 1.0", "below 1"),
        ('[prune]\nsparsity = 0.8\npattern = "2:4"', "0.5"),
        ('[prune]\npattern = "diagonal"', "single"),
        ("[prune]\nsettled = 0.0", "settled"),
        ("[cluster]\nclusters = 1", "2 to 256"),
        ("[cluster]\nclusters = 1.5", "clusters"),
        ("epochs = 3", "at least one step"),
        ("epochs = 0\n[prune]", "epochs"),
        ("learning_rate = 0.0\n[prune]", "learning rate"),
        ("held_back = 1.0\n[prune]", "held_back"),
        ("seed = -1\n[prune]", "seed"),
        ("[prune", "not TOML"),
    ],
)
def test_what_means_nothing_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_compression(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such"):
        read_compression(tmp_path / "none.toml")
    (tmp_path / "recipe.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not TOML"):
        read_compression(tmp_path / "recipe.toml")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"prune": None, "cluster": None}, None),
        ({"prune": "0.8"}, Compression(Prune(0.8))),
        ({"prune": "2:4"}, Compression(Prune(0.5, "2:4"))),
        ({"cluster": 32, "epochs": 2}, Compression(cluster=Cluster(32), epochs=2)),
        ({"quantize_aware": True, "loss": "mse"}, Compression(quantize_aware=QuantizeAware(), loss="mse")),
    ],
)
def test_options_make_a_compression(options: dict[str, Any], expected: Compression | None) -> None:
    assert choose_compression(None, options) == expected


def test_options_stand_above_the_recipe(tmp_path: Path) -> None:
    path = written(tmp_path, "epochs = 9\n[prune]\nsparsity = 0.6")
    assert choose_compression(path, {"epochs": 2}) == Compression(Prune(0.6), epochs=2)
    assert choose_compression(path, {"prune": "0.7"}) == Compression(Prune(0.7), epochs=9)


@pytest.mark.parametrize("options", [{"epochs": 3}, {"prune": "much"}, {"prune": "0"}, {"cluster": 1}])
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        choose_compression(None, options)


def test_clusters_of_a_whole_layer_need_one_scale() -> None:
    assert Compression(cluster=Cluster()).one_scale
    assert not Compression(cluster=Cluster(per_channel=True)).one_scale
    assert not Compression(prune=Prune()).one_scale


def test_it_reads_as_its_steps() -> None:
    assert str(Compression(Prune(0.5, "2:4"), Cluster(8, per_channel=True), QuantizeAware())) == (
        "prune 50% 2:4, cluster 8 per channel, quantization-aware training"
    )
    assert Compression(Prune(), quantize_aware=QuantizeAware()).steps == ("prune", "quantize_aware")
