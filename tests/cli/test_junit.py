"""JUnit XML: every check is a case, everything that is not passed fails one, and whatever a name holds it parses."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from reports import REFERENCE, report_of

from litefoot.cli.convert_command import conversion_cases
from litefoot.cli.junit import Case, cases_of, write_junit
from litefoot.runtime import Metric, ModelContract, TensorSpec, Tolerance, Verdict
from litefoot.runtime.verification.verdict import judge

CONTRACT = ModelContract((), (TensorSpec("y", (None, 3), "float32", "logits"),), "", metric=Metric("accuracy", 0.01))


def verdict(samples: int = 900, error: float = 0.0) -> Verdict:
    reference = np.eye(3, dtype=np.float32)[np.arange(samples) % 3]
    return judge(
        artifact="int8.tflite", engine="none", contract=CONTRACT, references={"y": reference},
        outputs={"y": reference + np.float32(error)}, targets=np.arange(samples) % 3,
        tolerances={"y": Tolerance(0.1, 0.0, 30.0)}, steps={},
    )  # fmt: skip


def read(path: Path) -> ElementTree.Element:
    root = ElementTree.parse(path).getroot()
    cases = root.findall("testsuite/testcase")
    for node in (root, root.find("testsuite")):
        assert node is not None
        assert int(node.attrib["tests"]) == len(cases)
        for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(node.attrib[count]) == len(root.findall(f"testsuite/testcase/{kind}"))
    return root


def test_every_check_and_the_metric_are_cases_and_a_good_artifact_fails_none(tmp_path: Path) -> None:
    cases = cases_of(verdict())
    assert [case.name for case in cases[:2]] == ["y: samples", "y: shape"]
    assert cases[-1].name == "accuracy"
    assert len(cases) == len(verdict().outputs[0].checks) + 1
    write_junit(tmp_path / "new" / "report.xml", "digits", cases)
    root = read(tmp_path / "new" / "report.xml")
    assert root.find("testsuite[@name='digits']/testcase[@classname='int8.tflite']") is not None
    assert root.attrib["failures"] == "0"


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        (verdict(error=0.5), "2700 of 2700"),
        (verdict(samples=5), "more samples needed"),
        (verdict(samples=0), "at least 1"),
        (Verdict("int8.tflite", "none", (), None), "no output was compared"),
    ],
    ids=["out of tolerance", "undecided", "no samples", "no outputs"],
)
def test_what_did_not_pass_fails_a_case_that_says_why(tmp_path: Path, judged: Verdict, message: str) -> None:
    assert judged.status != "passed"
    write_junit(tmp_path / "report.xml", "digits", cases_of(judged))
    failures = read(tmp_path / "report.xml").findall("testsuite/testcase/failure")
    assert any(message in failure.attrib["message"] for failure in failures)


def test_a_reason_that_no_check_knows_is_a_failure_of_its_own() -> None:
    assert [case for case in cases_of(verdict(), "whole", "a part of it did not pass") if case.outcome] == [
        Case("whole", "verdict", "failure", "a part of it did not pass")
    ]


def test_errors_and_what_was_left_out_are_counted_apart(tmp_path: Path) -> None:
    cases = [Case("a", "made", "error", "crashed"), Case("b", "made", "skipped", "no data"), Case("c", "y: shape")]
    write_junit(tmp_path / "report.xml", "tiny", cases)
    root = read(tmp_path / "report.xml")
    assert [root.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["3", "0", "1", "1"]


def test_a_conversion_is_told_with_what_was_not_made_and_what_was_left_out() -> None:
    report = report_of({"fp32.tflite": REFERENCE, "silent.onnx": None})
    cases = conversion_cases(report, "part/")
    outcomes = {case.group: case.outcome for case in cases if case.outcome}
    assert outcomes == {"part/silent.onnx": "failure", "part/int8.onnx": "error", "part/int8-io.tflite": "skipped"}
    assert {case.group for case in cases} - outcomes.keys() == {"part/fp32.tflite"}


def test_whatever_a_name_holds_stays_text(tmp_path: Path) -> None:
    odd = "<b>&\"'\x00\x1b[31m\ud800 \uffff 模型"
    (tmp_path / "report.xml").write_text("what was there before")
    write_junit(tmp_path / "report.xml", odd, [Case(odd, odd, "failure", odd)])
    case = read(tmp_path / "report.xml").find("testsuite/testcase")
    assert case is not None
    assert case.attrib["name"] == "<b>&\"'\ufffd\ufffd[31m? \ufffd 模型"
    assert [path.name for path in tmp_path.iterdir()] == ["report.xml"]
