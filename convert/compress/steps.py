"""The three steps of a compression, each from a plain model to a plain model with less in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from litefoot.runtime.errors import UsageError, first_line
from litefoot.runtime.storage.codec import decode, encode

from .fine_tuning import Fitting
from .graph import clone, flattened, folded
from .layers import clusterable, prunable, quantizable, wrapped
from .ranges import begin_ranges
from .recipe import Compression, Prune
from .rounding import QUANTIZED, mended, scheme, without_roundings
from .states import State


@dataclass(frozen=True)
class StepReport:
    """What a step did.

    Attributes:
        name: prune, cluster or quantize_aware.
        left: The layers with weights that it could not take: by their names, their classes.
        epochs: How many were done.
        best: The epoch whose weights were kept.
        history: By the name of a figure, its value in each epoch.
    """

    name: str
    left: dict[str, str]
    epochs: int = 0
    best: int = 0
    history: dict[str, tuple[float, ...]] | None = None

    def after(self, state: State) -> StepReport:
        """The same with how the fit went.

        Args:
            state: At its end.

        Returns:
            The report.
        """
        return replace(self, epochs=state.epoch, best=state.best, history=state.history)


@dataclass(frozen=True)
class Compressed:
    """What a compression ended with.

    Attributes:
        plain: A flat tf_keras model with the new weights.
        quantized: The same with its roundings, for int8 files; None without quantization-aware training.
        steps: What each step did.
    """

    plain: Any
    quantized: Any | None
    steps: tuple[StepReport, ...]


def compress(model: Any, fitting: Fitting) -> Compressed:
    """Carry out the steps of a compression, one after another.

    Args:
        model: A functional or sequential tf_keras model; not changed.
        fitting: Which steps, and what they are fitted with.

    Returns:
        The models.

    Raises:
        UsageError: No layer of the model can be taken by a step.
        TrainingFailed: The loss is no longer finite.
    """
    compression = fitting.compression
    plain, quantized = flattened(model), None
    reports: list[StepReport] = []
    if compression.prune is not None:
        plain = _kept("prune", plain, fitting, reports, _prune)
    if compression.cluster is not None:
        plain = _kept("cluster", folded(plain), fitting, reports, _cluster)
    if compression.quantize_aware is not None:
        quantized, report = _seeded(_quantize_aware, plain, fitting)
        reports.append(report)
        plain = without_roundings(quantized, plain)
    return Compressed(plain, quantized, tuple(reports))


Step = Callable[[Any, Fitting], tuple[Any, StepReport]]


def _seeded(step: Step, model: Any, fitting: Fitting) -> tuple[Any, StepReport]:
    """Carry out a step; what is random in its layers is drawn when they are made, before they are fitted."""
    import tf_keras

    tf_keras.utils.set_random_seed(fitting.compression.seed)
    return step(model, fitting)


def _kept(name: str, model: Any, fitting: Fitting, reports: list[StepReport], step: Step) -> Any:
    """Carry out a step, or take its result where it was finished before an interrupt."""
    weights, document = fitting.folder / f"{name}.weights.h5", fitting.folder / f"{name}.json"
    if document.is_file():
        reports.append(decode(StepReport, json.loads(document.read_text(encoding="utf-8")), document.name))
        model.load_weights(weights)
        return model
    result, report = _seeded(step, model, fitting)
    result.save_weights(weights)
    partial = document.with_suffix(".partial")
    partial.write_text(json.dumps(encode(report)), encoding="utf-8")
    partial.replace(document)
    reports.append(report)
    return result


def _prune(model: Any, fitting: Fitting) -> tuple[Any, StepReport]:
    import tensorflow_model_optimization as tfmot

    compression, prune = fitting.compression, fitting.compression.prune
    assert prune is not None
    end = max(int(fitting.epochs * fitting.batches * prune.settled), 1)
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, prune.sparsity, 0, end, frequency=max(end // 50, 1))
    form, takes = _form(prune), _policy(prune, model)
    pruned, left = wrapped(
        model,
        lambda layer: prunable(layer) and layer.name not in compression.skip and takes(layer),
        lambda layer: tfmot.sparsity.keras.prune_low_magnitude(layer, schedule, **form),
        first=True,
    )
    _require_some(model, left, "prune")
    watch = tfmot.sparsity.keras.UpdatePruningStep()
    settled = -(-end // fitting.batches) - 1
    state = fitting.fit(pruned, "prune", counts_from=settled, callbacks=[watch])
    return clone(tfmot.sparsity.keras.strip_pruning(pruned)), StepReport("prune", left).after(state)


def _form(prune: Prune) -> dict[str, Any]:
    if prune.pattern == "2:4":
        return {"sparsity_m_by_n": (2, 4)}
    return {"block_size": (1, 4)} if prune.pattern == "block" else {}


def _policy(prune: Prune, model: Any) -> Callable[[Any], bool]:
    """Which layers a pattern is for."""
    import tensorflow_model_optimization as tfmot

    if prune.pattern == "2:4":
        return _has_fours
    if prune.pattern == "block":
        return _has_blocks
    if prune.pattern == "single":
        return lambda _: True
    policy = tfmot.sparsity.keras.PruneForLatencyOnXNNPack()
    try:
        policy.ensure_model_supports_pruning(model)
    except ValueError as error:
        raise UsageError(
            "XNNPACK's sparse kernels do not take a network of this form",
            where=f"model {model.name}",
            got=first_line(error),
            expected="a 3 x 3 convolution of stride 2 on 3 channels first, padded by a layer of its own",
            fix='pattern = "single", which makes the file smaller under gzip and not faster',
        ) from error
    return lambda layer: bool(policy.allow_pruning(layer))


def _has_fours(layer: Any) -> bool:
    """Groups of four are cut along the input's channels, in the window's places each for itself.

    tfmot fills what is left over up with zeros of its own, and prunes fewer of the weights, of a single channel none.
    Of transposed convolutions it cuts them along the output's.
    """
    from tf_keras import layers

    return type(layer) in (layers.Conv2D, layers.Dense) and layer.kernel.shape[-2] % 4 == 0


def _has_blocks(layer: Any) -> bool:
    """Blocks are cut from matrices, dense layers and 1 x 1 convolutions, of more than one block in a row."""
    sizes = [size for size in getattr(getattr(layer, "kernel", None), "shape", ()) if size > 1]
    return len(sizes) == 2 and sizes[1] > 4 and sizes[1] % 4 == 0


def _cluster(model: Any, fitting: Fitting) -> tuple[Any, StepReport]:
    import tensorflow_model_optimization as tfmot
    from tensorflow_model_optimization.python.core.clustering.keras.cluster_wrapper import ClusterWeights
    from tensorflow_model_optimization.python.core.clustering.keras.experimental.cluster import cluster_weights

    compression, cluster = fitting.compression, fitting.compression.cluster
    assert cluster is not None
    keywords = {
        "number_of_clusters": cluster.clusters,
        # Evenly spaced: most weights then share the values near zero, and gzip has less to write than after k-means.
        "cluster_centroids_init": tfmot.clustering.keras.CentroidInitialization.LINEAR,
        "preserve_sparsity": compression.prune is not None,
        "cluster_per_channel": cluster.per_channel,
    }
    clustered, left = wrapped(
        model,
        lambda layer: clusterable(layer, cluster) and layer.name not in compression.skip,
        lambda layer: cluster_weights(layer, **keywords),
        first=compression.prune is None,
    )
    _require_some(model, left, "cluster")
    state = fitting.fit(clustered, "cluster")
    for layer in clustered.layers:
        if isinstance(layer, ClusterWeights):
            layer.update_clustered_weights_associations()
    return clone(tfmot.clustering.keras.strip_clustering(clustered)), StepReport("cluster", left).after(state)


def _quantize_aware(model: Any, fitting: Fitting) -> tuple[Any, StepReport]:
    compression = fitting.compression
    assert compression.quantize_aware is not None
    quantized, left = _rounded(model, compression)
    if compression.quantize_aware.calibrated:
        begin_ranges(quantized, model, fitting.data.inputs)
    state = fitting.fit(quantized, "quantize_aware")
    return quantized, StepReport("quantize_aware", left).after(state)


def _rounded(model: Any, compression: Compression) -> tuple[Any, dict[str, str]]:
    """A copy of a model with its roundings, and the layers with weights that go on in float."""
    import tensorflow_model_optimization as tfmot

    roundings = scheme(compression)
    registry = roundings.get_quantize_registry()
    annotated, left = wrapped(
        model,
        lambda layer: quantizable(layer, registry) and layer.name not in compression.skip,
        tfmot.quantization.keras.quantize_annotate_layer,
        first=compression.steps == (QUANTIZED,),
    )
    _require_some(model, left, QUANTIZED)
    with mended(compression):
        return tfmot.quantization.keras.quantize_apply(annotated, roundings), left


def _require_some(model: Any, left: dict[str, str], step: str) -> None:
    if all(layer.name in left for layer in model.layers if layer.weights):
        raise UsageError(
            "No layer of this model can be taken by this step",
            where=f"step {step}",
            got=", ".join(sorted(set(left.values()))) or "no weights",
            fix="leave the step out, or leave fewer layers out",
        )
