"""The page in a real browser: what it says is seen, nothing is fetched, nothing is cut off."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reports import CONTRACT, REFERENCE, report_of

from litefoot.convert.report.material import Material
from litefoot.convert.report.page import PAGE, write_page
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.tensors import TensorSpec

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")]
GREEN, RED = (0x1E, 0x7A, 0x45), (0xB3, 0x26, 0x1E)


def browse(page: Path, *options: str) -> str:
    assert BROWSER is not None
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,2600"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [BROWSER, *arguments, profile, *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file failed and one passed, on pictures."""
    pictures = np.random.default_rng(2).random((30, 8, 8, 1), np.float32)
    wrong = np.roll(REFERENCE, 1, axis=1)
    contract = replace(CONTRACT, inputs=(TensorSpec("x", (None, 8, 8, 1), "float32"),), task="telling things apart")
    material = Material(
        report=report_of({"fp32.tflite": REFERENCE, "int8.tflite": REFERENCE + np.float32(0.01), "bad.onnx": wrong}),
        contract=contract,
        golden=Golden({"x": pictures}, {"y": REFERENCE[:30]}, REFERENCE[:30].argmax(-1)),
        calibration={"x": pictures},
        answers={"bad.onnx": lambda given: {"y": wrong[: len(given["x"])]}},
    )
    folder = tmp_path_factory.mktemp("page")
    write_page(folder, material)
    return folder / PAGE


def test_the_verdict_and_every_file_are_in_what_the_browser_has_read(page: Path) -> None:
    found = browse(page, "--dump-dom")
    assert 'class="verdict failed">failed</span></h1>' in found
    assert "Recommended: <strong>int8.tflite</strong>" in found
    assert "bad.onnx (failed)" in found
    assert found.count("<article>") == 6
    assert found.count("<image ") == 6


def test_it_looks_like_something_and_the_verdict_comes_first(page: Path) -> None:
    shot = page.with_name("shot.png")
    browse(page, f"--screenshot={shot}", "--blink-settings=preferredColorScheme=1")
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    assert pixels.shape == (2600, 1280, 3)
    counts = np.bincount((pixels @ [65536, 256, 1]).ravel())
    assert (counts > 0).sum() > 100
    assert counts.max() < 0.97 * counts.sum()

    def rows_of(colour: tuple[int, int, int]) -> np.ndarray:
        return np.flatnonzero((np.abs(pixels - colour).max(axis=-1) <= 2).sum(axis=1) > 20)

    assert rows_of(RED)[0] < 120  # the verdict on all
    assert rows_of(GREEN)[0] < 400  # that on a file
    assert (pixels[2000:] != pixels[0, 0]).any(axis=-1).mean() > 0.001


def addresses(page: Path) -> set[str]:
    """What the browser asked for, its own errands left out."""
    log = page.with_name("net.json")
    browse(page, "--dump-dom", f"--log-net-log={log}", "--disable-background-networking", "--disable-component-update")
    events = json.loads(log.read_text())["events"]
    asked = {event["params"]["url"] for event in events if "url" in event.get("params", {})}
    return {
        address for address in asked if not address.startswith(("data:", "file:", "chrome")) and "goog" not in address
    }


def test_nothing_is_fetched(page: Path) -> None:
    assert {address for address in addresses(page) if "gvt1" not in address} == set()
    fetching = page.with_name("fetching.html")
    fetching.write_text(
        page.read_text(encoding="utf-8") + "<img src='http://litefoot.invalid/x.png'>", encoding="utf-8"
    )
    assert "http://litefoot.invalid/x.png" in addresses(fetching)


def test_no_text_is_wider_than_the_page(page: Path) -> None:
    narrow = page.with_name("narrow.html")
    probe = "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script></body>"
    narrow.write_text(page.read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    for width in (1280, 600):
        title = (
            browse(narrow, "--dump-dom", f"--window-size={width},900").partition("<title>")[2].partition("</title>")[0]
        )
        scrolled, _, inner = title.partition(" of ")
        assert int(scrolled) <= int(inner), (width, title)
