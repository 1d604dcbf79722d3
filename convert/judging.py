"""The files of a bundle, each replayed as a board would, by its own engine, and listed in the manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from litefoot.runtime.errors import LitefootError
from litefoot.runtime.model import Model, load
from litefoot.runtime.storage.golden import Golden
from litefoot.runtime.storage.manifest import Artifact, Manifest
from litefoot.runtime.verification.tolerance import Tolerance, tolerance_for
from litefoot.runtime.verification.verdict import Verdict

from .report.bundling import write_manifest


class Judging:
    """The verdicts on a bundle that is being made.

    Args:
        folder: Of the bundle, with everything that verification needs.
        manifest: Without artifacts; nothing is recommended yet.
        golden: What the files are judged on.

    Attributes:
        manifest: With the artifacts that were judged.
        verdicts: By the artifact's name, in the same order.
        models: Likewise the files, loaded.
    """

    def __init__(self, folder: Path, manifest: Manifest, golden: Golden) -> None:
        self.manifest = manifest
        self.verdicts: dict[str, Verdict] = {}
        self.models: dict[str, Model] = {}
        self._folder, self._golden = folder, golden

    def judge(self, artifact: Artifact, done: Callable[[str], None]) -> Verdict:
        """Judge a file of the bundle, by tolerances that it then carries.

        Args:
            artifact: Its description, without tolerances. One of the same name is replaced.
            done: Told what was judged.

        Returns:
            The verdict.

        Raises:
            LitefootError: It could not be run; the manifest is as before.
        """
        held = replace(artifact, tolerances=self._tolerances(artifact))
        others = (other for other in self.manifest.artifacts if other.name != artifact.name)
        before, self.manifest = self.manifest, replace(self.manifest, artifacts=(*others, held))
        write_manifest(self._folder, self.manifest)
        try:
            model = load(self._folder, artifact=artifact.name)
            verdict = model.selftest(self._golden)
        except LitefootError:
            self.manifest = before
            write_manifest(self._folder, before)
            raise
        for found in (self.models, self.verdicts):
            found.pop(artifact.name, None)
        self.models[artifact.name], self.verdicts[artifact.name] = model, verdict
        done(f"verify {artifact.name}")
        return verdict

    def _tolerances(self, artifact: Artifact) -> dict[str, Tolerance]:
        contract, references = self.manifest.contract, self._golden.compressed or self._golden.references
        return {
            spec.name: tolerance_for(contract.tolerances, artifact.precision, spec, references[spec.name])
            for spec in contract.outputs
            if spec.name in references
        }
