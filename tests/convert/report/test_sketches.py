"""Samples shown as what they are: pictures as pictures to the last gray level, words as words, numbers as numbers."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from litefoot.convert.report.sketches import (
    as_bytes,
    best_classes,
    boxes_on,
    mask,
    numbers,
    picture,
    sketch_input,
    spread,
    text,
    words,
)
from litefoot.runtime import ModelContract, TensorSpec
from litefoot.runtime.preprocessing import Scale, Tokens

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
IMAGE = TensorSpec("image", (None, 6, 8, 3), "float32")
TEXT = TensorSpec("text", (None, 4), "int32", kind="tokens")
CONTRACT = ModelContract(
    (IMAGE, TEXT),
    (TensorSpec("y", (None, 3), "float32", kind="logits"),),
    "",
    preprocessing={
        "image": (Scale(1 / 127.5, -1.0),),
        "text": (Tokens(("", "?", "a", "<b>"), 4),),
    },
    labels=("cat", "dog", ""),
)


def pictures(html: str) -> list[np.ndarray]:
    return [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(coded))))
        for coded in re.findall(r'href="data:image/png;base64,([^"]*)"', html)
    ]


def test_a_picture_is_the_one_before_scaling_to_the_last_gray_level() -> None:
    scaled = PIXELS.astype(np.float32) / np.float32(127.5) - 1
    (found,) = pictures(sketch_input(IMAGE, scaled, CONTRACT))
    np.testing.assert_array_equal(found, PIXELS)


def test_without_a_known_scale_the_range_is_spread() -> None:
    plain = ModelContract(CONTRACT.inputs, CONTRACT.outputs, "")
    found = as_bytes(IMAGE, PIXELS / 1000 + 5, plain)
    assert (found.min(), found.max()) == (0, 255)
    np.testing.assert_array_equal(spread(np.array([np.nan, 1.0, 3.0, np.inf])), [0, 0, 255, 255])
    np.testing.assert_array_equal(spread(np.full(3, np.nan)), 0)
    np.testing.assert_array_equal(spread(np.full(3, 7.0)), 0)


def test_a_large_picture_is_made_smaller_and_a_strip_is_shown_wider() -> None:
    (found,) = pictures(picture(np.zeros((400, 800), np.uint8)))
    assert found.shape == (96, 192)
    root = ElementTree.fromstring(picture(np.zeros((2, 500), np.uint8)))
    assert float(root.attrib["width"]) / float(root.attrib["height"]) == pytest.approx(4, rel=0.05)


def test_boxes_lie_where_they_are() -> None:
    drawn = boxes_on(PIXELS, [((0.25, 0.5, 0.75, 1.0), "cat <1>")], "right")
    root = ElementTree.fromstring(picture(PIXELS, drawn))
    (box,) = root.findall("rect")
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    places = [float(box.attrib[name]) for name in ("x", "y", "width", "height")]
    assert places == pytest.approx([width / 2, height / 4, width / 2, height / 2], abs=0.1)
    title = box.find("title")
    assert title is not None
    assert title.text == "cat <1>"


def test_a_mask_has_a_colour_for_each_class_and_black_for_none() -> None:
    scores = np.zeros((5, 5, 3))
    scores[..., 0], scores[1, 2, 1], scores[3, 3, 2] = 0.5, 1, 1
    (found,) = pictures(mask(scores))
    assert len({tuple(pixel) for pixel in found.reshape(-1, 3)}) == 3
    assert tuple(found[0, 0]) == (0, 0, 0)
    assert tuple(found[1, 2]) != tuple(found[3, 3])


def test_tokens_are_words_and_words_are_escaped() -> None:
    html = sketch_input(TEXT, np.array([3, 2, 9, 0], np.int32), CONTRACT)
    assert html == '<span class="text">&lt;b&gt; a &lt;9&gt;</span>'
    plain = ModelContract(CONTRACT.inputs, CONTRACT.outputs, "")
    assert words(TEXT, np.array([3, 2, 0, 0]), plain) == "3 2 0 0"
    labelled = ModelContract(CONTRACT.inputs, CONTRACT.outputs, "", labels=("", "un", "chat", "noir"))
    assert words(TEXT, np.array([1, 2, 3, 0]), labelled) == "un chat noir"
    assert words(TEXT, np.array([1, 2, 40, 0]), labelled) == "1 2 40 0"
    assert words(TEXT, np.arange(1000), plain).endswith(" ...")


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((3,), "text"),
        ((), "text"),
        ((200,), "polyline"),
        ((40, 3), "polyline"),
        ((40, 30), "image"),
        ((1, 40), "polyline"),
    ],
)
def test_numbers_are_text_curves_or_pictures_by_their_shape(shape: tuple[int, ...], shown: str) -> None:
    values = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    html = numbers([(values, "reference", "a"), (values + 1, "missed", "b")])
    tags = {"text": 'class="text"', "polyline": "<polyline", "image": "<image"}
    assert {name for name, tag in tags.items() if tag in html} == {shown}
    if shape == (40, 3):
        assert html.count("<polyline") == 6


@pytest.mark.parametrize(
    ("scores", "kind", "line"),
    [
        ([0.1, 0.7, 0.2], "probabilities", "dog 70.0%"),
        ([[9.0, 0.0, 0.0], [0.0, 0.0, 30.0]], "logits", "2 100.0%"),
        ([0.75], "probabilities", "1 75.0%"),
        ([np.nan, 0.0, 0.0], "logits", "not finite"),
    ],
)
def test_the_best_class_of_the_last_step_is_named(scores: list[float], kind: str, line: str) -> None:
    assert best_classes(np.array(scores), kind, CONTRACT.labels) == line


def test_a_text_is_never_html() -> None:
    assert text("<script>") == '<span class="text">&lt;script&gt;</span>'
