"""What this machine is, which engines work on it, and what to install.

As a program it is the child in which one engine is tried: ``python -m litefoot.runtime.machine.doctor ENGINE``. A wheel
that was built for another processor ends its process by a signal; only a process beside it can tell.
"""

from __future__ import annotations

import base64
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..engines import ENGINES, EngineChoice, start
from . import board

_SECONDS = 60

# The smallest models there are: y = x + x on one float32, made with onnx.helper and with the TFLite schema.
_ONNX = "CAg6NQoOCgF4CgF4EgF5IgNBZGQSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAN"
_TFLITE = (
    "GAAAAFRGTDMAAA4AFAAQAAwACAAAAAQADgAAABAAAAAYAAAA4AAAAAMAAAABAAAABAAAACj///8BAAAAEAAAAAwAFAAQAAwACAAEAAwAAAAQAAAA"
    "UAAAAFQAAABYAAAAAQAAABQAAAAAAA4AFAAAABAADAALAAQADgAAABAAAAAAAAALDAAAABAAAACA////AQAAAAEAAAACAAAAAAAAAAAAAAABAAAA"
    "AQAAAAEAAAAAAAAAAgAAADAAAAAEAAAA5P///wgAAAAMAAAAAQAAAHkAAAABAAAAAQAAAAwADAAIAAAAAAAEAAwAAAAIAAAADAAAAAEAAAB4AAAA"
    "AQAAAAEAAAABAAAACAAAAAQABAAEAAAA"
)
_MODELS = {".onnx": _ONNX, ".tflite": _TFLITE}


@dataclass(frozen=True)
class EngineReport:
    """How one engine fares on this machine.

    Attributes:
        name: The engine.
        status: ``works``, ``missing``, ``crashes`` or ``fails``.
        version: The engine and its version; empty where it did not get so far.
        problem: What happened; empty where it works.
        fix: What to do; empty where there is nothing to do.
    """

    name: str
    status: str
    version: str = ""
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What this machine is and what works on it.

    Attributes:
        board: The board's or processor's name.
        architecture: As the kernel names it, for example ``aarch64``.
        bits: 32 or 64, of this Python.
        features: Vector extensions that matter to inference.
        cores: Cores that this process may use.
        memory_bytes: All memory; None where it is not told.
        available_bytes: What of it is available.
        c_library: Its name and version.
        python: Version.
        numpy: Version.
        temperature_celsius: The processor's; None where it is not told.
        throttled: Whether the board slows its processor down now; None where it is not told.
        engines: Each engine, tried in a process of its own.
        advice: What to do, the most important first; empty where all is well.
    """

    board: str
    architecture: str
    bits: int
    features: tuple[str, ...]
    cores: int
    memory_bytes: int | None
    available_bytes: int | None
    c_library: str
    python: str
    numpy: str
    temperature_celsius: float | None
    throttled: bool | None
    engines: tuple[EngineReport, ...]
    advice: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether an engine works, and none of those that are installed crashes or fails."""
        statuses = [engine.status for engine in self.engines]
        return "works" in statuses and "crashes" not in statuses and "fails" not in statuses


def diagnose() -> Diagnosis:
    """Look at the machine and try each engine.

    Returns:
        The diagnosis.
    """
    import numpy as np

    total, available = board.memory_bytes()
    engines = tuple(try_engine(choice) for choice in ENGINES)
    throttled = board.throttled()
    return Diagnosis(
        board=board.cpu_name(),
        architecture=platform.machine(),
        bits=board.pointer_bits(),
        features=board.cpu_features(),
        cores=board.usable_cores(),
        memory_bytes=total,
        available_bytes=available,
        c_library=board.c_library(),
        python=platform.python_version(),
        numpy=np.__version__,
        temperature_celsius=board.temperature_celsius(),
        throttled=throttled,
        engines=engines,
        advice=advise(
            engines,
            architecture=platform.machine(),
            bits=board.pointer_bits(),
            c_library=board.c_library(),
            python=sys.version_info[:2],
            throttled=throttled,
        ),
    )


