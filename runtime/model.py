"""One class for every model file: arrays of real values in, arrays of real values out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .casting import by_name, can_write_directly, check_names, from_file, to_file, write_out
from .engines import Engine, EngineChoice, choose, start
from .errors import InputMismatch, MissingDependency, UnreadableModel, UsageError
from .shortcut import make_shortcut

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

    from .batching import Batcher
    from .contract import ModelContract
    from .decoding import Sample
    from .postprocessing import Answer
    from .storage.bundle import Bundle, Loadable
    from .storage.golden import Golden
    from .streaming import Sequences, Stream
    from .tensors import TensorSpec
    from .verification.verdict import Verdict

# A process that answers once and ends spends its time on imports: what a plain call does not need is imported where it
# is used.

_MOST_THREADS = 1024

Progress = Callable[[int, int], None]
"""Called with the samples done and all samples."""


def load(path: str | Path, *, engine: str | None = None, artifact: str | None = None, threads: int | str = 1) -> Model:
    """Load a model to run it.

    Args:
        path: A bundle folder, a ``.tflite`` or an ``.onnx`` file.
        engine: ``litert``, ``tflite-runtime`` or ``onnxruntime``; None for the first that reads the file and is
            installed.
        artifact: Which artifact of a bundle, for example ``int8.tflite``; None for the first recommended one whose
            engine is installed.
        threads: Threads inside one inference; ``"auto"`` measures once which number is fastest and remembers it for
            this model and processor.

    Returns:
        The model, ready to be called.

    Raises:
        UnreadableModel: It is not a model or a bundle, or it is damaged.
        UntrustedBundle: A file of the bundle differs from its manifest.
        MissingDependency: No engine for it is installed; the message holds the pip line.
        UsageError: The engine does not read such files, or `artifact` was given for a single file.
    """
    path = Path(path)
    bundle = chosen = None
    if path.is_dir():
        from .storage.bundle import Bundle

        bundle = Bundle(path)
        chosen = bundle.loadable(artifact) if artifact else _recommended(bundle, engine)
        path = bundle.model_path(chosen)
    elif not path.exists():
        raise UnreadableModel("There is no such file or folder", where=path)
    elif artifact is not None:
        raise UsageError("Only a bundle has artifacts to choose from", where=path, got=artifact)
    choice = choose(path, engine)
    if threads == "auto":
        from .machine.threads import fastest_threads

        threads = fastest_threads(path, choice)
    if not isinstance(threads, int) or not 1 <= threads <= _MOST_THREADS:
        raise UsageError("No model runs on so many threads", got=threads, expected=f'1 to {_MOST_THREADS}, or "auto"')
    return Model(path, choice, threads, bundle, chosen)


class Model:
    """A model file on its engine. Made by `load`.

    It may be called from several threads: calls wait for each other, since an engine answers one at a time. `predict`
    uses several engines side by side.

    Attributes:
        name: The artifact's or the file's name.
        engine: The engine and its version.
        threads: Threads inside one inference.
        inputs: What the file takes, in the file's own types.
        outputs: What it returns, in the file's own types.
    """

    def __init__(
        self, path: Path, choice: EngineChoice, threads: int, bundle: Bundle | None, artifact: Loadable | None
    ) -> None:
        self._start: Callable[[int | None], Engine] = lambda batch: start(choice, path, threads, batch)
        self._engine = self._start(None)
        self._bundle = bundle
        self._artifact = artifact
        self._lock = threading.Lock()
        self._batcher: Batcher | None = None
        self._sequences: Sequences | None = None
        self.name = artifact.name if artifact else path.name
        self.engine = self._engine.name
        self.threads = threads
        self.inputs = self._engine.inputs
        self.outputs = self._engine.outputs
        if artifact is not None:
            artifact.compare(self.inputs, self.outputs, path)
        self._shortcut = make_shortcut(self._engine)

    @property
    def _fed(self) -> list[TensorSpec]:
        """The inputs that a caller gives: the contract's state is not one of them."""
        if self.contract is None:
            return list(self.inputs)
        return [spec for spec in self.contract.inputs if spec.name not in self.contract.state]

    @property
    def contract(self) -> ModelContract | None:
        """What the bundle promises; None for a single file."""
        return self._bundle.contract if self._bundle else None

    def __call__(
        self,
        values: Array | Mapping[str, Array] | None = None,
        /,
        *,
        raw: bool = False,
        out: Array | Mapping[str, Array] | None = None,
        **named: Array,
    ) -> Array | dict[str, Array]:
        """Run the model once.

        Args:
            values: The only input, or a dict by input name. Real values (float32; other floats are cast) of the shape
                in `inputs`, whatever the file stores; integers for inputs that hold integers, such as tokens.
            raw: Take and return the file's own types, without converting anything.
            out: Where to write the only output, or a dict by output name: contiguous arrays of the outputs' shapes,
                float32 where the file stores quantized values.
            **named: The inputs by name, instead of `values`.

        Returns:
            The only output, or a dict by output name; float32 where the file stores quantized values. The caller's
            own: no later call changes them. `out`, where it was given.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        if type(values) is np.ndarray and self._shortcut is not None and not raw and out is None and not named:
            try:
                if values.dtype.isnative:  # engines do not look at the order of the bytes
                    with self._lock:
                        return self._shortcut(values)
            except Exception:  # noqa: BLE001, S110 - the engine's own complaint; below, ours says both sides
                pass
        inputs = by_name(values, named, self.inputs, model=self.name)
        if out is not None:
            self._run_into(inputs, self._out_by_name(out), raw=raw)
            return out  # type: ignore[return-value]
        outputs = self.run(inputs, raw=raw)
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def run(self, inputs: Mapping[str, Array], *, raw: bool = False) -> dict[str, Array]:
        """Run the model once, inputs and outputs always by name; otherwise as calling it.

        Args:
            inputs: By input name.
            raw: Take and return the file's own types.

        Returns:
            By output name.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        arrays = to_file(self.inputs, inputs, raw=raw, model=self.name)
        with self._lock:
            self._engine.reset()
            stored = self._engine.run(arrays)
        return from_file(self.outputs, stored, raw=raw)

    def predict(
        self, values: Array | Mapping[str, Array] | None = None, /, *, progress: Progress | None = None, **named: Array
    ) -> Array | dict[str, Array]:
        """Run the model on any number of samples, on all cores where that is faster; the same numbers either way.

        Where the contract has state, a sample is a sequence: inputs without the state, (samples, steps, ...), or
        (samples, ...) for what is given again at each step; outputs without it, (samples, steps, ...).

        Args:
            values: The only input, (samples, ...), or a dict by input name; as for calling the model otherwise.
            progress: Called with the samples done and all samples.
            **named: The inputs by name, instead of `values`.

        Returns:
            The only output, (samples, ...), or a dict by output name.

        Raises:
            InputMismatch: A name, shape or dtype differs from what the model takes.
        """
        outputs = self.predict_by_name(by_name(values, named, self._fed, model=self.name), progress)
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def predict_by_name(self, inputs: Mapping[str, Array], progress: Progress | None = None) -> dict[str, Array]:
        """The same, inputs and outputs always by name.

        Args:
            inputs: As for `predict`.
            progress: As there.

        Returns:
            By output name.
        """
        inputs = {name: np.asarray(array) for name, array in inputs.items()}
        if self.contract is None or not self.contract.state:
            return self._in_batches(inputs, progress)
        from .streaming import Sequences

        if self._sequences is None:
            self._sequences = Sequences(self._start, self.threads, self.contract.state, self.name)
        return self._sequences.predict(inputs, progress)

    def _in_batches(self, inputs: Mapping[str, Array], progress: Progress | None) -> dict[str, Array]:
        from .batching import Batcher, count_samples, own_batch

        count = count_samples(inputs)
        check_names(self.inputs, inputs, model=self.name)
        if count:
            one_call = {name: array[:1].repeat(own_batch(self.inputs), axis=0) for name, array in inputs.items()}
            to_file(self.inputs, one_call, raw=False, model=self.name)
        if self._batcher is None:
            self._batcher = Batcher(self._start, self.threads)
        return self._batcher.predict(inputs, count, progress)

    def stream(self, state: Mapping[str, str] | None = None) -> Stream:
        """Feed a sequence step by step, the state kept in between, on an engine of its own.

        Args:
            state: For the name of each input that holds state, the output that is its next value; None for what the
                contract says. A file without such inputs keeps its state inside (TFLite's fused LSTM does).

        Returns:
            The stream, at the beginning of a sequence.

        Raises:
            UsageError: The state names no input or output, or their shapes differ.
        """
        from .streaming import Stream

        wiring = dict(state) if state is not None else dict(self.contract.state if self.contract else {})
        return Stream(self._start(None), wiring, self.name)

    def preprocess(self, source: Path | Sample) -> Array:
        """Turn a file, or a decoded sample, into the model's input by the contract's own steps.

        Args:
            source: A file: a picture (png, jpg, bmp), a recording (wav), a table (csv), an array (npy) or a text (txt).
                Or what one decodes to. A string is a text for a model that takes tokens, else the path of a file.

        Returns:
            The input with a batch dimension of 1, float32, or int32 for tokens.

        Raises:
            UsageError: The model has no contract, or several inputs; or there is no such file.
            SampleError: The sample cannot be decoded or does not fit.
        """
        if self.contract is None or len(self._fed) != 1:
            raise UsageError(
                "Preprocessing needs a bundle with one input",
                where=self.name,
                fix="load the bundle folder, or give arrays to the model",
            )
        from .decoding import read_sample
        from .preprocessing import Tokens, preprocess

        steps = self.contract.preprocessing.get(self._fed[0].name, ())
        if isinstance(source, str) and not any(isinstance(step, Tokens) for step in steps):
            source = Path(source)
        sample = read_sample(source) if isinstance(source, Path) else source
        return preprocess(sample, steps)[np.newaxis]

    def postprocess(self, outputs: Array | Mapping[str, Array], source: Path | Sample | None = None) -> Answer | None:
        """What the outputs of one sample mean, by the contract.

        Args:
            outputs: What calling the model with one sample returned: the only output, or a dict by output name. Of
                a sequence, the last step is taken.
            source: What `preprocess` was given; needed where the answer is a part of it.

        Returns:
            The answer: ``str`` for people, `codec.encode` for JSON, its ``picture()`` to look at. None where neither
            the contract says how the outputs are read, nor the model is a plain classifier with labels.

        Raises:
            UsageError: The model has no contract, or its outputs are not of the kinds that its postprocessing takes.
        """
        if self.contract is None:
            raise UsageError("Postprocessing needs a bundle", where=self.name, fix="load the bundle folder")
        from .postprocessing import answer_of

        return answer_of(outputs, self.contract, source)

    def selftest(self, golden: Golden | None = None, progress: Progress | None = None) -> Verdict:
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
                "Only a bundle carries golden samples to compare with", where=self.name, fix="load the bundle folder"
            )
        from .verification.verdict import judge

        golden = self._bundle.golden() if golden is None else golden
        artifact = self._bundle.artifact(self._artifact.name)
        return judge(
            artifact=self.name,
            engine=self.engine,
            contract=self.contract,
            references=golden.references,
            outputs=self.predict_by_name(golden.inputs, progress),
            targets=golden.targets,
            tolerances=artifact.tolerances,
            steps=artifact.output_steps,
            compressed=golden.compressed,
        )

    def _out_by_name(self, out: Array | Mapping[str, Array]) -> Mapping[str, Array]:
        outs = out if isinstance(out, Mapping) else {self.outputs[0].name: out}
        known = {spec.name for spec in self.outputs}
        if outs.keys() != known or not all(isinstance(array, np.ndarray) for array in outs.values()):
            raise InputMismatch(
                "What is given as out is not an array for each of the model's outputs",
                where=self.name,
                got=", ".join(f"{name}: {type(array).__name__}" for name, array in outs.items()),
                expected=", ".join(f"{name}: ndarray" for name in sorted(known)),
            )
        return outs

    def _run_into(self, inputs: Mapping[str, Array], outs: Mapping[str, Array], *, raw: bool) -> None:
        """Run once and leave the outputs in the caller's arrays."""
        arrays = to_file(self.inputs, inputs, raw=raw, model=self.name)
        with self._lock:
            self._engine.reset()
            if all(can_write_directly(spec, outs[spec.name], raw=raw) for spec in self.outputs):
                with suppress(UsageError):  # a free dimension may come out otherwise; then below says how
                    self._engine.run_into(arrays, [outs[spec.name] for spec in self.outputs])
                    return
                self._engine.reset()
            stored = self._engine.run(arrays)
        for spec, array in zip(self.outputs, stored, strict=True):
            write_out(spec, array, outs[spec.name], self.name, raw=raw)


def _recommended(bundle: Bundle, engine: str | None) -> Loadable:
    """The first artifact that passed and can run here."""
    names = bundle.recommended
    if not names:
        raise UnreadableModel(
            "No artifact of this bundle passed its verification",
            where=bundle.path,
            fix="name one by artifact=, or see report.html",
        )
    refused: MissingDependency | UsageError | None = None
    for name in names:
        artifact = bundle.loadable(name)
        try:
            choose(Path(artifact.file), engine)
        except (MissingDependency, UsageError) as error:
            refused = refused if isinstance(refused, MissingDependency) else error
        else:
            return artifact
    raise refused or AssertionError("a recommended artifact was neither chosen nor refused")
