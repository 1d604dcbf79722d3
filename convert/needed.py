"""The packages that a conversion needs, looked for before it begins."""

from __future__ import annotations

import contextlib
import importlib

from litefoot.runtime.errors import require

NEEDED = (
    "tensorflow",
    "tf_keras",
    "tf2onnx",
    "onnx",
    "onnxruntime",
    "ai_edge_litert",
    "ai_edge_quantizer",
    "jinja2",
    "PIL",
)


def import_ahead() -> None:
    """Import what the verdict and the report need, while a worker opens the model."""
    for module in (
        "ai_edge_litert.interpreter",
        "onnxruntime",
        "PIL.PngImagePlugin",
        "jinja2",
    ):
        with contextlib.suppress(ImportError):  # said by whoever needs it
            importlib.import_module(module)


def require_converters() -> None:
    """Say at once what is missing, without importing TensorFlow into this process.

    Raises:
        MissingDependency: The extra ``convert`` is not installed.
    """
    from importlib.util import find_spec

    for module in NEEDED:
        if find_spec(module) is None:
            require(module, "convert")
