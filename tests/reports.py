"""Reports without a conversion, and what a browser would fetch of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import numpy as np

from litefoot.convert.intake import Intake
from litefoot.convert.report.report import Report, make_report
from litefoot.convert.source import Description
from litefoot.convert.variants import Skipped
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import ConversionCrashed
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance
from litefoot.runtime.verification.verdict import Verdict, judge

CONTRACT = ModelContract(
    inputs=(TensorSpec("x", (None, 2), "float32"),),
    outputs=(TensorSpec("y", (None, 3), "float32", kind="logits"),),
    task="classification of <b>things</b>",
    metric=Metric("accuracy", 0.01),
)
REFERENCE = np.eye(3, dtype=np.float32)[np.arange(900) % 3]


def verdict(name: str, output: np.ndarray | None) -> Verdict:
    return judge(
        artifact=name,
        engine="none",
        contract=CONTRACT,
        references={"y": REFERENCE},
        outputs={} if output is None else {"y": output},
        targets=REFERENCE.argmax(-1),
        tolerances={"y": Tolerance(0.1, 0.0, 30.0, {"top1_agreement": 0.99})},
        steps={"y": 0.1},
    )


FOUND = Description(
    "Keras 3.0",
    "tiny",
    CONTRACT.inputs,
    CONTRACT.outputs,
    {},
    1234,
    True,
    2.5e-8,
    ("layer <b>odd</b>: exported directly",),
)


def intake_of(**settings: Any) -> Intake:
    everything = {
        "contract": CONTRACT, "calibration": None, "evaluation": {}, "targets": None, "evidence": "900 <i>samples</i>",
        "warnings": ("input x is <u>flat</u>",), "variants": (),
        "skipped": (Skipped("int8-io.tflite", "no <s>data</s>"),),
        "provenance": {"made": "by a test"},
    }  # fmt: skip
    return Intake(**{**everything, **settings})


def report_of(outputs: dict[str, np.ndarray | None], name: str = "tiny", sizes: tuple[int, ...] = ()) -> Report:
    artifacts = tuple(
        Artifact(file, "tflite", "fp32", f"models/{file}", "0" * 64, size, size, (), (), {}, {})
        for file, size in zip(outputs, sizes or range(900, 900 - len(outputs), -1), strict=True)
    )
    failures = {"int8.onnx": ConversionCrashed("The converter crashed", got="<i>signal</i>")}
    return make_report(
        Manifest("litefoot-bundle", 1, name, CONTRACT, artifacts, (), (), {}),
        [verdict(file, output) for file, output in outputs.items()],
        [0.5 + i / 10 for i in range(len(outputs))],
        failures if "silent.onnx" in outputs else {},
        FOUND,
        intake_of(),
        len(REFERENCE),
    )


class Loads(HTMLParser):
    """What a browser would fetch or execute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        loading = ("src", "href", "xlink:href", "srcset", "data", "action")
        self.addresses += [value or "" for key, value in attributes if key in loading]
        self.handlers += [key for key, _ in attributes if key.startswith("on")]


def assert_self_contained(page: str) -> None:
    loads = Loads(page)
    assert not loads.tags & {"script", "iframe", "object", "embed", "img", "link", "base", "form"}
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in loads.addresses)
    assert loads.handlers == []
    assert "@import" not in page
    assert all(address.startswith("#") for address in page.split("url(")[1:])
