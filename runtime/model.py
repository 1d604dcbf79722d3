"""One class for every model file: arrays of real values in, arrays of real values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .bundle import Artifact, Bundle, Golden
from .contract import ModelContract, TensorSpec
from .engines import choose, start
from .errors import InputMismatch, MissingDependency, UnreadableModel, UntrustedBundle, UsageError
from .preprocessing import preprocess, read_sample
from .quantization import dequantize, quantize
from .verification.verdict import Verdict, judge

Array = npt.NDArray[Any]


def load(path: str | Path, *, engine: str | None = None, artifact: str | None = None, threads: int = 1) -> Model:
    """Load a model to run it.

    Args:
        path: A bundle folder, a ``.tflite`` or an ``.onnx`` file.
        engine: ``litert`` or ``onnxruntime``; None for the one that reads the file.
        artifact: Which artifact of a bundle, for example ``int8.tflite``; None for the first recommended one whose
            engine is installed.
        threads: Threads inside one inference.

    Returns:
        The model, ready to be called.

    Raises:
        UnreadableModel: It is not a model or a bundle, or it is damaged.
        UntrustedBundle: A file of the bundle differs from its manifest.
        MissingDependency: No engine for it is installed; the message holds the pip line.
        UsageError: The engine does not read such files, or `artifact` was given for a single file.
    """
    path = Path(path)
    if threads < 1:
        raise UsageError("A model runs on at least one thread", got=threads)
    if path.is_dir():
        bundle = Bundle(path)
        chosen = bundle.artifact(artifact) if artifact else _recommended(bundle, engine)
        return Model(bundle.model_path(chosen), engine=engine, threads=threads, bundle=bundle, artifact=chosen)
    if not path.exists():
        raise UnreadableModel("There is no such file or folder", where=path)
    if artifact is not None:
        raise UsageError("Only a bundle has artifacts to choose from", where=path, got=artifact)
    return Model(path, engine=engine, threads=threads)


class Model:
    """A model file on its engine. Made by `load`.

    Attributes:
        name: The artifact's or the file's name.
        engine: The engine and its version.
        inputs: What the file takes, in the file's own types.
        outputs: What it returns, in the file's own types.
        contract: What the bundle promises; None for a single file.
    """

    def __init__(
        self,
        path: Path,
        *,
        engine: str | None = None,
        threads: int = 1,
        bundle: Bundle | None = None,
        artifact: Artifact | None = None,
    ) -> None:
        self._engine = start(choose(path, engine), path, threads)
        self._bundle = bundle
        self._artifact = artifact
        self.name = artifact.name if artifact else path.name
        self.engine = self._engine.name
        self.inputs = self._engine.inputs
        self.outputs = self._engine.outputs
        self.contract: ModelContract | None = bundle.contract if bundle else None
        if artifact is not None:
            _check_specs(artifact, self.inputs, self.outputs, path)

    def __call__(
        self, values: Array | Mapping[str, Array] | None = None, /, **named: Array
    ) -> Array | dict[str, Array]:
        """Run the model once.

        Args:
            values: The only input, or a dict by input name. Real values (float32; other floats are cast) of the shape
                in `inputs`, whatever the file stores; integers for inputs that hold integers, such as tokens.
            **named: The inputs by name, instead.

        Returns:
            The only output, or a dict by output name; float32 where the file stores quantized values. The caller's own.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        outputs = self.run(self._by_name(values, named))
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run the model once, inputs and outputs always by name; otherwise as calling it.

        Args:
            inputs: By input name.

        Returns:
            By output name.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        if inputs.keys() != {spec.name for spec in self.inputs}:
            raise InputMismatch(
                "The inputs' names differ from the model's",
                where=self.name,
                got=sorted(inputs),
                expected=sorted(spec.name for spec in self.inputs),
            )
        stored = self._engine.run([_to_file(spec, inputs[spec.name], self.name) for spec in self.inputs])
        return {spec.name: _from_file(spec, array) for spec, array in zip(self.outputs, stored, strict=True)}

    def preprocess(self, source: str | Path | Array) -> Array:
        """Turn a file, or a decoded sample, into the model's input by the contract's own steps.

        Args:
            source: A picture or npy file, or a decoded picture (height, width) or (height, width, channels).

        Returns:
            The input with a batch dimension of 1, float32.

        Raises:
            UsageError: The model has no contract, or several inputs.
            SampleError: The sample cannot be decoded or does not fit.
        """
        if self.contract is None or len(self.contract.inputs) != 1:
            raise UsageError(
                "Preprocessing needs a bundle with one input",
                where=self.name,
                fix="load the bundle folder, or give arrays to the model",
            )
        sample = read_sample(Path(source)) if isinstance(source, (str, Path)) else source
        steps = self.contract.preprocessing.get(self.contract.inputs[0].name, ())
        return preprocess(sample, steps)[np.newaxis]

    def selftest(self, golden: Golden | None = None, progress: Callable[[int, int], None] | None = None) -> Verdict:
        """Replay the bundle's golden samples on this machine and judge the answers by the bundle's tolerances.

        Args:
            golden: The samples, where they were read already; None reads them from the bundle.
            progress: Called with the samples done and all samples.

        Returns:
            The verdict.

        Raises:
            UsageError: The model is a single file, which has nothing to compare with.
            UntrustedBundle: The golden samples differ from the manifest.
        """
        if self._bundle is None or self._artifact is None or self.contract is None:
            raise UsageError(
                "Only a bundle carries golden samples to compare with",
                where=self.name,
                fix="load the bundle folder",
            )
        golden = self._bundle.golden() if golden is None else golden
        return judge(
            artifact=self.name,
            engine=self.engine,
            contract=self.contract,
            references=golden.references,
            outputs=replay(self, golden.inputs, progress),
            targets=golden.targets,
            tolerances=self._artifact.tolerances,
            steps=self._artifact.output_steps,
        )

    def _by_name(self, values: Array | Mapping[str, Array] | None, named: dict[str, Array]) -> Mapping[str, Array]:
        if values is None:
            return named
        if named:
            raise InputMismatch("Give the inputs by position or by name, not both", where=self.name, got=sorted(named))
        if isinstance(values, Mapping):
            return values
        if len(self.inputs) != 1:
            raise InputMismatch(
                "This model has several inputs; give them by name",
                where=self.name,
                expected=[str(spec) for spec in self.inputs],
            )
        return {self.inputs[0].name: values}


