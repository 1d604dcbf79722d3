"""Blocks of recurrent networks, and the same networks as one step with their state outside."""

from __future__ import annotations

from typing import Any


def bidirectional_maximum(x: Any, units: int, *, dropout: float = 0.0) -> Any:
    """An LSTM forwards and one backwards, and the largest value of each unit over all steps.

    Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997, with the forget gate of Gers
    et al., 2000; the maximum over the steps as in Conneau et al., arXiv:1705.02364, section 3.2.3: where a word stands
    in the text, and how much padding follows it, matters little. TFLite has a fused kernel for such an LSTM.

    Args:
        x: (batch, steps, features).
        units: Of each direction.
        dropout: Share of the features that are left out of a whole sample while training.

    Returns:
        (batch, 2 * units).
    """
    from tf_keras import layers

    x = layers.SpatialDropout1D(dropout)(x) if dropout else x
    both = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    return layers.GlobalMaxPooling1D()(both)
