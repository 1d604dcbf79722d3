"""Text generation: a small Transformer that writes character by character, with a cache on the device.

Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, the decoder alone, as in Radford et al., "Improving
Language Understanding by Generative Pre-Training", 2018; distances as in Press et al., arXiv:2108.12409, so that it
writes on beyond the length that it was trained on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.generation.document import Generation, Pipeline
from litefoot.runtime.preprocessing import Tokens
from litefoot.runtime.tensors import TensorSpec

from ..data.plain_text import character_numbers, character_vocabulary, download_shakespeare, read_text, windows
from ..data.questions import made_up_questions
from ..data.samples import Data, Samples
from ..data.splits import chronological_split
from ..networks.attention import copy_weights, smoothed_loss
from ..networks.decoder import Decoder, logits_tolerances
from ..recipe import Delivery, Plan, Recipe, Request, Whole

Array = npt.NDArray[Any]

_CONTEXT = 128
_MOST_CHARACTERS = 254
_MOST_PROMPT = 512
_TEST_WINDOWS = 50
"""Each twice as long as what the model was trained on: it is judged as it writes, beyond its cache."""
_CALIBRATED = 40
_PROMPTS, _PROMPT = 4, 32
_WRITTEN = 400


class TextGeneration(Recipe):
    """The recipe ``generate``."""

    name = "generate"
    summary = "text written on, character by character: a file of your own, or Shakespeare"
    epochs = 5
    quick_epochs = 2
    batch = 32
    learning_rate = 3e-3
    patience = 2

    def load(self, request: Request) -> Data:
        """Read the text and cut it: the last twentieth to test, the one before to validate; see `Recipe.load`."""
        text, origin = _text(request)
        vocabulary = character_vocabulary(text, _MOST_CHARACTERS)
        numbers = character_numbers(text, vocabulary)
        parts = chronological_split(len(numbers), validation=0.05, test=0.05)
        samples = {name: _samples(numbers[places]) for name, places in parts.items()}
        return Data(
            contract=_contract(_decoder(vocabulary), vocabulary),
            train=samples["train"],
            validation=samples["validation"],
            test=samples["test"],
            origin=origin,
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """The decoder over whole windows; see `Recipe.build`. (batch, 128) int32 -> (batch, 128, characters)."""
        import tf_keras
        from tf_keras import Model, layers

        tokens = layers.Input((_CONTEXT,), dtype="int32", name="token")
        model = Model(tokens, _decoder(data.contract.labels).window(tokens), name="generate")
        model.compile(tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1), clipnorm=1.0), smoothed_loss(0.0))
        return model

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The same weights as a model of one step; see `Recipe.deliver`."""
        step = _decoder(data.contract.labels).step()
        copy_weights(model, step)
        chosen = _evenly(len(data.train), _CALIBRATED)
        tested, targets = (_joined(array) for array in (data.test.inputs["token"], data.test.targets))
        assert data.validation is not None
        logits = model.predict(data.validation.take(_evenly(len(data.validation), 50)).inputs, verbose=0)
        return {
            self.name: Delivery(
                model=step,
                contract=replace(data.contract, tolerances={"logits": logits_tolerances(logits)}),
                calibration={"token": data.train.inputs["token"][chosen][..., np.newaxis]},
                evaluation={"token": tested[..., np.newaxis]},
                targets=targets,
            )
        }

    def whole(self, data: Data) -> Whole:
        """Each character is drawn from the twenty likeliest, after a line end and the prompt; see `Recipe.whole`."""
        vocabulary = data.contract.labels
        how = Generation(
            token="token",  # noqa: S106 - an input, no secret
            scores="logits",
            start=(vocabulary.index("\n"),) if "\n" in vocabulary else (),
            end=None,
            most=_WRITTEN,
            method="sample",
            temperature=0.8,
            top_k=20,
            separator="",
        )
        prompts = data.test.inputs["token"][_evenly(len(data.test), _PROMPTS), :_PROMPT]
        return Whole(Pipeline(self.name, data.contract.task, (self.name,), how), {"token": prompts}, None)


def _text(request: Request) -> tuple[str, str]:
    if request.source is not None:
        return read_text(request.source), f"the user's {request.source.name}"
    if request.quick:
        told = made_up_questions(600, test=False, seed=request.seed)
        return "\n".join(one.question.context for one in told), "made up from templates, seeded"
    return read_text(download_shakespeare()), "plays of Shakespeare, public domain"


def _samples(numbers: Array) -> Samples:
    pieces, following = windows(numbers, _CONTEXT, _CONTEXT)
    return Samples({"token": pieces}, following)


def _joined(pieces: Any) -> Array:
    """Pieces that follow each other, two by two, some of them."""
    pairs = pieces[: len(pieces) // 2 * 2].reshape(-1, 2 * _CONTEXT)
    return np.asarray(pairs[_evenly(len(pairs), _TEST_WINDOWS)])


def _evenly(count: int, most: int) -> Array:
    """Samples spread over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _decoder(vocabulary: tuple[str, ...]) -> Decoder:
    return Decoder(len(vocabulary), units=128, heads=4, blocks=2, steps=_CONTEXT)


def _contract(decoder: Decoder, vocabulary: tuple[str, ...]) -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("token", (None, 1), "int32", kind="tokens"), *decoder.state_inputs),
        outputs=(
            TensorSpec("logits", (None, len(vocabulary)), "float32", kind="logits"),
            *decoder.state_outputs,
        ),
        task="text generation",
        preprocessing={"token": (Tokens(vocabulary, _MOST_PROMPT, unit="character", lowercase=False),)},
        labels=vocabulary,
        metric=Metric("perplexity", max_drop=0.1),
        state=decoder.state,
    )


RECIPE = TextGeneration()
