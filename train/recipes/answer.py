"""Extractive question answering: a small Transformer that points to the answer in the text.

Devlin et al., "BERT", arXiv:1810.04805, section 4.2, without its pre-training: question and text in one row, and for
each position a score of being the answer's first word and one of being its last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError
from litefoot.runtime.postprocessing import Span
from litefoot.runtime.preprocessing import QuestionTokens, preprocess
from litefoot.runtime.preprocessing.texts import SEPARATOR, word_spans
from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.task import score_of

from ..data.questions import made_up_questions
from ..data.samples import Data, Samples
from ..data.splits import random_split
from ..data.squad import Asked, answer_positions, read_squad
from ..networks.attention import Block, embedded, nearness_bias, normalised, padding_bias, positions
from ..recipe import Delivery, Plan, Recipe, Request

Array = npt.NDArray[Any]
Parts = dict[str, list[Asked]]

_UNITS, _HEADS, _BLOCKS = 64, 4, 3
_MOST_WORDS, _MOST_QUESTION, _MOST_LENGTH = 8000, 32, 320
_BUCKETS = 512
_COMMON = 0.01
"""A word is in the vocabulary if it is in at least so many of the questions and texts: rarer ones, names above all,
share the buckets, so that those which training never saw are nothing new."""


class QuestionAnswering(Recipe):
    """The recipe ``answer``."""

    name = "answer"
    summary = "answers to questions, found in a text: SQuAD's format, or made-up people"
    epochs = 12
    quick_epochs = 3
    batch = 64
    learning_rate = 2e-3
    patience = 5

    def load(self, request: Request) -> Data:
        """Read or make up the questions, and turn them into rows of numbers; see `Recipe.load`."""
        if request.source is not None:
            parts, origin = _split(read_squad(request.source), request.seed), f"the user's {request.source.name}"
        else:
            parts, origin = _made_up(600 if request.quick else 8000, request.seed), "made up from templates, seeded"
        step = _step(parts["train"])
        samples = {name: _samples(part, step) for name, part in parts.items()}
        return Data(
            contract=_contract(step),
            train=samples["train"],
            validation=samples["validation"],
            test=samples["test"],
            origin=origin,
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """Three blocks over words, positions and what is known of a word beforehand; see `Recipe.build`.

        (batch, length) int32 -> two times (batch, length).
        """
        import tf_keras
        from tf_keras import Model, layers

        (step,) = data.contract.preprocessing["tokens"]
        assert isinstance(step, QuestionTokens)
        tokens = layers.Input((step.length,), dtype="int32", name="tokens")
        x = embedded(tokens, len(step.vocabulary) + step.buckets, _UNITS, "words")
        x = x + positions(tokens, _UNITS, "positions") + layers.Embedding(3, _UNITS, name="kinds")(_kinds(tokens))
        x = layers.Dropout(0.1)(x)
        bias = padding_bias(tokens) + nearness_bias(tokens, _HEADS)
        for number in range(_BLOCKS):
            x, _ = Block(f"block{number}", _UNITS, _HEADS, dropout=0.1)(x, bias)
        x = normalised(x, "norm")
        outputs = [layers.Flatten(dtype="float32", name=name)(layers.Dense(1)(x)) for name in ("start", "end")]
        model = Model(tokens, outputs, name="answer")
        loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(
            tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1), clipnorm=1.0),
            {"start": loss, "end": loss},
            metrics={"start": "accuracy", "end": "accuracy"},
        )
        return model

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The model, with both positions of an answer in one array of targets; see `Recipe.deliver`."""
        (delivery,) = super().deliver(model, data).values()
        places = data.test.targets
        assert isinstance(places, dict)
        targets = np.stack([places["start"], places["end"]], axis=1)
        found = dict(zip(model.output_names, model.predict(delivery.evaluation, verbose=0), strict=True))
        exactly = replace(data.contract, metric=Metric("exact_match", max_drop=0.0))
        figures = {"exact_match": score_of(exactly, found, targets) or 0.0}
        return {self.name: replace(delivery, targets=targets, figures=figures)}


def _kinds(tokens: Any) -> Any:
    """0 for the question's words, 1 for the text's, 2 for those of the text that are in the question too.

    The feature "exact match" of Chen et al., "Reading Wikipedia to Answer Open-Domain Questions", arXiv:1704.00051,
    section 3.2.
    """
    import tensorflow as tf

    # At most one, also for rows that no question makes: a converter tries the model on any numbers.
    told = tf.minimum(tf.cumsum(tf.cast(tf.equal(tokens, SEPARATOR), tf.int32), axis=1), 1)
    same = tf.cast(tf.equal(tokens[:, :, tf.newaxis], tokens[:, tf.newaxis, :]), tf.int32)
    return told * (1 + tf.reduce_max(same * (1 - told)[:, tf.newaxis, :], axis=2))


def _made_up(count: int, seed: int) -> Parts:
    known, new = (made_up_questions(count // part, test=test, seed=seed) for part, test in ((1, False), (8, True)))
    return {"train": known[count // 10 :], "validation": known[: count // 10], "test": new}


def _split(asked: list[Asked], seed: int) -> Parts:
    """The questions about one text stay together."""
    groups = np.array([question.group for question in asked])
    parts = random_split(int(groups.max()) + 1, validation=0.1, test=0.1, seed=seed)
    return {name: [asked[i] for i in np.flatnonzero(np.isin(groups, chosen))] for name, chosen in parts.items()}


def _step(asked: list[Asked]) -> QuestionTokens:
    questions, contexts = (
        [_words(text) for text in texts]
        for texts in ((one.question.question for one in asked), (one.question.context for one in asked))
    )
    question_length = min(max(map(len, questions)), _MOST_QUESTION)
    length = min(question_length + 1 + max(map(len, contexts)), _MOST_LENGTH)
    return QuestionTokens(_vocabulary([*questions, *contexts]), _BUCKETS, question_length, length)


def _words(text: str) -> list[str]:
    return [text[begin:end].lower() for begin, end in word_spans(text)]


def _vocabulary(texts: list[list[str]]) -> tuple[str, ...]:
    counts = Counter(word for words in texts for word in set(words))
    common = [word for word, count in counts.most_common(_MOST_WORDS) if count >= _COMMON * len(texts) / 2]
    return ("", "[unknown]", "[separator]", *sorted(common))


def _samples(asked: Iterable[Asked], step: QuestionTokens) -> Samples:
    found = [(one, where) for one in asked if (where := answer_positions(one, step)) is not None]
    if not found:
        raise SampleError(
            "No answer is left after long texts were cut",
            got="texts whose answers stand after the cut",
            expected=f"answers within the first {step.length} words",
        )
    places = np.array([where for _, where in found], dtype=np.int32)
    rows = np.stack([preprocess(one.question, (step,)) for one, _ in found])
    return Samples({"tokens": rows}, {"start": places[:, 0], "end": places[:, 1]})


def _contract(step: QuestionTokens) -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("tokens", (None, step.length), "int32", kind="tokens"),),
        outputs=tuple(TensorSpec(name, (None, step.length), "float32", kind="logits") for name in ("start", "end")),
        task="question answering",
        preprocessing={"tokens": (step,)},
        postprocessing=Span(),
        metric=Metric("span_f1", max_drop=0.02),
    )


RECIPE = QuestionAnswering()
