"""Several models that work together, from a text to a text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..batching import count_samples
from ..contract import ModelContract
from ..decoding import read_sample
from ..errors import InputMismatch, LitefootError, MissingDependency, UnreadableModel, UsageError
from ..model import Model, load
from ..preprocessing import preprocess
from ..tensors import TensorSpec
from ..verification.tolerance import Tolerance
from ..verification.verdict import judge
from .decoder import TokenDecoder
from .document import Generation, Pipeline, read_pipeline
from .searching import beam, greedy, sample

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..decoding import Sample
    from ..storage.golden import Golden
    from ..verification.verdict import Verdict

    Array = npt.NDArray[Any]

TOKENS = "tokens"
"""The name of what a whole returns."""
_LEAST_EQUAL = 0.5
# One token that changes may change all that follow: healthy files are told from collapsed ones, and the metric decides.
PADDING = 0
"""Fills up arrays of tokens whose sequences differ in length."""


def load_pipeline(
    folder: str | Path, *, artifact: str | None = None, engine: str | None = None, threads: int | str = 1
) -> Generator:
    """Load models that work together.

    Args:
        folder: What ``litefoot convert`` wrote of a folder with a ``pipeline.json``.
        artifact: Which artifact of every part, for example ``int8.tflite``; None for the first recommended one whose
            engine is installed.
        engine: As for `load`.
        threads: As for `load`.

    Returns:
        The models, ready to generate.

    Raises:
        UnreadableModel: It is no such folder, it is damaged, or no artifact passed in all parts and as a whole.
        UntrustedBundle: A file differs from its digest.
        MissingDependency: No engine is installed.
    """
    folder = Path(folder)
    document = read_pipeline(folder)
    if artifact is None and not document.recommended:
        raise UnreadableModel("No artifact passed in all parts and as a whole", where=folder, fix="name one")
    refused: LitefootError | None = None
    for name in [artifact] if artifact is not None else document.recommended:
        try:
            parts = load_parts(document, folder, artifact=name, engine=engine, threads=threads)
            return Generator(document, parts, name)
        except (MissingDependency, UsageError) as error:
            refused = error
    raise refused or AssertionError("an artifact was neither loaded nor refused")


def load_parts(
    document: Pipeline, folder: Path, *, artifact: str, engine: str | None = None, threads: int | str = 1
) -> dict[str, Model]:
    """Load what every part runs for an artifact of the whole.

    Args:
        document: Of the folder.
        folder: With a bundle for each part.
        artifact: Its name.
        engine: As for `load`.
        threads: As for `load`.

    Returns:
        By part.

    Raises:
        LitefootError: As for `load`.
    """
    return {
        part: load(folder / part, engine=engine, artifact=document.own(part, artifact), threads=threads)
        for part in document.parts
    }


class Generator:
    """Models that work together, loaded. Made by `load_pipeline`. Calls from several threads wait for each other.

    Attributes:
        document: How they work together.
        name: Of the artifact of the whole.
        inputs: What the whole takes, batch first.
    """

    def __init__(self, document: Pipeline, models: Mapping[str, Model], name: str) -> None:
        contracts = {part: model.contract for part, model in models.items() if model.contract is not None}
        self.document = document
        self.inputs = document.inputs(contracts)
        self._models, self._contracts = dict(models), contracts
        self._decoder = contracts[document.parts[-1]]
        self._stream = models[document.parts[-1]].stream()
        self._lock = threading.Lock()
        self.name = name

    def __call__(self, source: Path | Sample, *, generation: Generation | None = None, seed: int = 0) -> str:
        """From a text to a text.

        Args:
            source: The text, or a file with it.
            generation: How, instead of the document's own.
            seed: Of the sample, where one is drawn.

        Returns:
            The labels of the tokens, joined; a token without a label is called by its number.

        Raises:
            UsageError: The whole does not take one text.
            SampleError: The file cannot be read, or does not fit.
        """
        tokens = self.generate(self.preprocess(source), generation=generation, seed=seed)
        names = dict(enumerate(self._decoder.labels))
        return (generation or self.document.generation).separator.join(names.get(token, str(token)) for token in tokens)

    def preprocess(self, source: Path | Sample) -> dict[str, Array]:
        """Turn a text into what the whole takes, by the steps of its part's contract.

        Args:
            source: The text, or a file with it.

        Returns:
            By input name, batch first.

        Raises:
            UsageError: The whole has several inputs.
            SampleError: The text cannot be read, or does not fit.
        """
        if len(self.inputs) != 1:
            raise UsageError("Give the inputs as arrays, by name", got=", ".join(map(str, self.inputs)))
        name = self.inputs[0].name
        steps = next(
            (contract.preprocessing[name] for contract in self._contracts.values() if name in contract.preprocessing),
            (),
        )
        return {name: preprocess(read_sample(source) if isinstance(source, Path) else source, steps)[np.newaxis]}

    def generate(self, given: Mapping[str, Array], *, generation: Generation | None = None, seed: int = 0) -> list[int]:
        """Make the tokens of one sample.

        Args:
            given: By the name of each of `inputs`, batch of one; a prompt for a decoder that stands alone is (1,
                length), padded with `PADDING`.
            generation: How, instead of the document's own.
            seed: Of the sample, where one is drawn.

        Returns:
            The tokens, without start, prompt and end.

        Raises:
            InputMismatch: A name, shape or dtype does not fit.
        """
        with self._lock:  # a search goes to and fro in one stream
            return self._generate(given, generation or self.document.generation, seed)

    def _generate(self, given: Mapping[str, Array], how: Generation, seed: int) -> list[int]:
        if given.keys() != {spec.name for spec in self.inputs}:
            raise InputMismatch("The inputs differ", got=sorted(given), expected=", ".join(map(str, self.inputs)))
        if count_samples(given) != 1:
            raise InputMismatch("One sample is generated at a time", got=count_samples(given), fix="predict takes many")
        held = self._run_parts(given)
        prompt = [*how.start, *_unpadded(held.pop(how.token, np.zeros(0, np.int32)))]
        decoder = TokenDecoder(self._stream, self._decoder, token=how.token, scores=how.scores, given=held)
        if how.method == "greedy":
            return greedy(decoder, prompt, end=how.end, most=how.most)
        if how.method == "sample":
            return sample(
                decoder,
                prompt,
                end=how.end,
                most=how.most,
                temperature=how.temperature,
                top_k=how.top_k,
                seed=seed,
            )
        found = beam(decoder, prompt, end=how.end, most=how.most, width=how.width, length_penalty=how.length_penalty)
        return list(found[0].tokens)

    def predict(self, given: Mapping[str, Array], *, progress: Callable[[int, int], None] | None = None) -> Array:
        """Make the tokens of many samples.

        Args:
            given: As for `generate`, (samples, ...).
            progress: Called with the samples done and all samples.

        Returns:
            (samples, most) int32, filled up with `PADDING`.

        Raises:
            InputMismatch: A name, shape or dtype does not fit.
        """
        count = count_samples(given)
        answers = np.full((count, self.document.generation.most), PADDING, np.int32)
        for i in range(count):
            tokens = self.generate({name: array[i : i + 1] for name, array in given.items()}, seed=i)
            answers[i, : len(tokens)] = tokens
            if progress is not None:
                progress(i + 1, count)
        return answers

    def selftest(self, golden: Golden, *, progress: Callable[[int, int], None] | None = None) -> Verdict:
        """Generate the golden samples' tokens on this machine, and judge them by the document's metric.

        Args:
            golden: Inputs, the tokens that the full-precision artifact generated, and the right ones.
            progress: Called with the samples done and all samples.

        Returns:
            The verdict. Tokens that are drawn have no right ones, and the first that differs changes all that follow:
            how many are equal is told, without a limit, and each part is judged by itself.

        Raises:
            InputMismatch: The samples do not fit the models.
        """
        tokens = TensorSpec(TOKENS, (None, self.document.generation.most), "int32", kind="tokens")
        whole = ModelContract(self.inputs, (tokens,), self.document.task, metric=self.document.metric)
        least = 0.0 if self.document.generation.method == "sample" else _LEAST_EQUAL
        return judge(
            artifact=self.name,
            engine=self._models[self.document.parts[-1]].engine,
            contract=whole,
            references=golden.references,
            outputs={TOKENS: self.predict(golden.inputs, progress=progress)},
            targets=golden.targets,
            tolerances={TOKENS: Tolerance(None, 0.0, None, {"equal_tokens": least})},
            steps={},
        )

    def _run_parts(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Run each part but the last; what the last is given at each step, and the prompt if there is one."""
        outputs: dict[str, Array] = {}
        *before, last = self.document.parts
        for part in before:
            inputs = self._inputs_of(part, given, outputs)
            outputs |= {f"{part}/{name}": array for name, array in self._models[part].run(inputs).items()}
        return self._inputs_of(last, given, outputs)

    def _inputs_of(self, part: str, given: Mapping[str, Array], outputs: Mapping[str, Array]) -> dict[str, Array]:
        free = {spec.name: given[spec.name] for spec in self.document.free(part, self._contracts[part])}
        links = [(into.partition("/"), outof) for into, outof in self.document.links.items()]
        return free | {name: outputs[outof] for (to, _, name), outof in links if to == part}


def _unpadded(tokens: Array) -> Sequence[int]:
    """The tokens of a prompt, without what fills it up at the end."""
    flat = tokens.reshape(-1)
    if flat.dtype.kind not in "iu":
        raise InputMismatch("A prompt is made of tokens", got=flat.dtype, expected="whole numbers")
    return [int(token) for token in flat[: len(np.trim_zeros(flat, "b"))]]
