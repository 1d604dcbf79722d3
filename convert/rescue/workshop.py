"""Where the trials of a rescue are made: files, samples and workers, behind four verbs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.storage.codec import decode, encode
from litefoot.runtime.storage.files import read_arrays
from litefoot.runtime.storage.folder import write_arrays
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact

from ..jobs import QUANTIZER, answering, describing, stepping
from ..references import References
from ..remedies import CALIBRATIONS
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
        scratch: A folder for what is tried.
    """

    source: Source
    contract: ModelContract
    calibration: Arrays
    models: Path
    call: Path
    scratch: Path


class Workshop:
    """The trials of one conversion. Every file is made and run in a worker: what crashes there is a failed trial.

    Args:
        patient: The model.
        workers: Those of the conversion.

    Raises:
        LitefootError: The full-precision model could not be run on the held-out samples.
    """

    def __init__(self, patient: Patient, workers: Workers) -> None:
        self._patient, self._workers = patient, workers
        self._folder = patient.scratch / "rescue"
        self._folder.mkdir()
        self._made = 0
        self._rest, self._held_out = (self._folder / name for name in ("rest.npz", "held_out.npz"))
        rest, held = split(patient.calibration)
        self.held_out = min(len(array) for array in held.values())
        write_arrays(self._held_out, Golden(held, self._answers(held)).to_arrays())
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
        source = self._patient.models / f"fp32.{variant.format}"
        prepared, quantized = (self._folder / f"{name}.{variant.format}" for name in ("prepared", "quantized"))
        form = self._patient.source.compressed
        plan = Plan(
            variant.format,
            str(prepared),
            str(quantized),
            str(self._rest),
            one_scale=form is not None and form.one_scale,
        )
        self._ask(variant.name, "rescue-prepare", {"source": str(source), "plan": encode(plan)})
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
        self._made += 1
        source, quantized = (self._folder / f"{self._made}-{name}.{variant.format}" for name in ("float", "int8"))
        treated = replace(plan, source=str(source), quantized=str(quantized))
        if remedy in (calibration.name for calibration in CALIBRATIONS):
            treated = replace(treated, ranges=remedy)
        arguments = {"remedy": remedy, "source": plan.source, "plan": encode(treated)}
        changed = self._ask(variant.name, "rescue-treat", arguments)
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
        arguments = {
            "source": plan.source,
            "quantized": str(quantized),
            "held_out": str(self._held_out),
            "state": self._patient.contract.state,
        }
        return [(tensor, layer) for tensor, layer in self._ask(variant.name, "rescue-rank", arguments)]

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
        self._made += 1
        out = self._folder / f"{self._made}.{variant.format}"
        arguments = {
            "plan": encode(plan),
            "held_out": str(self._held_out),
            "contract": encode(self._patient.contract),
            "out": str(out),
        }
        measured = self._ask(variant.name, "rescue-try", arguments)
        return decode(Measured, measured, "measured"), out

    def deliver(self, variant: Variant, file: Path) -> Artifact:
        """Put a file among the model's others.

        Args:
            variant: The mixed variant.
            file: Of one of its trials.

        Returns:
            Its description, without tolerances.

        Raises:
            LitefootError: It does not run.
        """
        path = self._patient.models / variant.name
        path.write_bytes(file.read_bytes())
        arguments = {
            "variant": encode(variant),
            "path": str(path),
            "samples": str(self._patient.call),
            "state": self._patient.contract.state,
        }
        return decode(Artifact, self._ask(describing(variant), "describe", arguments), "description")

    def bytes_of(self, name: str) -> int:
        """The size of a file of the conversion.

        Args:
            name: Of its variant.

        Returns:
            Bytes.
        """
        return (self._patient.models / name).stat().st_size

    def _ask(self, name: str, task: str, arguments: dict[str, Any]) -> Any:
        return self._workers.ask(Job(name, task, arguments, lane=QUANTIZER))

    def _answers(self, held: Arrays) -> Arrays:
        """The full-precision model's answers to the held-out samples."""
        source, state = self._patient.source, self._patient.contract.state
        samples, out = self._folder / "samples.npz", self._folder / "answers.npz"
        write_arrays(samples, held)
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
            write_arrays(self._rest, rest)
            return
        sequences = self._folder / "sequences.npz"
        write_arrays(sequences, rest)
        self._workers.ask(stepping(self._patient.source, state, sequences, self._rest))
