"""A model that takes one token a step, as the searches see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import ModelContract
    from ..streaming import Stream

    Array = npt.NDArray[Any]


class Decoder(Protocol):
    """What a search needs.

    Attributes:
        state: All that the next step depends on; may be kept and set again, to go on from there once more.
    """

    state: Any

    def reset(self) -> None:
        """Go back to the beginning, where no token was taken."""

    def __call__(self, token: int) -> Array:
        """Take a token.

        Args:
            token: Its number.

        Returns:
            (tokens,) float64: for each that may come next, the logarithm of its probability.
        """


class TokenDecoder:
    """A stream as a `Decoder`.

    Args:
        stream: Of a model whose state is an input and an output.
        contract: Of the model.
        token: The input that takes a token, integers.
        scores: The output with a score for each token that may come next, probabilities where its kind says so, else
            logits; the last axis counts.
        given: What the other inputs are given at each step, by input name, batch first.

    Raises:
        UsageError: The model has no such input or output.
    """

    def __init__(
        self,
        stream: Stream,
        contract: ModelContract,
        *,
        token: str,
        scores: str,
        given: Mapping[str, Array] | None = None,
    ) -> None:
        into = next((spec for spec in contract.inputs if spec.name == token), None)
        outof = next((spec for spec in contract.outputs if spec.name == scores), None)
        if into is None or outof is None or np.dtype(into.dtype).kind not in "iu":
            raise UsageError(
                "This model takes no tokens, or gives no scores for them",
                got=f"token {token}, scores {scores}",
                expected=f"one of {', '.join(map(str, contract.inputs + contract.outputs))}",
            )
        self._stream, self._scores, self._given = stream, scores, dict(given or {})
        self._token, self._shape, self._dtype = token, [size or 1 for size in into.shape], into.dtype
        self._probabilities = outof.kind == "probabilities"

    def reset(self) -> None:
        """Go back to the beginning; see `Decoder.reset`."""
        self._stream.reset()

    @property
    def state(self) -> Any:
        """What the next step will find; see `Decoder`."""
        return self._stream.state

    @state.setter
    def state(self, state: Any) -> None:
        """Go back to a state; see `Decoder`."""
        self._stream.state = state

    def __call__(self, token: int) -> Array:
        """Take a token; see `Decoder.__call__`."""
        outputs = self._stream({self._token: np.full(self._shape, token, self._dtype), **self._given})
        scores = outputs[self._scores] if isinstance(outputs, dict) else outputs
        values = scores.reshape(-1, scores.shape[-1])[-1].astype(np.float64)
        if self._probabilities:
            with np.errstate(divide="ignore"):
                likely: Array = np.log(np.maximum(values, 0.0))
            return likely
        shifted: Array = values - values.max()
        shifted -= np.log(np.exp(shifted).sum())
        return shifted
