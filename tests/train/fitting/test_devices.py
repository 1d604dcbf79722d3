"""TF_CONFIG is read before anything else, and refused where it is not what TensorFlow documents."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from litefoot.runtime.errors import UsageError
from litefoot.train.fitting.devices import Devices, Task, read_task


def config(index: object = 1, kind: str = "worker") -> str:
    return json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": kind, "index": index}})


def test_without_the_variable_a_process_is_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert read_task() == Task(0, 1, given=False)
    assert read_task().is_chief


def test_the_first_of_several_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    for index in (0, 1):
        monkeypatch.setenv("TF_CONFIG", config(index))
        assert read_task() == Task(index, 2, given=True)
        assert read_task().is_chief == (index == 0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is not readable"),
        ("[]", "is not readable"),
        ('{"cluster": {"worker": []}}', "is not readable"),
        (config("first"), "is not readable"),
        (config(2), "not one of its workers"),
        (config(-1), "not one of its workers"),
        (config(0, "chief"), "not one of its workers"),
    ],
)
def test_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, what: str) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UsageError, match=what):
        read_task()


@pytest.mark.parametrize(("batch", "fitting"), [(32, 30), (2, 3), (31, 30)])
def test_a_batch_is_shared_equally_or_refused_with_one_that_can_be(batch: int, fitting: int) -> None:
    devices = Devices(SimpleNamespace(num_replicas_in_sync=3), Task())
    devices.check_batch(fitting)
    with pytest.raises(UsageError, match=f"--batch {fitting}, or another multiple of 3"):
        devices.check_batch(batch)
