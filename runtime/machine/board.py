"""The machine that this runs on, as Linux tells it; what another system does not tell is None or empty."""

from __future__ import annotations

import os
import platform
import struct
from pathlib import Path

_FEATURES = {
    "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "sse4_1",
    "neon", "asimd", "asimddp", "asimdhp", "fphp", "i8mm", "sve", "vfpv4",
}  # fmt: skip
"""What decides which kernels the engines choose."""

_THROTTLED_NOW = 0b1111
"""Bits of the Raspberry Pi's firmware word: under-voltage, frequency capped, throttled, soft temperature limit."""


def cpu_name() -> str:
    """The board's name, else the processor's, else the architecture."""
    board = _read(Path("/proc/device-tree/model"))
    info = _cpuinfo()
    return board.strip("\0 \n") or info.get("Model") or info.get("model name") or platform.machine()


def cpu_features() -> tuple[str, ...]:
    """The processor's vector extensions that matter to inference, sorted."""
    info = _cpuinfo()
    return tuple(sorted(_FEATURES & set((info.get("flags") or info.get("Features") or "").split())))


def usable_cores() -> int:
    """Cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def memory_bytes() -> tuple[int | None, int | None]:
    """All memory, and what of it is available."""
    lines = dict(line.split(":", 1) for line in _read(Path("/proc/meminfo")).splitlines() if ":" in line)
    total, available = (lines.get(name, "").split() for name in ("MemTotal", "MemAvailable"))
    return (int(total[0]) * 1024 if total else None, int(available[0]) * 1024 if available else None)


def c_library() -> str:
    """The C library and its version; wheels are built for one of them."""
    name, version = platform.libc_ver()
    if name:
        return f"{name} {version}"
    return "musl" if any(Path("/lib").glob("ld-musl-*")) else "unknown"


def pointer_bits() -> int:
    """32 or 64, of this Python: a 64-bit kernel may run a 32-bit system."""
    return struct.calcsize("P") * 8


def temperature_celsius() -> float | None:
    """The processor's temperature."""
    text = _read(Path("/sys/class/thermal/thermal_zone0/temp")).strip()
    return int(text) / 1000 if text.lstrip("-").isdigit() else None


def throttled() -> bool | None:
    """Whether the board is slowing its processor down at this moment, by heat or a weak power supply."""
    for path in Path("/sys/devices/platform").glob("soc*/*firmware/get_throttled"):
        text = _read(path).strip()
        if text:
            return bool(int(text, 16) & _THROTTLED_NOW)
    return None


def _cpuinfo() -> dict[str, str]:
    """The fields of the first processor, and those that stand at the end for all."""
    fields: dict[str, str] = {}
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
