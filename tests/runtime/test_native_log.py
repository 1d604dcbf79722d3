"""Native chatter is kept off the terminal for the length of the block and no longer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from litefoot.runtime.native_log import native_log_silenced


def chatter_and_fail() -> None:
    os.write(2, b"chatter")
    raise RuntimeError("a native error")


def test_only_what_is_written_inside_the_block_vanishes(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with native_log_silenced():
        os.write(2, b"chatter")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_an_error_passes_through_and_the_terminal_is_given_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="a native error"), native_log_silenced():
        chatter_and_fail()
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors as Linux lists them")
def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with native_log_silenced():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