def try_engine(choice: EngineChoice, command: Sequence[str] | None = None) -> EngineReport:
    """Let an engine compute 1 + 1 in a child process.

    Args:
        choice: The engine.
        command: The child's program; None for this module's own.

    Returns:
        How it fared.
    """
    if not choice.installed:
        return EngineReport(choice.name, "missing")
    child = command or [sys.executable, "-X", "faulthandler", "-m", __name__, choice.name]
    try:
        done = subprocess.run(child, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return EngineReport(choice.name, "fails", problem=f"no answer in {_SECONDS} s", fix=_reinstall(choice))
    if done.returncode == 0:
        return EngineReport(choice.name, "works", version=done.stdout.strip())
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return EngineReport(choice.name, "crashes", problem=f"its process died by {name}", fix=_crash_fix(choice, name))
    last = (done.stderr.strip() or "no message").splitlines()[-1]
    numpy_abi = "numpy" in done.stderr and ("_ARRAY_API" in done.stderr or "compiled using NumPy 1" in done.stderr)
    fix = 'pip install "numpy<2"' if numpy_abi else _reinstall(choice)
    return EngineReport(choice.name, "fails", problem=last[:200], fix=fix)


def advise(
    engines: Sequence[EngineReport],
    *,
    architecture: str,
    bits: int,
    c_library: str,
    python: tuple[int, int],
    throttled: bool | None,
) -> tuple[str, ...]:
    """Say what to install on a machine, exactly. The wheels that exist are those of November 2026 on PyPI.

    Args:
        engines: How each engine fared.
        architecture: As the kernel names it.
        bits: Of this Python.
        c_library: Its name and version.
        python: Major and minor version.
        throttled: Whether the board slows its processor down now.

    Returns:
        The most important first; empty where there is nothing to do.
    """
    status = {engine.name: engine.status for engine in engines}
    advice = [f"{engine.name} {engine.problem}: {engine.fix}" for engine in engines if engine.fix]
    if "works" not in status.values():
        advice += _first_engine(architecture, bits, c_library, python)
    if throttled:
        advice.append("The board is slowed down by heat or a weak power supply: figures measured now are not its own")
    return tuple(advice)


def _first_engine(architecture: str, bits: int, c_library: str, python: tuple[int, int]) -> list[str]:
    """The pip line for a machine on which no engine works yet."""
    if c_library.startswith("musl"):
        return ["No engine has wheels for musl: use a system with glibc, such as Raspberry Pi OS or Debian"]
    if bits == 32:
        line = 'pip install "litefoot[tflite-runtime]"'
        if python > (3, 11):
            line = f"use Python 3.11 or older, then {line}"
        hint = "; better, install the 64-bit system" if architecture == "aarch64" else ""
        return [f"Only tflite-runtime has wheels for 32-bit boards: {line}{hint}"]
    if not (3, 10) <= python <= (3, 14):
        return [f"LiteRT has wheels for Python 3.10 to 3.14, not {python[0]}.{python[1]}"]
    return ['For .tflite files: pip install "litefoot[tflite]"', 'For .onnx files: pip install "litefoot[onnx]"']


def _crash_fix(choice: EngineChoice, name: str) -> str:
    if choice.package == "onnxruntime" and name == "SIGILL":
        return 'pip install --upgrade "onnxruntime>=1.22" (1.21.0 uses instructions that a Cortex-A72 does not have)'
    if name == "SIGILL":
        return "the wheel uses instructions that this processor does not have: install an older or newer version"
    return _reinstall(choice)


def _reinstall(choice: EngineChoice) -> str:
    return f'pip install --upgrade --force-reinstall "litefoot[{choice.extra}]"'


def _try_here(name: str) -> None:
    """The child: 1 + 1 on the engine of this name."""
    import numpy as np

    choice = next(choice for choice in ENGINES if choice.name == name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"twice{choice.suffix}"
        path.write_bytes(base64.b64decode(_MODELS[choice.suffix]))
        engine = start(choice, path, threads=1)
        (twice,) = engine.run([np.ones(1, np.float32)])
    if twice.tolist() != [2.0]:
        sys.exit(f"1 + 1 came out as {twice}")
    print(engine.name)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    _try_here(sys.argv[1])
