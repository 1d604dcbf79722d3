"""Documents come back as they were written, and nothing else gets in."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litefoot.runtime.errors import BadDocument
from litefoot.runtime.preprocessing import Grayscale, Resize, Scale, Step
from litefoot.runtime.storage import files
from litefoot.runtime.storage.codec import decode, encode, read_document


@dataclass(frozen=True)
class Inner:
    size: int | None
    share: float


@dataclass(frozen=True)
class Outer:
    mark: Literal["outer"]
    version: Literal[1]
    name: str
    inner: Inner
    many: tuple[Inner, ...]
    named: dict[str, float]
    steps: tuple[Step, ...]
    free: dict[str, Any]
    ready: bool = True


EXAMPLE = Outer(
    "outer", 1, "n", Inner(3, 0.5), (Inner(None, 1.0),), {"a": 2.0}, (Grayscale(), Resize(4, 5)), {"k": [1, None]}
)
numbers = st.floats(allow_nan=False)
inners = st.builds(Inner, st.none() | st.integers(), numbers)
steps = st.just(Grayscale()) | st.builds(Resize, st.integers(), st.integers()) | st.builds(Scale, numbers, numbers)
outers = st.builds(
    Outer,
    st.just("outer"),
    st.just(1),
    st.text(),
    inners,
    st.lists(inners, max_size=3).map(tuple),
    st.dictionaries(st.text(), numbers, max_size=3),
    st.lists(steps, max_size=3).map(tuple),
    st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.booleans()), max_size=3),
    st.booleans(),
)


@given(outers)
def test_what_is_encoded_decodes_to_the_same(outer: Outer) -> None:
    text = json.dumps(encode(outer), allow_nan=False)
    assert decode(Outer, json.loads(text), "document") == outer


def test_encoding_is_plain_json_by_field_name() -> None:
    assert encode(Inner(None, math.inf)) == {"size": None, "share": "inf"}
    assert encode((Scale(0.5), -math.inf)) == [{"scale": 0.5, "offset": 0.0, "op": "scale"}, "-inf"]


def test_nan_survives_as_a_string() -> None:
    assert encode(math.nan) == "nan"
    assert math.isnan(decode(float, "nan", "document"))


def test_a_default_fills_a_missing_field() -> None:
    document = encode(EXAMPLE)
    del document["ready"]
    assert decode(Outer, document, "document").ready is True


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("surplus",), 1, "surplus"),
        (("inner", "surplus"), 1, "document.inner"),
        (("mark",), "inner", "document.mark"),
        (("version",), 2, "document.version"),
        (("version",), True, "document.version"),
        (("version",), 1.0, "document.version"),
        (("name",), 5, "document.name"),
        (("name",), None, "document.name"),
        (("inner",), [], "document.inner"),
        (("inner", "size"), 1.5, "document.inner.size"),
        (("inner", "size"), True, "document.inner.size"),
        (("inner", "share"), "much", "document.inner.share"),
        (("inner", "share"), False, "document.inner.share"),
        (("inner", "share"), None, "document.inner.share"),
        (("inner", "share"), 10**400, "document.inner.share"),
        (("many",), {}, "document.many"),
        (("many", 0, "size"), "3", "document.many[0].size"),
        (("named", "a"), [], "document.named.a"),
        (("steps", 0, "op"), "blur", "document.steps[0]"),
        (("steps", 0, "op"), [], "document.steps[0]"),
        (("steps", 1), "resize", "document.steps[1]"),
        (("ready",), 1, "document.ready"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(path: tuple[Any, ...], value: Any, named: str) -> None:
    document = place = encode(EXAMPLE)
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BadDocument) as refused:
        decode(Outer, document, "document")
    assert named in str(refused.value)


@pytest.mark.parametrize("name", ["mark", "inner", "named", "free"])
def test_a_missing_field_is_named(name: str) -> None:
    document = encode(EXAMPLE)
    del document[name]
    with pytest.raises(BadDocument, match=name):
        decode(Outer, document, "document")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\xfd", b'{"size": 1, "share": NaN}', b'{"size": 1, "share": -Infinity}', b"[" * 100_000],
    ids=["empty", "cut off", "not text", "NaN", "Infinity", "nested without end"],
)
def test_what_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=r"not valid JSON[\s\S]*document\.json"):
        read_document(Inner, path)


def test_a_document_is_read_up_to_the_limit_and_not_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(encode(Inner(1, 2.0))))
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", path.stat().st_size)
    assert read_document(Inner, path) == Inner(1, 2.0)
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", path.stat().st_size - 1)
    with pytest.raises(BadDocument, match="too large"):
        read_document(Inner, path)


def test_a_missing_document_is_a_bad_document(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match="cannot be read"):
        read_document(Inner, tmp_path / "nothing.json")


@pytest.mark.parametrize("value", [[], [1.0], [1.0, 2, 3]])
def test_a_tuple_of_fixed_length_has_that_length(value: list[float]) -> None:
    assert decode(tuple[float, int], [1.0, 2], "here") == (1.0, 2)
    with pytest.raises(BadDocument, match="2 values"):
        decode(tuple[float, int], value, "here")
