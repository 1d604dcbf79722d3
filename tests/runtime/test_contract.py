"""Which arrays fit a specification, how it reads, and that a contract survives its document."""

from __future__ import annotations

import json

import pytest

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Quantization, TensorSpec

IMAGE = TensorSpec("image", (None, 8, 8, 1), "float32")


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((1, 8, 8, 1), True), ((7, 8, 8, 1), True), ((1, 8, 9, 1), False), ((8, 8, 1), False), ((1, 8, 8, 1, 1), False)],
)
def test_only_free_dimensions_take_any_size(shape: tuple[int, ...], fits: bool) -> None:
    assert IMAGE.accepts(shape) is fits


def test_a_scalar_fits_only_a_scalar() -> None:
    scalar = TensorSpec("threshold", (), "float32")
    assert scalar.accepts(())
    assert not scalar.accepts((1,))


def test_a_specification_reads_as_name_type_and_sizes() -> None:
    assert str(IMAGE) == "image float32[?, 8, 8, 1]"
    assert str(TensorSpec("t", (), "int64")) == "t int64[]"


def test_a_specification_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        IMAGE.name = "other"  # type: ignore[misc]


def test_a_whole_contract_survives_json() -> None:
    contract = ModelContract(
        inputs=(IMAGE, TensorSpec("stored", (1,), "int8", quantization=Quantization(0.5, -3))),
        outputs=(TensorSpec("p", (None, 2), "float32", kind="probabilities"),),
        task="digits",
        preprocessing={"image": (Grayscale(), Resize(8, 8), Scale(1 / 255, -0.5))},
        labels=("0", "1"),
        metric=Metric("accuracy", 0.01),
    )
    assert decode(ModelContract, json.loads(json.dumps(encode(contract))), "contract") == contract