def replay(
    model: Model, inputs: Mapping[str, Array], progress: Callable[[int, int], None] | None = None
) -> dict[str, Array]:
    """Run a model on samples one by one.

    Args:
        model: The model.
        inputs: By input name, (samples, ...).
        progress: Called with the samples done and all samples.

    Returns:
        By output name, (samples, ...); without samples, an empty array for each output.
    """
    count = min((len(array) for array in inputs.values()), default=0)
    collected: dict[str, list[Array]] = {spec.name: [] for spec in model.outputs}
    for i in range(count):
        for name, array in model.run({name: array[i : i + 1] for name, array in inputs.items()}).items():
            collected[name].append(array)
        if progress is not None:
            progress(i + 1, count)
    return {name: np.concatenate(arrays) if arrays else np.empty(0, np.float32) for name, arrays in collected.items()}


def _recommended(bundle: Bundle, engine: str | None) -> Artifact:
    """The first artifact that passed and can run here."""
    names = bundle.manifest.recommended
    if not names:
        raise UnreadableModel(
            "No artifact of this bundle passed its verification",
            where=bundle.path,
            fix="name one by artifact=, or see report.html",
        )
    missing: MissingDependency | None = None
    wrong_engine: UsageError | None = None
    for name in names:
        artifact = bundle.artifact(name)
        try:
            choose(Path(artifact.file), engine)
        except MissingDependency as error:
            missing = missing or error
        except UsageError as error:
            wrong_engine = wrong_engine or error
        else:
            return artifact
    raise missing or wrong_engine or AssertionError("a recommended artifact was neither chosen nor refused")


def _check_specs(
    artifact: Artifact, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], path: Path
) -> None:
    """The file must take and return what the manifest says; only then do its tolerances mean anything."""
    got, expected = (inputs, outputs), (artifact.inputs, artifact.outputs)
    if [[str(spec) for spec in side] for side in got] != [[str(spec) for spec in side] for side in expected]:
        raise UntrustedBundle(
            "The model file's inputs and outputs differ from the manifest",
            where=path,
            got=" -> ".join(", ".join(map(str, side)) for side in got),
            expected=" -> ".join(", ".join(map(str, side)) for side in expected),
        )


def _to_file(spec: TensorSpec, values: Array, model: str) -> Array:
    """Real values as the file stores them."""
    array = np.asarray(values)
    stored_real = spec.quantization is not None or spec.dtype.startswith("float")
    fits = array.dtype.kind == "f" if stored_real else array.dtype.kind in "iub"
    if not fits or not spec.accepts(array.shape):
        raise InputMismatch(
            "This input does not fit the model",
            where=f"{model}, input {spec.name}",
            got=f"{array.dtype}{list(array.shape)}",
            expected=f"{'float32' if stored_real else spec.dtype}{list(spec.shape)}".replace("None", "?"),
            fix="model.preprocess(sample) carries out the contract's own steps",
        )
    if spec.quantization is not None:
        return quantize(array, spec.quantization, spec.dtype)
    return np.asarray(array, dtype=spec.dtype, order="C")


def _from_file(spec: TensorSpec, array: Array) -> Array:
    """What the file stores as real values."""
    return array if spec.quantization is None else dequantize(array, spec.quantization)
