"""TFLite files by ``tflite-runtime``: for 32-bit boards and systems that LiteRT has no wheel for."""

from __future__ import annotations

from .litert import LiteRT


class TFLiteRuntime(LiteRT):
    """The same interpreter under its older name. It refuses some operators of files that today's converter writes."""

    title = "tflite-runtime"
    package = "tflite_runtime"
    extra = "tflite-runtime"
