"""The scripted worker, found by the processes that the tests start."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAM = "scripted_worker"


@pytest.fixture(autouse=True)
def _scripted_worker_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
