"""Texts to classes: an embedding, a small LSTM in both directions, and the largest value of each unit over the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.preprocessing import Tokens, preprocess
from litefoot.runtime.preprocessing.texts import UNKNOWN, word_spans
from litefoot.runtime.tensors import TensorSpec

from ..data.samples import Data, Samples
from ..data.sentences import generate_messages
from ..data.splits import stratified_split
from ..data.tables import LabelledTexts, read_labelled_texts
from ..networks.recurrent import bidirectional_maximum
from ..recipe import Plan, Recipe, Request

Array = npt.NDArray[Any]

_FEATURES, _UNITS = 16, 16
_MOST_WORDS = 4000
_LONGEST = 64
_LEFT_OUT = 0.1
"""Share of the words that are made unknown while training, so that the model has met unknown ones."""


class TextClass(Recipe):
    """The recipe ``text-class``."""

    name = "text-class"
    summary = "texts to classes, from a file of `label TAB text`, such as messages to spam or not"
    epochs = 12
    quick_epochs = 12
    batch = 32
    learning_rate = 4e-3
    calibration_per_class = 100

    def load(self, request: Request) -> Data:
        """Read the texts, split them by class, and number the words of the training part; see `Recipe.load`."""
        samples, origin = _texts(request)
        parts = stratified_split(samples.targets, validation=0.1, test=0.3, seed=request.seed)
        contract = _contract(samples.labels, tokens_for([samples.texts[i] for i in parts["train"]]))
        steps = contract.preprocessing["tokens"]
        tokens = np.stack([preprocess(text, steps) for text in samples.texts])
        whole = Samples({"tokens": tokens}, samples.targets)
        return Data(
            contract=contract,
            train=whole.take(parts["train"]),
            validation=whole.take(parts["validation"]),
            test=whole.take(parts["test"]),
            origin=origin,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """(batch, words) -> (batch, classes): `bidirectional_maximum`; a rare class counts more; see `Recipe.build`."""
        import tf_keras
        from tf_keras import Model, layers

        (given,), (returned,) = data.contract.inputs, data.contract.outputs
        words = len(_tokens(data).vocabulary)
        tokens = layers.Input(given.shape[1:], dtype="int32", name="tokens")
        x = layers.Embedding(words, _FEATURES)(tokens)
        x = bidirectional_maximum(x, _UNITS, dropout=0.2)
        x = layers.Dropout(0.3)(x)
        scores = layers.Dense(returned.shape[-1], activation="softmax", dtype="float32", name="probabilities")(x)
        model = Model(tokens, scores, name="text-class")
        optimizer = tf_keras.optimizers.Adam(plan.cosine())
        model.compile(optimizer, balanced_loss(data.train.targets), metrics=["accuracy"])
        return model

    def augment(self, inputs: dict[str, Any], targets: Any, seed: Any) -> tuple[dict[str, Any], Any]:
        """Make some words unknown; see `Recipe.augment`."""
        import tensorflow as tf

        tokens = inputs["tokens"]
        chosen = tf.random.stateless_uniform(tf.shape(tokens), seed) < _LEFT_OUT
        return {"tokens": tf.where(chosen & (tokens > UNKNOWN), UNKNOWN, tokens)}, targets


def tokens_for(texts: Sequence[str]) -> Tokens:
    """A step that numbers the words of some texts: those that occur at least twice, the most frequent first.

    Args:
        texts: Of the training part alone.

    Returns:
        The step; long enough for all but one text in a hundred, and at most for 64 words.
    """
    lower = [text.lower() for text in texts]
    cut = [[text[begin:end] for begin, end in word_spans(text)] for text in lower]
    counts = Counter(word for words in cut for word in words)
    frequent = sorted((word for word, count in counts.items() if count > 1), key=lambda word: (-counts[word], word))
    length = int(np.quantile([len(words) for words in cut], 0.99, method="higher"))
    return Tokens(("<padding>", "<unknown>", *frequent[: _MOST_WORDS - 2]), length=min(max(length, 1), _LONGEST))


def balanced_loss(targets: Array | dict[str, Array]) -> Any:
    """Cross-entropy in which all classes together count alike, however rare they are.

    The weight of a class is ``samples / (classes * samples of the class)``: King and Zeng, "Logistic Regression in Rare
    Events Data", Political Analysis 9(2), 2001.

    Args:
        targets: (samples,) integers of the training part.

    Returns:
        A loss for tf_keras, of targets (batch,) and probabilities (batch, classes).
    """
    import tensorflow as tf
    import tf_keras

    assert isinstance(targets, np.ndarray)
    counts = np.bincount(targets)
    weights = tf.constant(len(targets) / (len(counts) * counts), tf.float32)

    def balanced_crossentropy(right: Any, scores: Any) -> Any:
        right = tf.reshape(tf.cast(right, tf.int32), [-1])
        losses = tf_keras.losses.sparse_categorical_crossentropy(right, scores)
        return losses * tf.gather(weights, right)

    return balanced_crossentropy


def _texts(request: Request) -> tuple[LabelledTexts, str]:
    if request.source is not None:
        return read_labelled_texts(request.source), f"labelled texts of {request.source.name}"
    if request.quick:
        return LabelledTexts.of(generate_messages(600, request.seed)), "messages generated from templates"
    raise UsageError(
        "This recipe has no texts of its own",
        expected="--data FILE with label TAB text on each line, UTF-8",
        fix="--quick for generated messages; or the SMS Spam Collection, https://doi.org/10.24432/C5CC84, CC BY 4.0",
    )


def _contract(labels: tuple[str, ...], tokens: Tokens) -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("tokens", (None, tokens.length), "int32", kind="tokens"),),
        outputs=(TensorSpec("probabilities", (None, len(labels)), "float32", kind="probabilities"),),
        task="text classification",
        preprocessing={"tokens": (tokens,)},
        labels=labels,
        metric=Metric("f1", max_drop=0.02),
    )


def _tokens(data: Data) -> Tokens:
    (step,) = data.contract.preprocessing["tokens"]
    assert isinstance(step, Tokens)
    return step


RECIPE = TextClass()
