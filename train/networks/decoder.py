"""A Transformer that writes: all steps of a window at once to be trained, one step with a cache to be shipped.

The same layers by the same names, so that the one can be given the other's weights. The step model keeps what each
attention to itself needs of the last steps, its keys and values, as inputs and outputs: Vaswani et al.,
arXiv:1706.03762, section 3.1; Pope et al., "Efficiently Scaling Transformer
Inference", arXiv:2211.05102, section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from litefoot.runtime.tensors import TensorSpec
from litefoot.runtime.verification.tolerance import Tolerance, default_tolerance

from .attention import Block, cache_bias, causal_biases, embedded, normalised

Memory = tuple[list[tuple[Any, Any]], Any]
"""What an encoder remembers: for each block its keys and values, (batch, m, units), and one bias for all."""


@dataclass(frozen=True)
class Decoder:
    """The form of such a model.

    Attributes:
        tokens: How many there are.
        units: Of the model.
        heads: Of each attention.
        blocks: Number of blocks.
        steps: The most that it looks back on, the present one counted.
        dropout: Part of each result that is left out in training.
        crossed: Whether its blocks attend to an encoder's memory.
    """

    tokens: int
    units: int
    heads: int
    blocks: int
    steps: int
    dropout: float = 0.0
    crossed: bool = False

    def block(self, number: int) -> Block:
        """A block, with new layers.

        Args:
            number: From 0.

        Returns:
            The block.
        """
        return Block(f"decoder{number}", self.units, self.heads, self.dropout, crossed=self.crossed)

    def window(self, tokens: Any, memory: Memory | None = None, blocks: list[Block] | None = None) -> Any:
        """The scores of what follows each step of a window, of which no step sees a later one.

        Args:
            tokens: (batch, steps) int32.
            memory: Of an encoder.
            blocks: The decoder's, where the memory was made by their layers; else new ones.

        Returns:
            Logits, (batch, steps, tokens).
        """
        import tensorflow as tf
        from tf_keras import layers

        x = embedded(tokens, self.tokens, self.units, "decoder_tokens")
        x = layers.Dropout(self.dropout)(x) if self.dropout else x
        bias = tf.constant(causal_biases(self.heads, tokens.shape[1]))
        for number, block in enumerate(blocks or [self.block(number) for number in range(self.blocks)]):
            x, _ = block(x, bias, memory=self._of_block(memory, number))
        return self._logits(x)

    def step(self, memory: Memory | None = None, given: tuple[Any, ...] = ()) -> Any:
        """The model that takes one token.

        Args:
            memory: Of an encoder, made of `given`.
            given: Further inputs of the model.

        Returns:
            A tf_keras model: token (batch, 1) int32, `given` and the state to logits (batch, tokens) and the state.
        """
        import tensorflow as tf
        from tf_keras import Model, layers

        token = layers.Input((1,), dtype="int32", name="token")
        state = [layers.Input(spec.shape[1:], name=spec.name) for spec in self.state_inputs]
        filled, caches = state[0], list(zip(state[1::2], state[2::2], strict=True))
        present = tf.concat([filled[:, 1:], tf.ones_like(filled[:, :1])], axis=1)
        after = [present]
        x, bias = embedded(token, self.tokens, self.units, "decoder_tokens"), cache_bias(present, self.heads)
        for number, cache in enumerate(caches):
            x, looked_at = self.block(number)(x, bias, cache, self._of_block(memory, number))
            after += looked_at
        logits = layers.Reshape((self.tokens,), name="logits")(self._logits(x, "scores"))
        named = [
            layers.Reshape(spec.shape[1:], name=self.state[spec.name])(tensor)
            for spec, tensor in zip(self.state_inputs, after, strict=True)
        ]
        return Model([token, *given, *state], [logits, *named], name="decoder")

    @property
    def state_inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs of the step model that hold state: which steps there have been, and each block's cache."""
        shape = (None, self.steps, self.units)
        caches = [f"{part}{number}" for number in range(self.blocks) for part in ("keys", "values")]
        return (
            TensorSpec("filled", (None, self.steps), "float32"),
            *(TensorSpec(name, shape, "float32") for name in caches),
        )

    @property
    def state_outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs that are the next values of `state_inputs`, in their order."""
        return tuple(spec._replace(name=self.state[spec.name]) for spec in self.state_inputs)

    @property
    def state(self) -> dict[str, str]:
        """For the name of each input that holds state, the output that is its next value."""
        return {spec.name: f"next_{spec.name}" for spec in self.state_inputs}

    def _of_block(self, memory: Memory | None, number: int) -> tuple[Any, Any, Any] | None:
        return None if memory is None else (*memory[0][number], memory[1])

    def _logits(self, x: Any, name: str = "logits") -> Any:
        from tf_keras import layers

        x = layers.Dense(self.tokens, name="decoder_scores")(normalised(x, "decoder_norm"))
        return layers.Activation("linear", dtype="float32", name=name)(x)


def logits_tolerances(logits: Any) -> dict[str, Tolerance]:
    """How far the scores of the next token may be off under 8 bits, where their perplexity is judged too.

    Which of several likely tokens is the likeliest changes easily and matters little to a model that draws among them:
    one in fifty may change where the usual limit for classes is one in a hundred.

    Args:
        logits: The full-precision model's, on any real samples, (samples, steps, tokens) float32.

    Returns:
        By precision.
    """
    spec = TensorSpec("logits", (None, logits.shape[-1]), "float32", kind="logits")
    usual = default_tolerance("dynamic", spec, logits)
    return {"dynamic": replace(usual, of_kind={**usual.of_kind, "top1_agreement": 0.98})}
