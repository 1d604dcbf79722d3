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


def gated_scores(frames: Any, units: int, classes: int, *, every_step: bool = False, dropout: float = 0.0) -> Any:
    """A gated recurrent unit over a sequence, and scores of classes from what it remembers.

    Cho et al., arXiv:1406.1078, with the reset gate after the matrix product, as in `gated_step`.

    Args:
        frames: (batch, steps, features).
        units: How many values are remembered.
        classes: How many scores.
        every_step: Whether there are scores after each step, or after the last one alone.
        dropout: Share of the remembered values that is left out of the scores while training.

    Returns:
        Logits, (batch, steps, classes) or (batch, classes).
    """
    from tf_keras import layers

    x = layers.GRU(units, return_sequences=every_step, name="gru")(frames)
    x = layers.Dropout(dropout)(x) if dropout else x
    return layers.Dense(classes, dtype="float32", name="logits")(x)


def gated_step(frame: Any, state: Any, units: int) -> Any:
    """One step of a gated recurrent unit, of plain layers, so that every converter and quantizer takes it.

    With ``W`` for the frame x, ``U`` for the state h, and biases of both:
    ``z = sigmoid(W_z x + U_z h)``, ``r = sigmoid(W_r x + U_r h)``, ``n = tanh(W_n x + r * (U_n h))``,
    ``h' = z * h + (1 - z) * n``, computed as ``n + z * (h - n)``: Cho et al., arXiv:1406.1078, equations 5 to 8, in the
    variant of its first version (v1), where r multiplies ``U_n h``.

    Args:
        frame: (batch, features).
        state: (batch, units), h.
        units: How many values are remembered.

    Returns:
        The next state, h', (batch, units).
    """
    from tf_keras import layers

    def both(gate: str) -> tuple[Any, Any]:
        return layers.Dense(units, name=f"frame_{gate}")(frame), layers.Dense(units, name=f"state_{gate}")(state)

    keep = layers.Activation("sigmoid", name="keep")(layers.Add()(both("keep")))
    reset = layers.Activation("sigmoid", name="reset")(layers.Add()(both("reset")))
    new, remembered = both("new")
    new = layers.Activation("tanh", name="new")(layers.Add()([new, layers.Multiply()([reset, remembered])]))
    kept = layers.Multiply()([keep, layers.Subtract()([state, new])])
    return layers.Add(name="next_state")([new, kept])


def copy_gates(sequence: Any, step: Any) -> None:
    """Give a step the weights of the network that was trained on whole sequences.

    Args:
        sequence: A model with the layer ``gru`` of `gated_scores`.
        step: A model with the layers of `gated_step`.
    """
    import numpy as np

    kernel, recurrent, biases = sequence.get_layer("gru").get_weights()
    for number, gate in enumerate(("keep", "reset", "new")):  # the order in which Keras keeps them
        for part, weights, bias in (("frame", kernel, biases[0]), ("state", recurrent, biases[1])):
            layer = step.get_layer(f"{part}_{gate}")
            layer.set_weights([np.split(weights, 3, axis=1)[number], np.split(bias, 3)[number]])
