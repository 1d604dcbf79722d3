"""Values to gray levels: rounded, cut, and of the output that is a picture."""

from __future__ import annotations

import numpy as np
import pytest

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.postprocessing import Pixels, postprocess
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind, TensorSpec


def contract(kind: Kind) -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("noise", (None, 4), "float32"),),
        outputs=(TensorSpec("picture", (None, 1, 5, 1), "float32", kind=kind),),
        task="image generation",
        postprocessing=Pixels(127.5, 127.5),
    )


def test_values_become_gray_levels() -> None:
    values = np.array([-1.0, 0.0, 1.0, -7.0, 1.01], np.float32).reshape(1, 5, 1)
    answer = postprocess({"picture": values}, contract("image"))
    assert answer is not None
    picture = answer.picture()
    assert picture is not None
    assert picture.dtype == np.uint8
    assert picture.ravel().tolist() == [0, 128, 255, 0, 255]
    assert "1 x 5" in str(answer)
    assert encode(answer)["pixels"] == picture.tolist()


def test_another_kind_is_no_picture() -> None:
    with pytest.raises(UsageError, match="image"):
        postprocess({"picture": np.zeros((1, 5, 1), np.float32)}, contract("sequence"))


def test_it_survives_json() -> None:
    given = contract("image")
    assert decode(ModelContract, encode(given), "contract") == given
