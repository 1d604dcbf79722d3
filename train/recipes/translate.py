"""Translation: an encoder that reads a sentence once, and a decoder that writes word by word with a cache.

Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, small; the decoder's distances as in Press et al.,
arXiv:2108.12409.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.generation.document import Generation, Pipeline
from litefoot.runtime.preprocessing import Tokens, preprocess
from litefoot.runtime.preprocessing.texts import UNKNOWN, word_spans
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.task import score_of

from ..data.pairs import Pairs, download_pairs, made_up_pairs, read_pairs, split_pairs
from ..data.samples import Data, Samples
from ..data.word_by_word import most_probable_words
from ..networks.attention import (
    MASKED,
    Block,
    copy_weights,
    embedded,
    normalised,
    padding_bias,
    positions,
    smoothed_loss,
)
from ..networks.decoder import Decoder, Memory
from ..recipe import Delivery, Plan, Recipe, Request, Whole

Array = npt.NDArray[Any]

_UNITS, _HEADS, _BLOCKS = 128, 4, 2
_MOST_LENGTH, _SHARE_WHOLE = 32, 95
"""A model is as long as 95 of 100 sentences need, and at most 32 words."""
_MOST_WORDS, _LEAST_COUNT = 4000, 2
_START, _END = 2, 3
_MARKS = ("", "\ufffd", "", "")
"""What numbers 0 to 3 of the translation stand for: padding, unknown, start, end."""
_TESTED_STEPS, _TESTED_WHOLE = 100, 200
_PIECE = re.compile(r" ?\w+['\u2019]?| ?[^\w\s]")


class Translation(Recipe):
    """The recipe ``translate``."""

    name = "translate"
    summary = "sentences from one language into another: pairs of your own, or English to French"
    epochs = 8
    quick_epochs = 4
    batch = 128
    learning_rate = 2e-3
    patience = 3

    def load(self, request: Request) -> Data:
        """Read the pairs and number their words; see `Recipe.load`.

        To be trained on, pairs that are longer than the model are left out; to be tested on, they are cut.
        """
        parts, origin = _pairs(request)
        known = [_words(source) for source, _ in parts["train"]]
        wanted = [_pieces(target) for _, target in parts["train"]]
        source = Tokens(("", "[unknown]", *_common(known, _MOST_WORDS - 2)), _length(known))
        pieces = (*_MARKS, *_common(wanted, _MOST_WORDS - len(_MARKS)))
        contract = _contract(source, pieces, _length(wanted) + 1)
        samples = {part: _samples(pairs, contract, cut=part == "test") for part, pairs in parts.items()}
        return Data(
            contract=contract,
            train=samples["train"],
            validation=samples["validation"],
            test=samples["test"],
            origin=origin,
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Encoder and decoder in one, over whole sentences; see `Recipe.build`.

        (batch, words read) and (batch, words written) int32 -> (batch, words written, words).
        """
        import tf_keras
        from tf_keras import Model, layers

        form = _Form(data.contract)
        source = layers.Input((form.read,), dtype="int32", name="source")
        written = layers.Input((form.written,), dtype="int32", name="written")
        decoder = form.decoder(dropout=0.1)
        blocks = [decoder.block(number) for number in range(_BLOCKS)]
        memory = form.memory(source, blocks, dropout=0.1), padding_bias(source)
        model = Model([source, written], decoder.window(written, memory, blocks), name="translate")
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1), beta_2=0.98, clipnorm=1.0)
        model.compile(optimizer, smoothed_loss(0.1))
        return model

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The encoder, run once for a sentence, and the decoder, run for each word; see `Recipe.deliver`."""
        form = _Form(data.contract)
        encoder, step = form.encoder(), form.step()
        for part in (encoder, step):
            copy_weights(model, part)
        chosen, tested = _evenly(len(data.train), 50), _evenly(len(data.test), _TESTED_STEPS)
        train, test = data.train.take(chosen), data.test.take(tested)
        assert isinstance(test.targets, np.ndarray)
        return {
            "encoder": Delivery(
                model=encoder,
                contract=form.encoder_contract(),
                calibration={"source": train.inputs["source"]},
                evaluation={"source": test.inputs["source"]},
                targets=None,
            ),
            "decoder": Delivery(
                model=step,
                contract=form.step_contract(),
                calibration=_steps(encoder, train),
                evaluation=_steps(encoder, test),
                targets=np.where(test.targets == 0, -1, test.targets),
                figures=_figures(encoder, step, data),
            ),
        }

    def whole(self, data: Data) -> Whole:
        """How the parts work together; see `Recipe.whole`."""
        how = Generation(
            token="token",  # noqa: S106 - an input, no secret
            scores="logits",
            start=(_START,),
            end=_END,
            most=_Form(data.contract).written,
            method="beam",
            width=4,
            separator="",
        )
        test = data.test.take(_evenly(len(data.test), _TESTED_WHOLE))
        pipeline = Pipeline(
            name=self.name,
            task=data.contract.task,
            parts=("encoder", "decoder"),
            generation=how,
            links={f"decoder/{name}": f"encoder/{name}" for name in ("memory", "padding")},
            metric=Metric("bleu", max_drop=0.02),
        )
        return Whole(pipeline, {"source": test.inputs["source"]}, _without_end(test.targets))


@dataclass(frozen=True)
class _Form:
    """The networks of a translation.

    Attributes:
        contract: Of the whole, for its vocabularies.
    """

    contract: ModelContract

    @property
    def read(self) -> int:
        return int(self.contract.inputs[0].shape[1] or 0)

    @property
    def written(self) -> int:
        return int(self.contract.inputs[1].shape[1] or 0)

    def decoder(self, dropout: float = 0.0) -> Decoder:
        return Decoder(len(self.contract.labels), _UNITS, _HEADS, _BLOCKS, self.written, dropout, crossed=True)

    def memory(self, source: Any, blocks: list[Block], dropout: float = 0.0) -> list[tuple[Any, Any]]:
        """What the decoder's blocks look up: for each its keys and values, (batch, length, units)."""
        from tf_keras import layers

        (tokens,) = self.contract.preprocessing["source"]
        assert isinstance(tokens, Tokens)
        x = embedded(source, len(tokens.vocabulary), _UNITS, "encoder_tokens")
        x = x + positions(source, _UNITS, "encoder_positions")
        x = layers.Dropout(dropout)(x) if dropout else x
        bias = padding_bias(source)
        for number in range(_BLOCKS):
            x, _ = Block(f"encoder{number}", _UNITS, _HEADS, dropout)(x, bias)
        x = normalised(x, "encoder_norm")
        return [(block.cross.key(x), block.cross.value(x)) for block in blocks if block.cross is not None]

    def encoder(self) -> Any:
        from tf_keras import Model, initializers, layers

        source = layers.Input((self.read,), dtype="int32", name="source")
        blocks = [self.decoder().block(number) for number in range(_BLOCKS)]
        looked_up = [part for parts in self.memory(source, blocks) for part in parts]
        memory = layers.Concatenate(name="memory")(looked_up)
        # Looked up rather than compared: a comparison has no range that static quantization could measure.
        (tokens,) = self.contract.preprocessing["source"]
        assert isinstance(tokens, Tokens)
        table = initializers.Constant(np.eye(len(tokens.vocabulary), 1, dtype=np.float32))
        empty = layers.Embedding(
            len(tokens.vocabulary), 1, embeddings_initializer=table, trainable=False, name="encoder_empty"
        )(source)
        padding = layers.Reshape((self.read,), name="padding")(empty)
        return Model(source, [memory, padding], name="encoder")

    def step(self) -> Any:
        from tf_keras import layers

        memory = layers.Input((self.read, 2 * _BLOCKS * _UNITS), name="memory")
        padding = layers.Input((self.read,), name="padding")
        parts = [memory[:, :, i * _UNITS : (i + 1) * _UNITS] for i in range(2 * _BLOCKS)]
        held: Memory = (
            list(zip(parts[::2], parts[1::2], strict=True)),
            layers.Reshape((1, 1, self.read))(padding) * MASKED,
        )
        return self.decoder().step(held, (memory, padding))

    def memory_specs(self) -> tuple[TensorSpec, ...]:
        return (
            TensorSpec("memory", (None, self.read, 2 * _BLOCKS * _UNITS), "float32", kind="embedding"),
            TensorSpec("padding", (None, self.read), "float32"),
        )

    def encoder_contract(self) -> ModelContract:
        return ModelContract(
            inputs=self.contract.inputs[:1],
            outputs=self.memory_specs(),
            task="sentence encoding",
            preprocessing={"source": self.contract.preprocessing["source"]},
        )

    def step_contract(self) -> ModelContract:
        decoder = self.decoder()
        return ModelContract(
            inputs=(
                TensorSpec("token", (None, 1), "int32", kind="tokens"),
                *self.memory_specs(),
                *decoder.state_inputs,
            ),
            outputs=(
                TensorSpec("logits", (None, decoder.tokens), "float32", kind="logits"),
                *decoder.state_outputs,
            ),
            task="next word of a translation",
            labels=self.contract.labels,
            metric=Metric("perplexity", max_drop=0.3),
            state=decoder.state,
        )


