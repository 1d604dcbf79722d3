"""Where the trials of a rescue are made: files, samples and workers, behind a few verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import LitefootError
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact

from ..compress.working import KEY
from ..jobs import QUANTIZER, answering, describing, stepping
from ..kept import Kept
from ..references import References, model_digest
from ..remedies import BIASES, CALIBRATIONS
from ..scratch import hand_over
from ..source import Source
from ..variants import Variant
from ..workers.pool import Job, Workers
from .held_out import Arrays, split
from .trials import Measured, Plan


@dataclass(frozen=True)
class Patient:
    """A model of which an int8 file failed.

    Attributes:
        source: The model.
        contract: What it promises.
        calibration: By input name, (samples, ...); of a model with state, sequences.
        models: The folder of its files; the mixed ones are written there.
        call: An ``.npz`` file of what one call takes.
        kept: Where what is tried is kept until the conversion has ended.
        judge: Gives a described file its verdict on the evaluation samples: why it did not pass, empty when it did.
    """

    source: Source
    contract: ModelContract
    calibration: Arrays
    models: Path
    call: Path
    kept: Kept
    judge: Callable[[Artifact], str]


class Workshop:
    """The trials of one conversion.

    Every file is made and run in a worker: what crashes there is a failed trial. What a worker has done is kept by the
    digest of all that decides it, and taken from there when an interrupted conversion is begun again. What failed is
    done again: the machine may have had its part in it.

    Args:
        patient: The model.
        workers: Those of the conversion.

    Raises:
        LitefootError: The full-precision model could not be run on the held-out samples, or the folder for what is
            kept is somebody else's.
    """

    def __init__(self, patient: Patient, workers: Workers) -> None:
        self._patient, self._workers = patient, workers
        patient.kept.make()
        self._folder = patient.kept.path
        self._rest, self._held_out = (self._folder / name for name in ("rest.npz", "held_out.npz"))
        rest, held = split(patient.calibration)
        self.held_out = min(len(array) for array in held.values())
        hand_over(self._held_out, Golden(held, self._answers(held)).to_arrays())
        self._write_rest(rest)

    def prepare(self, variant: Variant) -> Plan:
        """Make what the trials of a format begin with.

        Args:
            variant: The mixed variant.

        Returns:
            The plan that gives nothing back.

        Raises:
            LitefootError: It could not be made.
        """
        form = self._patient.source.compressed
        one_scale = form is not None and form.one_scale
        place = self._patient.kept.place(
            {"model": self._model(variant), "calibration": self._rest, "variant": variant, "one_scale": one_scale}
        )
        prepared, quantized = _files(place, variant)
        plan = Plan(variant.format, str(prepared), str(quantized), str(self._rest), one_scale=one_scale)
        source = self._patient.models / f"fp32.{variant.format}"
        self._once(place, variant, "rescue-prepare", {"source": str(source), "plan": encode(plan)})
        return plan

    def treat(self, variant: Variant, plan: Plan, remedy: str) -> tuple[Plan, tuple[str, ...]] | None:
        """Apply a remedy to the float file of a plan, or choose ranges in another way, and quantize what comes out.

        Args:
            variant: The mixed variant.
            plan: That gives nothing back.
            remedy: The name of one of `REMEDIES` or `CALIBRATIONS`.

        Returns:
            The plan that begins with the treated file, and the layers that were changed; None where nothing fits.

        Raises:
            LitefootError: It could not be done.
        """
        place = self._patient.kept.place({"task": "rescue-treat", "remedy": remedy, "plan": _content(plan)})
        source, quantized = _files(place, variant)
        treated = replace(plan, source=str(source), quantized=str(quantized))
        if remedy in (calibration.name for calibration in CALIBRATIONS):
            treated = replace(treated, ranges=remedy)
        if remedy == BIASES:
            treated = replace(treated, uncorrected=plan.source)
        arguments = {"remedy": remedy, "source": plan.source, "plan": encode(treated)}
        changed = self._once(place, variant, "rescue-treat", arguments)
        return (treated, tuple(changed)) if changed else None

    def rank(self, variant: Variant, plan: Plan, quantized: Path) -> list[tuple[str, str]]:
        """Rank the layers of a file.

        Args:
            variant: The mixed variant.
            plan: That it was made by.
            quantized: The file.

        Returns:
            For each layer that adds noise, the worst first: its tensor and what people call it.

        Raises:
            LitefootError: The file could not be looked into.
        """
        files = {"source": Path(plan.source), "quantized": quantized, "held_out": self._held_out}
        arguments = {**{name: str(file) for name, file in files.items()}, "state": self._patient.contract.state}
        place = self._patient.kept.place({"task": "rescue-rank", **arguments, **files})
        return [(tensor, layer) for tensor, layer in self._once(place, variant, "rescue-rank", arguments)]

    def attempt(self, variant: Variant, plan: Plan) -> tuple[Measured, Path]:
        """Make a file and try it on the held-out samples.

        Args:
            variant: The mixed variant.
            plan: What is to stay in float.

        Returns:
            What it did, and the file.

        Raises:
            LitefootError: It could not be made or run.
        """
        contract = encode(self._patient.contract)
        place = self._patient.kept.place(
            {"task": "rescue-try", "plan": _content(plan), "held_out": self._held_out, "contract": contract}
        )
        out = place.with_suffix(f".{variant.format}")
        arguments = {"plan": encode(plan), "held_out": str(self._held_out), "contract": contract, "out": str(out)}
        return decode(Measured, self._once(place, variant, "rescue-try", arguments), "measured"), out

    def deliver(self, variant: Variant, file: Path) -> tuple[Artifact, str]:
        """Put a file among the model's others, and have it judged.

        Args:
            variant: The mixed variant.
            file: Of one of its trials.

        Returns:
            Its description, and why it did not pass on the evaluation samples; empty when it did.

        Raises:
            LitefootError: It does not run.
        """
        path = self._patient.models / variant.name
        earlier = path.read_bytes() if path.is_file() else None
        path.write_bytes(file.read_bytes())
        try:
            artifact = self._described(variant, path)
            return artifact, self._patient.judge(artifact)
        except LitefootError:
            path.unlink()
            if earlier is not None:  # one that missed its verdict, and stays if nothing better is found
                path.write_bytes(earlier)
            raise

    def _described(self, variant: Variant, path: Path) -> Artifact:
        arguments = {
            "variant": encode(variant),
            "path": str(path),
            "samples": str(self._patient.call),
            "state": self._patient.contract.state,
        }
        described = self._workers.ask(Job(describing(variant), "describe", arguments, lane=QUANTIZER))
        return decode(Artifact, described, "description")

    def bytes_of(self, name: str) -> int:
        """The size of a file of the conversion.

        Args:
            name: Of its variant.

        Returns:
            Bytes.
        """
        return (self._patient.models / name).stat().st_size

    def _once(self, place: Path, variant: Variant, task: str, arguments: dict[str, Any]) -> Any:
        """What a worker answers, or answered before it was interrupted; the files that it wrote are there."""
        answer = place.with_suffix(".json")
        if answer.is_file():
            return json.loads(answer.read_text(encoding="utf-8"))
        value = self._workers.ask(Job(variant.name, task, arguments, lane=QUANTIZER))
        partial = place.with_suffix(".partial")
        partial.write_text(json.dumps(value), encoding="utf-8")
        partial.replace(answer)
        return value

    def _model(self, variant: Variant) -> Any:
        """What the float file is made from: tf2onnx never writes the same bytes twice."""
        source = self._patient.source
        if source.custom_objects:  # a class of the user's own computes what is written in no file of the model
            return self._patient.models / f"fp32.{variant.format}"
        compression = None if source.compressed is None else Path(source.compressed.folder) / KEY
        return {"original": model_digest(replace(source, compressed=None)), "compression": compression}

    def _answers(self, held: Arrays) -> Arrays:
        """The full-precision model's answers to the held-out samples."""
        source, state = self._patient.source, self._patient.contract.state
        samples, out = self._folder / "samples.npz", self._folder / "answers.npz"
        hand_over(samples, held)
        if source.compressed is not None:  # its files are judged by what it answers itself
            self._workers.ask(answering(source, samples, state, out, compressed=True))
            return read_arrays(out)
        kept = References(source, held, state)
        if (answers := kept.read()) is None:
            self._workers.ask(answering(source, samples, state, out))
            answers = read_arrays(out)
            kept.keep(answers)
        return answers

    def _write_rest(self, rest: Arrays) -> None:
        """What trials are calibrated on: samples, or single steps of sequences."""
        state = self._patient.contract.state
        if not state:
            hand_over(self._rest, rest)
            return
        sequences = self._folder / "sequences.npz"
        hand_over(sequences, rest)
        self._workers.ask(stepping(self._patient.source, state, sequences, self._rest))


def _files(place: Path, variant: Variant) -> tuple[Path, Path]:
    """A float file, and the same with everything in 8 bits."""
    return place.with_name(f"{place.name}-float.{variant.format}"), place.with_name(f"{place.name}-8.{variant.format}")


def _content(plan: Plan) -> dict[str, Any]:
    """A plan by what is in its files, wherever they lie."""
    files = {name: Path(getattr(plan, name)) for name in ("source", "quantized", "calibration")}
    return {**vars(plan), **files, "uncorrected": Path(plan.uncorrected) if plan.uncorrected else None}
