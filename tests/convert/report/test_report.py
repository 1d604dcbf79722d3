"""The report as data and as a page: complete, self-contained, and text stays text."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reports import CONTRACT, FOUND, REFERENCE, assert_self_contained, report_of

from litefoot.convert.budgets.choosing import Attempt, Candidate, Choice
from litefoot.convert.budgets.limits import Budgets
from litefoot.convert.report.material import Material
from litefoot.convert.report.page import PAGE, show_choice, write_page
from litefoot.convert.report.report import Report, SourceReport, overall
from litefoot.convert.variants import Skipped
from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.tensors import Kind
from litefoot.runtime.verification.task import Status
from litefoot.runtime.verification.tolerance import Tolerance
from litefoot.runtime.verification.verdict import judge

HOSTILE = "<script>alert('x')</script><img src=http://example.org/x>"
OUTPUTS = {
    "exact.tflite": REFERENCE,
    "off.tflite": REFERENCE + np.float32(0.4),
    "broken.tflite": np.where(REFERENCE == 1, np.float32(np.nan), REFERENCE),
    "short.onnx": REFERENCE[:, :2],
    "silent.onnx": None,
}


def page_of(report: Report, folder: Path, contract: ModelContract = CONTRACT) -> str:
    write_page(folder, Material(report, contract))
    return (folder / PAGE).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_bundles_report_decodes_and_loses_nothing(digits_bundle: Path) -> None:
    document = json.loads((digits_bundle / "report.json").read_text())
    report = decode(Report, document, "report.json")
    assert encode(report) == document
    assert report.status == "passed"
    assert report.samples == 899
    assert set(report.recommended) == {artifact.name for artifact in report.artifacts}


@pytest.mark.slow
def test_the_bundles_page_needs_no_network_and_shows_every_artifact_and_the_verdict(digits_bundle: Path) -> None:
    page = (digits_bundle / PAGE).read_text(encoding="utf-8")
    assert_self_contained(page)
    report = decode(Report, json.loads((digits_bundle / "report.json").read_text()), "report.json")
    for artifact in report.artifacts:
        assert f"<td>{artifact.name}</td>" in page
        assert f"<td>{artifact.bytes:,}</td>" in page
    assert ">passed</span></h1>" in page
    assert page.count("<svg") == page.count("</svg>") > 3
    for title in ("At a glance", "Worst samples", "From layer to layer", "Calibration ranges", "How to do it again"):
        assert f"<h2>{title}</h2>" in page


def test_every_outcome_is_in_data_and_page_with_its_reason(tmp_path: Path) -> None:
    report = report_of(OUTPUTS)
    assert [artifact.status for artifact in report.artifacts] == ["passed", "failed", "failed", "failed", "failed"]
    assert report.recommended == ("exact.tflite",)
    assert report.status == "failed"
    assert encode(decode(Report, json.loads(json.dumps(encode(report), allow_nan=False)), "again")) == encode(report)
    page = page_of(report, tmp_path)
    assert_self_contained(page)
    for words in (*OUTPUTS, "values not finite", "missing", "int8.onnx", ">failed</span></h1>", "&lt;i&gt;signal"):
        assert words in page


def test_a_hostile_name_and_task_stay_text(tmp_path: Path) -> None:
    page = page_of(report_of(OUTPUTS, HOSTILE), tmp_path)
    assert_self_contained(page)
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;things&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("outputs", "sizes"),
    [
        ({"a.tflite": REFERENCE, "b.tflite": REFERENCE}, (900, 900)),
        ({"broken.tflite": OUTPUTS["broken.tflite"]}, (900,)),
        ({"silent.onnx": None}, (900,)),
    ],
    ids=["twins", "only NaN", "nothing measured"],
)
def test_a_page_is_drawn_whatever_was_measured(
    tmp_path: Path, outputs: dict[str, np.ndarray | None], sizes: tuple[int, ...]
) -> None:
    page = page_of(report_of(outputs, sizes=sizes), tmp_path)
    assert all(name in page for name in outputs)


def test_a_page_is_written_for_a_model_without_metric(tmp_path: Path) -> None:
    contract = ModelContract(CONTRACT.inputs, CONTRACT.outputs, "anything")
    report = replace(report_of({"exact.tflite": REFERENCE}), metric_value=None)
    page = page_of(report, tmp_path, contract)
    assert "Anything: every file below" in page
    assert "whose" not in page
    assert "Every file below" in page_of(report, tmp_path, replace(contract, task=""))


def test_latency_is_told_against_the_float_tflite_where_there_is_one() -> None:
    with_baseline = report_of({"fp32.tflite": REFERENCE, "int8.tflite": REFERENCE})
    assert [artifact.p50_ratio for artifact in with_baseline.artifacts] == [1.0, pytest.approx(1.2)]
    assert report_of({"int8.tflite": REFERENCE}).artifacts[0].p50_ratio is None


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "undecided"], "undecided"),
        (["undecided", "failed", "passed"], "failed"),
        ([], "failed"),
    ],
)
def test_the_worst_status_is_the_reports_and_nothing_judged_has_failed(statuses: list[Status], status: str) -> None:
    assert overall(statuses) == status


def test_what_the_model_is_and_what_it_was_judged_on_is_in_data_and_page_as_text(tmp_path: Path) -> None:
    report = report_of({"exact.tflite": REFERENCE})
    assert report.source == SourceReport("Keras 3.0", 1234, True, 2.5e-8, FOUND.notes)
    assert report.evidence == "900 <i>samples</i>"
    assert report.trained == {"made": "by a test"}
    assert report.skipped == (Skipped("int8-io.tflite", "no <s>data</s>"),)
    assert report.metric_value == 1.0
    page = page_of(report, tmp_path)
    assert_self_contained(page)
    for words in ("Keras 3.0", "1,234", "2.5e-08", "int8-io.tflite"):
        assert words in page
    for tag, text in (("i", "samples"), ("u", "flat"), ("s", "data"), ("b", "odd")):
        assert f"&lt;{tag}&gt;{text}&lt;/{tag}&gt;" in page


def test_what_was_left_out_does_not_fail_the_report() -> None:
    report = report_of({"exact.tflite": REFERENCE})
    assert report.skipped
    assert report.status == "passed"


def test_figures_that_are_not_numbers_survive_json() -> None:
    report = report_of({"exact.tflite": REFERENCE, "broken.tflite": OUTPUTS["broken.tflite"]})
    again = decode(Report, json.loads(json.dumps(encode(report), allow_nan=False)), "again")
    exact, broken = (artifact.verdict.worst.drift for artifact in again.artifacts)
    assert exact is not None
    assert exact.sqnr_db == math.inf
    assert broken is None


@pytest.mark.parametrize(
    ("metric", "kind", "words"),
    [
        (
            Metric("rmse", 0.5),
            "regression",
            ["rmse drop, 95 %", "Loss of rmse", "rmse lost; limit 0.5"],
        ),
        (Metric("accuracy", 0.5), "logits", ["whose accuracy is", "Loss of accuracy", "points lost; limit 50"]),
        (Metric("psnr", 0.5), "image", ["whose psnr is\n", " dB", "psnr dB lost; limit 0.5"]),
    ],
)
def test_every_metric_is_shown_in_its_own_unit(tmp_path: Path, metric: Metric, kind: Kind, words: list[str]) -> None:
    output = CONTRACT.outputs[0]._replace(kind=kind)
    contract = replace(CONTRACT, outputs=(output,), metric=metric)
    targets = REFERENCE.argmax(-1) if metric.name == "accuracy" else REFERENCE + np.float32(0.1)
    judged = judge(
        artifact="off.tflite", engine="none", contract=contract, references={"y": REFERENCE},
        outputs={"y": REFERENCE + np.float32(0.05)}, targets=targets, tolerances={"y": Tolerance(0.1, 0.0, None)},
        steps={},
    )  # fmt: skip
    assert judged.task is not None
    report = report_of({"off.tflite": REFERENCE})
    (artifact,) = report.artifacts
    report = replace(
        report, artifacts=(replace(artifact, verdict=judged),), metric_value=judged.task.reference, status="passed"
    )
    page = page_of(report, tmp_path, contract)
    assert judged.task.interval in page
    for word in words:
        assert word in page


def test_what_was_chosen_for_budgets_is_put_into_the_page(tmp_path: Path) -> None:
    report = report_of({"fp32.tflite": REFERENCE, "int8.tflite": REFERENCE})
    before = page_of(report, tmp_path)
    files = tuple(
        Candidate(name, "", 500, 400, 0.5, 0.5, 40.0, None, "passed") for name in ("fp32.tflite", "int8.tflite")
    )
    tried = (Attempt("prune <50%>", "it fell <flat>", 1.0),)
    choice = Choice(Budgets(900, 800), files, files, files[0], "It is <b>the</b> fastest.", tried)
    show_choice(tmp_path, replace(report, choice=choice), CONTRACT)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "Chosen: <strong>fp32.tflite</strong>." in page
    assert "It is &lt;b&gt;the&lt;/b&gt; fastest." in page
    assert "At most 900 bytes." in page
    assert "At most 800 bytes after gzip." in page
    assert "prune &lt;50%&gt; (it fell &lt;flat&gt;)" in page
    assert page.partition("<!-- /verdict -->")[2] == before.partition("<!-- /verdict -->")[2] != ""
    show_choice(tmp_path, replace(report, choice=replace(choice, picked=None)), CONTRACT)
    assert "Nothing fits the budgets." in (tmp_path / PAGE).read_text(encoding="utf-8")