def _pairs(request: Request) -> tuple[dict[str, Pairs], str]:
    if request.source is not None:
        return read_pairs(request.source, request.seed), f"the user's {request.source.name}"
    if request.quick:
        return split_pairs(made_up_pairs(3000, request.seed), request.seed), "made up from a small grammar, seeded"
    return download_pairs(request.seed), "Tatoeba project, CC BY 2.0, as manythings.org bundles them"


def _words(text: str) -> list[str]:
    return [text[begin:end].lower() for begin, end in word_spans(text)]


def _pieces(text: str) -> list[str]:
    """The words of a translation, each with the space before it, so that they join to the text."""
    return _PIECE.findall(" ".join(text.split()))


def _common(texts: Iterable[list[str]], most: int) -> list[str]:
    counts = Counter(word for words in texts for word in words)
    return [word for word, count in counts.most_common(most) if count >= _LEAST_COUNT]


def _length(texts: list[list[str]]) -> int:
    return min(int(np.percentile([len(words) for words in texts], _SHARE_WHOLE)), _MOST_LENGTH)


def _contract(source: Tokens, pieces: tuple[str, ...], written: int) -> ModelContract:
    """Of the model that is trained, over whole sentences."""
    return ModelContract(
        inputs=(
            TensorSpec("source", (None, source.length), "int32", kind="tokens"),
            TensorSpec("written", (None, written), "int32", kind="tokens"),
        ),
        outputs=(TensorSpec("logits", (None, written, len(pieces)), "float32", kind="logits"),),
        task="translation",
        preprocessing={"source": (source,)},
        labels=pieces,
    )


