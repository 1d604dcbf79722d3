"""The page of models that work together: the whole, its parts, and what is generated beside what should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reports import REFERENCE, Loads, report_of

from litefoot.convert.report.page import PAGE
from litefoot.convert.report.whole_page import write_whole_page
from litefoot.convert.variants import Skipped
from litefoot.convert.whole import WholeArtifact, WholeReport
from litefoot.runtime import Metric, ModelContract, TensorSpec, Tolerance
from litefoot.runtime.generation.document import Generation, Pipeline
from litefoot.runtime.generation.generator import TOKENS
from litefoot.runtime.preprocessing import Tokens
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.verification.verdict import judge

WORDS = ("", "", "<one>", "two", "three")
CONTRACT = ModelContract(
    inputs=(TensorSpec("text", (None, 3), "int32", kind="tokens"),),
    outputs=(TensorSpec("logits", (None, 5), "float32", kind="logits"),),
    task="",
    preprocessing={"text": (Tokens(("", "?", "ein", "zwei", "drei"), 3),)},
    labels=WORDS,
)
RIGHT = np.tile(np.array([[2, 3, 0], [3, 4, 0], [4, 4, 0], [2, 2, 2]], np.int32), (5, 1))
GOLDEN = Golden({"text": RIGHT}, {TOKENS: RIGHT}, RIGHT)


def artifact(name: str, size: int, tokens: np.ndarray, metric: Metric | None) -> WholeArtifact:
    spec = TensorSpec(TOKENS, (None, 3), "int32", kind="tokens")
    verdict = judge(
        artifact=name, engine="none", contract=ModelContract((), (spec,), "", metric=metric),
        references={TOKENS: RIGHT}, outputs={TOKENS: tokens}, targets=RIGHT,
        tolerances={TOKENS: Tolerance(None, 0.0, None, {"equal_tokens": 0.9})}, steps={},
    )  # fmt: skip
    return WholeArtifact(name, size, verdict.status, verdict.reason, verdict)


@pytest.mark.parametrize("metric", [Metric("token_match", 0.02), None])
def test_the_page_shows_the_whole_its_parts_and_what_went_wrong(tmp_path: Path, metric: Metric | None) -> None:
    wrong = RIGHT.copy()
    wrong[1::4, :2] = [2, 4]
    answers = {"fp32.tflite": RIGHT, "int8.tflite": RIGHT, "bad.tflite": wrong}
    artifacts = tuple(artifact(name, 900 - i, tokens, metric) for i, (name, tokens) in enumerate(answers.items()))
    parts = {name: report_of({"int8.tflite": REFERENCE}, name=name) for name in ("encoder", "de<b>coder")}
    document = Pipeline(
        "trans<b>lator", "translation", tuple(parts), Generation("t", "s", (1,), None, 3), metric=metric
    )
    report = WholeReport(document.name, "translation", parts, artifacts, "fp32.tflite", 20, ("int8.tflite",), 3.0)
    report = replace(report, skipped=(Skipped("fp16.onnx", "encoder: it could not be made"),))
    write_whole_page(tmp_path, report, document, GOLDEN, answers, dict.fromkeys(parts, CONTRACT))
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    loads = Loads(page)
    assert loads.addresses == ["encoder/report.html", "de%3Cb%3Ecoder/report.html"]
    assert not loads.tags & {"script", "img", "b", "link"}
    assert ">failed</span></h1>" in page
    assert "<strong>fp16.onnx</strong> left out: encoder: it could not be made" in page
    assert "Recommended: <strong>int8.tflite</strong>" in page
    assert "it generates exactly what fp32.tflite does" in page
    assert page.count("<article>") == 5
    for text in ("zwei drei", "two three", "&lt;one&gt; three", "sample 1<"):
        assert text in page
    assert page.count("<svg") == 1
