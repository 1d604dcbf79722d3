"""Explain an artifact of a bundle: its samples, the float file that it was made from, and what each layer loses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from litefoot.runtime.errors import UsageError
from litefoot.runtime.storage.bundle import Bundle
from litefoot.runtime.storage.files import read_json
from litefoot.runtime.storage.manifest import Artifact

from ..data import Given, read_data
from .explaining import SAMPLES, explain_layers
from .layers import LayerError

FLOAT, MIXED = "fp32", "mixed"
REPORT = "report.json"
EQUALISED = "equalised"
"""How the names of remedies begin that scale channels between layers."""


@dataclass(frozen=True)
class Explanation:
    """Where one artifact loses its accuracy.

    Attributes:
        model: The bundle's name.
        artifact: The artifact's.
        float_artifact: The one that it was compared with.
        evidence: Where the samples are from.
        layers: In execution order.
    """

    model: str
    artifact: str
    float_artifact: str
    evidence: str
    layers: tuple[LayerError, ...]


def explain_artifact(
    folder: Path, name: str, data: Given | None = None, *, float_file: Path | None = None, limit: int = SAMPLES
) -> Explanation:
    """Measure what each layer of an artifact loses against the bundle's float file of the same format.

    Args:
        folder: The bundle.
        name: The artifact, for example ``int8.tflite``.
        data: Samples: see `read_data`; None for the bundle's golden ones.
        float_file: Compare with this file in place of the bundle's own.
        limit: How many calls of the model are looked at, at most.

    Returns:
        The layers, and what they were measured on.

    Raises:
        UsageError: The bundle has no float file of that format, the artifact is one, or a rescue scaled its channels.
        UnreadableModel: There is no such bundle or artifact, or a file is damaged.
        SampleError: The samples do not fit the model.
    """
    bundle = Bundle(folder)
    artifact = bundle.artifact(name)
    if float_file is None:
        float_file = bundle.model_path(_partner(bundle, artifact))
        _refuse_other_channels(bundle, artifact)
    if data is None:
        inputs, evidence = bundle.golden().inputs, "the bundle's golden samples"
    else:
        given = read_data(data, bundle.contract, what="evaluation")
        inputs, evidence = given.inputs, given.source
    layers = explain_layers(float_file, bundle.model_path(artifact), inputs, state=bundle.contract.state, limit=limit)
    return Explanation(bundle.manifest.name, name, float_file.name, evidence, layers)


def _refuse_other_channels(bundle: Bundle, artifact: Artifact) -> None:
    """Refuse a file whose channels a rescue has scaled: between its layers it holds other numbers than the float file.

    Raises:
        UsageError: It is such a file.
    """
    if artifact.precision != MIXED:
        return
    rescues = read_json(bundle.file(REPORT)).get("rescues", ())
    remedies = [remedy for rescue in rescues if rescue["name"] == artifact.name for remedy in rescue["remedies"]]
    if scaled := [remedy for remedy in remedies if remedy.startswith(EQUALISED)]:
        raise UsageError(
            "The bundle's float file is not the one that this artifact was made from",
            where=artifact.name,
            got=f"channels scaled between its layers: {', '.join(scaled)}",
            fix="give the float file after that remedy with --against, or explain the int8 artifact beside it",
        )


def _partner(bundle: Bundle, artifact: Artifact) -> Artifact:
    found = [each for each in bundle.artifacts if (each.format, each.precision) == (artifact.format, FLOAT)]
    if artifact in found:
        raise UsageError(
            "Nothing is quantized in this artifact",
            where=bundle.path,
            got=artifact.name,
            expected=" or ".join(each.name for each in bundle.artifacts if each.precision != FLOAT) or None,
        )
    if not found:
        raise UsageError(
            "This bundle has no float file to compare with",
            where=bundle.path,
            got=", ".join(each.name for each in bundle.artifacts),
            expected=f"fp32.{artifact.format}",
            fix=f"convert again with --variants {artifact.name}, which makes fp32.{artifact.format} too, "
            "or give that file with --against",
        )
    return found[0]