def _samples(pairs: Pairs, contract: ModelContract, *, cut: bool) -> Samples:
    """Sentences, what is written before each word, and the words; unknown words are not learned to be written."""
    numbers = {piece: number for number, piece in enumerate(contract.labels)}
    read, most = (int(spec.shape[1] or 0) for spec in contract.inputs)
    rows = []
    for source, target in pairs:
        words = [numbers.get(piece, UNKNOWN) for piece in _pieces(target)]
        if cut or (len(words) < most and len(_words(source)) <= read):
            rows.append((preprocess(source, contract.preprocessing["source"]), words[: most - 1]))
    written, targets = np.zeros((2, len(rows), most), np.int32)
    for i, (_, words) in enumerate(rows):
        written[i, : len(words) + 1] = [_START, *words]
        targets[i, : len(words) + 1] = [*words, _END]
    sources = np.stack([source for source, _ in rows])
    return Samples({"source": sources, "written": written}, np.where(targets == UNKNOWN, 0, targets))


def _steps(encoder: Any, samples: Samples) -> dict[str, Array]:
    """What the decoder is given: at each step a word, and what the encoder remembers."""
    memory, padding = encoder.predict(samples.inputs["source"], verbose=0)
    return {"token": samples.inputs["written"][..., np.newaxis], "memory": memory, "padding": padding}


def _figures(encoder: Any, step: Any, data: Data) -> dict[str, float]:
    """BLEU of the likeliest words one after the other, and of what a translation must be better than."""
    test = data.test.take(_evenly(len(data.test), _TESTED_WHOLE))
    right = _without_end(test.targets)
    table = most_probable_words(
        [row[row > 0] for row in data.train.inputs["source"]],
        [row[row > 0] for row in _without_end(data.train.targets)],
        int(data.train.inputs["source"].max()) + 1,
    )
    table[: UNKNOWN + 1] = 0
    words = test.inputs["source"]
    guessed = np.where(words < len(table), table[np.minimum(words, len(table) - 1)], 0)
    return {"bleu_greedy": _bleu(_greedy(encoder, step, words), right), "bleu_word_by_word": _bleu(guessed, right)}


def _greedy(encoder: Any, step: Any, sources: Array) -> Array:
    """The likeliest word at each step, (samples, length), up to the end."""
    memory, padding = encoder.predict(sources, verbose=0)
    given = {"memory": memory, "padding": padding}
    state = {held.name: np.zeros((len(sources), *held.shape[1:]), np.float32) for held in step.inputs[3:]}
    token, found = np.full((len(sources), 1), _START, np.int32), []
    for _ in range(step.inputs[3].shape[1]):  # as many as it has been trained on
        logits, *after = step.predict({"token": token, **given, **state}, verbose=0)
        state = dict(zip(state, after, strict=True))
        token = logits.argmax(-1).astype(np.int32)[:, np.newaxis]
        found.append(token[:, 0])
    tokens = np.stack(found, axis=1)
    ended = np.maximum.accumulate(tokens == _END, axis=1)
    return np.where(ended, 0, tokens)


def _without_end(targets: Any) -> Array:
    return np.where(targets == _END, 0, targets)


def _bleu(found: Array, right: Array) -> float:
    spec = TensorSpec("tokens", (None, None), "int32", kind="tokens")
    contract = ModelContract((), (spec,), "translation", metric=Metric("bleu", max_drop=0.0))
    return float(score_of(contract, {"tokens": found}, right) or 0.0)


def _evenly(count: int, most: int) -> Array:
    """Samples spread over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


RECIPE = Translation()
