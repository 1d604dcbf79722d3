"""How mixed files came about, for people."""

from __future__ import annotations

from .trials import Rescue

_MOST_LAYERS = 6


def rescue_line(rescue: Rescue) -> str:
    """What was done to a failed int8 file, and what it costs.

    Args:
        rescue: Of one mixed variant.

    Returns:
        One line.
    """
    done = [*rescue.remedies]
    if rescue.in_float:
        done.append(f"{_layers(rescue.in_float)} computed in float")
    if rescue.float_weights:
        done.append(f"weights of {_layers(rescue.float_weights)} in float")
    if rescue.reason:
        files = "a file" if rescue.judged == 1 else f"{rescue.judged} files"
        return (
            f"{rescue.name} is no rescue: {files} passed on {rescue.held_out} held-out samples and missed the verdict, "
            f"the last by {rescue.reason}; more calibration samples choose better"
        )
    return (
        f"{rescue.name} rescued: {'; '.join(done)}; {rescue.bytes_to_int8:.2f} x the bytes of int8, "
        f"{rescue.bytes_to_float:.2f} x those of float; chosen on {rescue.held_out} held-out samples"
    )


def _layers(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_LAYERS} more layers" if len(names) > _MOST_LAYERS else ""
    return ", ".join(dict.fromkeys(names[:_MOST_LAYERS])) + more
