"""Spoken words, heard frame by frame: mel bands and a gated recurrent unit that carries its state from step to step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import UsageError
from litefoot.runtime.preprocessing import LogMel, Scale, Spectrogram, Waveform, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.samples import Data, Samples
from ..data.sounds import Recordings, generate_tones, read_recordings, vary
from ..networks.recurrent import copy_gates, gated_scores, gated_step
from ..recipe import Delivery, Plan, Recipe, Request

Array = npt.NDArray[Any]
FrontEnd = tuple[Waveform, Spectrogram, LogMel]

_UNITS, _BANDS = 64, 32
_SECONDS, _FRAME_SECONDS, _HOP_SECONDS = 1.0, 0.032, 0.016
_LOW_HZ = 60.0
_FLOOR = 1e-5
_COPIES = 4


class Speech(Recipe):
    """The recipe ``speech``."""

    name = "speech"
    summary = "spoken words to classes while they are heard, from a folder of .wav files for each word"
    epochs = 25
    quick_epochs = 12
    batch = 64
    learning_rate = 6e-3
    calibration_per_class = 10

    def load(self, request: Request) -> Data:
        """Read the recordings, split them by take, vary those of the training part; see `Recipe.load`.

        What becomes of a frame depends on no later one: the bands are scaled by the mean and deviation of the training
        part, which stand in the contract.
        """
        recordings, origin = _recordings(request)
        parts = recordings.split(request.seed)
        front = front_end(recordings.rate_hz)
        whole = [recordings.sounds[i] for i in parts["train"]]
        heard = whole + vary(whole, _COPIES, front[0].samples, request.seed)
        bands = np.stack([preprocess(sound, front) for sound in heard])
        contract = _contract(recordings.labels, front, float(bands.mean()), float(bands.std()))
        steps = contract.preprocessing["frame"]

        def samples(part: str) -> Samples:
            frames = np.stack([preprocess(recordings.sounds[i], steps) for i in parts[part]])
            return Samples({"frame": frames}, recordings.targets[parts[part]])

        return Data(
            contract=contract,
            train=Samples(
                {"frame": np.stack([preprocess(values, steps[len(front) :]) for values in bands])},
                np.tile(recordings.targets[parts["train"]], 1 + _COPIES),
            ),
            validation=samples("validation"),
            test=samples("test"),
            origin=origin,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """The network over whole recordings, judged after the last frame; see `Recipe.build` and `gated_scores`."""
        import tf_keras

        frame = tf_keras.layers.Input(data.train.inputs["frame"].shape[1:], name="frame")
        logits = gated_scores(frame, _UNITS, len(data.contract.labels), dropout=0.2)
        model = tf_keras.Model(frame, logits, name="speech")
        loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = tf_keras.optimizers.Adam(plan.cosine(warm_up=0.1), clipnorm=1.0)
        model.compile(optimizer, loss, metrics=["accuracy"])
        return model

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The same weights as one step with its state outside; see `Recipe.deliver`."""
        (delivery,) = super().deliver(model, data).values()
        return {
            self.name: Delivery(
                model=step_model(model),
                contract=delivery.contract,
                calibration=delivery.calibration,
                evaluation=delivery.evaluation,
                targets=delivery.targets,
            )
        }


def step_model(sequence: Any) -> Any:
    """The network that hears one frame at a time.

    Args:
        sequence: What `Speech.build` built, (batch, steps, bands) -> (batch, classes).

    Returns:
        A tf_keras model of ``frame`` (batch, bands) and ``state`` (batch, units) that gives ``logits``
        (batch, classes) and ``next_state`` (batch, units).
    """
    import tf_keras

    units, logits = sequence.get_layer("gru").units, sequence.get_layer("logits")
    frame = tf_keras.layers.Input(sequence.input_shape[2:], name="frame")
    state = tf_keras.layers.Input((units,), name="state")
    following = gated_step(frame, state, units)
    scores = tf_keras.layers.Dense(logits.units, name="logits")(following)
    step = tf_keras.Model([frame, state], [scores, following], name="speech")
    copy_gates(sequence, step)
    step.get_layer("logits").set_weights(logits.get_weights())
    return step


def front_end(rate_hz: int) -> FrontEnd:
    """The steps from a recording of a second to its mel bands.

    Args:
        rate_hz: Samples a second.

    Returns:
        A second of sound, frames of 32 ms every 16 ms, the logarithm of 32 mel bands.
    """
    return (
        Waveform(rate_hz, round(rate_hz * _SECONDS)),
        Spectrogram(round(rate_hz * _FRAME_SECONDS), round(rate_hz * _HOP_SECONDS)),
        LogMel(rate_hz, _BANDS, _LOW_HZ, rate_hz / 2.0, _FLOOR),
    )


def _recordings(request: Request) -> tuple[Recordings, str]:
    if request.source is not None:
        return read_recordings(request.source), f"recordings of {request.source.name}"
    if request.quick:
        return generate_tones(100, request.seed), "generated tones"
    raise UsageError(
        "This recipe has no recordings of its own",
        expected="--data FOLDER with a folder of .wav files for each word",
        fix="--quick for generated tones; or the Free Spoken Digit Dataset, https://doi.org/10.5281/zenodo.1342401, "
        "CC BY-SA 4.0, sorted into a folder for each digit",
    )


def _contract(labels: tuple[str, ...], front: FrontEnd, mean: float, deviation: float) -> ModelContract:
    return ModelContract(
        inputs=(
            TensorSpec("frame", (None, _BANDS), "float32", kind="sequence"),
            TensorSpec("state", (None, _UNITS), "float32"),
        ),
        outputs=(
            TensorSpec("logits", (None, len(labels)), "float32", kind="logits"),
            TensorSpec("next_state", (None, _UNITS), "float32"),
        ),
        task="speech recognition",
        preprocessing={"frame": (*front, Scale(1.0 / deviation, -mean / deviation))},
        labels=labels,
        metric=Metric("accuracy", max_drop=0.02),
        state={"state": "next_state"},
    )


RECIPE = Speech()
