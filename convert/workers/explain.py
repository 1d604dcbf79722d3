"""What converters say when they refuse a model, in a line, with what to try."""

from __future__ import annotations

import re
from collections.abc import Callable

from litefoot.runtime.errors import first_line

_MOST_CHARACTERS = 800
_LAYERS = 4


def explain(error: BaseException) -> tuple[str, str | None]:
    """Put a third party's exception into words.

    Args:
        error: What a converter, Keras or a quantizer raised.

    Returns:
        The cause, and what to try where that is known.
    """
    text = str(error)
    for pattern, tell in _KNOWN:
        if match := pattern.search(text):
            return tell(match, text)
    return f"{type(error).__name__}: {_cause(error)}", None


def _cause(error: BaseException) -> str:
    """The lines of a converter's message that name the cause: MLIR puts them after 'error:'."""
    lines = [line.strip() for line in str(error).splitlines() if "error:" in line]
    return "; ".join(dict.fromkeys(lines))[:_MOST_CHARACTERS] or first_line(error)


def _unsupported_in_tflite(match: re.Match[str], text: str) -> tuple[str, str | None]:
    operators = sorted(set(re.findall(r"'tf\.(\w+)' op is neither a custom op nor a flex op", text)))
    layers = list(dict.fromkeys(re.findall(r'"[\w:]*?([\w.\-]+(?:/[\w.\-]+)+)@', text)))[:_LAYERS]
    where = f", in {', '.join(layers)}" if layers else ""
    return (
        f"TFLite has no operator for {', '.join(operators) or match[0]}{where}",
        "replace that layer by one of known operators, or take it out of the model and into preprocessing; "
        "litefoot never enables Flex operators, which the Python wheels cannot run",
    )


def _unsupported_in_onnx(match: re.Match[str], text: str) -> tuple[str, str | None]:
    node = re.search(r"Name: (\S+) OpType:", text)
    return (
        f"tf2onnx has no mapping for {match[1]}{f', in {node[1]}' if node else ''}",
        "replace that layer by one of known operators, or use the TFLite files",
    )


def _loop(match: re.Match[str], _: str) -> tuple[str, str | None]:
    return (
        f"a loop (GRU, RNN, or an LSTM that is not fused) cannot be quantized statically: {match[0]}",
        "dynamic.tflite quantizes its weights; or unroll the layer (unroll=True)",
    )


_KNOWN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], tuple[str, str | None]]], ...] = (
    (re.compile(r"is neither a custom op nor a flex op"), _unsupported_in_tflite),
    (re.compile(r"Tensorflow op \[[^\]]*: (\w+)\] is not supported"), _unsupported_in_onnx),
    (re.compile(r"No Op registered for (\w+) with domain_version"), _unsupported_in_onnx),  # found when it is checked
    (re.compile(r"Tensor data is null\. Run allocate_tensors\(\) first"), _loop),
)
