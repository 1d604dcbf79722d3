"""A conversion that is interrupted, or runs out of disk, leaves what was there before and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litefoot.runtime import Bundle
from litefoot.runtime.storage.files import sha256

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="child processes are found in /proc"),
]

LIMITED = """
import resource, sys
from litefoot.cli.main import main
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.exit(main(sys.argv[2:]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def children(pid: int) -> list[int]:
    """Processes whose parent this is."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended since
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_an_interrupt_keeps_the_bundle_before_and_ends_every_worker(
    copied_bundle: Path, trained_digits: Path, tmp_path: Path
) -> None:
    before = digests(copied_bundle)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "litefoot.cli.main", "convert", trained_digits, "--out", copied_bundle, "--force"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)},
    )  # fmt: skip
    wait_for(lambda: len(children(process.pid)) == 2, "both workers run")
    wait_for(lambda: any(copied_bundle.parent.glob(".bundle-*/models")), "the new bundle was begun")
    workers = children(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "interrupted; nothing was changed"
    assert digests(copied_bundle) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "scratch"]
    assert [path.name for path in scratch.iterdir() if path.name != ".ses"] == []  # ONNX Runtime's, at its import
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


# The first file beyond 20,000 bytes is the copy of the samples, before any converter starts; the only one beyond 60,000
# is the new bundle's golden.npz, after all models were made.
@pytest.mark.parametrize("limit", [20_000, 60_000])
def test_a_full_disk_keeps_the_bundle_before(
    copied_bundle: Path, trained_digits: Path, tmp_path: Path, limit: int
) -> None:
    before = digests(copied_bundle)
    order = ["convert", trained_digits, "--out", copied_bundle, "--variants", "fp32.onnx", "--force"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *order], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "error: The output folder cannot be written; what was there before is intact" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert digests(copied_bundle) == before
    Bundle(copied_bundle).check()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_interrupted_measurement_ends_at_once(digits_bundle: Path) -> None:
    command = [sys.executable, "-m", "litefoot.cli.main", "bench", str(digits_bundle), "--seconds", "60"]
    bench = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: bool(children(bench.pid)), "a model is measured")
    bench.send_signal(signal.SIGINT)
    _, complaint = bench.communicate(timeout=30)
    assert (bench.returncode, complaint.splitlines()[-1]) == (130, "interrupted; nothing was changed")
