"""The next daily price: a small LSTM over the last returns, judged against the forecast that nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litefoot.runtime.contract import Metric, ModelContract
from litefoot.runtime.errors import SampleError, UsageError
from litefoot.runtime.postprocessing import NextPrice
from litefoot.runtime.preprocessing import Returns, Scale, preprocess
from litefoot.runtime.tensors import TensorSpec

from ..data.samples import Data, Samples
from ..data.series import Series, generate_walk, read_series
from ..data.splits import chronological_split
from ..recipe import Delivery, Plan, Recipe, Request

Array = npt.NDArray[Any]

_COLUMN = "close"
_LENGTH, _UNITS = 16, 16
_DECAY = 1e-3
_LEAST_TRUST = 0.05


class Forecast(Recipe):
    """The recipe ``forecast``."""

    name = "forecast"
    summary = "the next daily price, from a table of prices, against the forecast that nothing changes"
    epochs = 20
    quick_epochs = 10
    batch = 64
    learning_rate = 1e-3
    monitor = None
    calibration_per_class = 20

    def load(self, request: Request) -> Data:
        """Cut the series into windows and split them in the order of time; see `Recipe.load`.

        A window holds the returns up to a day, its target is the return of the next. The mean and deviation that scale
        both are those of the training part's targets, so no later day changes what is trained on.

        Raises:
            SampleError: The prices of the training part never change.
        """
        series, origin = _series(request)
        windows, returns, _ = series.windows(_LENGTH)
        parts = chronological_split(len(returns), validation=0.15, test=0.15)
        known = returns[parts["train"]]
        if not known.std() > 0:
            raise SampleError("The prices to train on never change", where=origin)
        contract = _contract(float(known.mean()), float(known.std()))
        scale = contract.preprocessing["returns"][1:]
        whole = Samples(
            {"returns": np.stack([preprocess(window, scale) for window in windows])},
            ((returns - known.mean()) / known.std()).astype(np.float32)[:, np.newaxis],
        )
        return Data(
            contract=contract,
            train=whole.take(parts["train"]),
            validation=whole.take(parts["validation"]),
            test=whole.take(parts["test"]),
            origin=origin,
            indices={name: tuple(map(int, indices)) for name, indices in parts.items()},
        )

    def build(self, data: Data, plan: Plan) -> Any:
        """(batch, returns, 1) -> LSTM -> (batch, 1), the next return in deviations; see `Recipe.build`.

        Huber's loss, since a few days of a crisis would outweigh years: Huber, "Robust Estimation of a Location
        Parameter", Annals of Mathematical Statistics 35(1), 1964.
        """
        import tf_keras
        from tf_keras import Model, layers

        del data
        small = tf_keras.regularizers.L2(_DECAY)
        returns = layers.Input((_LENGTH, 1), name="returns")
        x = layers.LSTM(_UNITS, kernel_regularizer=small)(returns)
        x = layers.Dropout(0.2)(x)
        forecast = layers.Dense(1, kernel_regularizer=small, dtype="float32", name="forecast")(x)
        model = Model(returns, forecast, name="forecast")
        model.compile(tf_keras.optimizers.Adam(plan.cosine()), tf_keras.losses.Huber(), metrics=["mse"])
        return model

    def calibrate_on(self, data: Data) -> Array:
        """The wildest days of the training part, and as many evenly over it; see `Recipe.calibrate_on`.

        Of days taken evenly alone few are of a crisis, and the forecasts after larger returns than those would be cut.
        """
        count = min(len(data.train), 10 * self.calibration_per_class) // 2
        wildness = np.square(data.train.inputs["returns"]).sum(axis=(1, 2))
        evenly = np.linspace(0, len(data.train) - 1, count).astype(np.int64)
        return np.unique(np.concatenate([evenly, np.argsort(-wildness, kind="stable")[:count]]))

    def deliver(self, model: Any, data: Data) -> dict[str, Delivery]:
        """The model, its forecasts shrunk by how far they were right on the validation part; see `Recipe.deliver`."""
        assert data.validation is not None
        assert isinstance(data.validation.targets, np.ndarray)
        trusted = trust(model.predict(data.validation.inputs, verbose=0), data.validation.targets)
        layer = model.get_layer("forecast")
        layer.set_weights([weights * trusted for weights in layer.get_weights()])
        (delivery,) = super().deliver(model, data).values()
        assert delivery.targets is not None
        forecast = model.predict(data.test.inputs, verbose=0)
        figures = {**against_naive(forecast, delivery.targets, data.contract), "trust": trusted}
        return {self.name: replace(delivery, figures=figures)}


def trust(forecast: Array, returned: Array) -> float:
    """The factor by which forecasts are to be multiplied to be nearest to what came: least squares, at most 1.

    Args:
        forecast: (days, 1).
        returned: What came, (days, 1).

    Returns:
        ``sum(f * r) / sum(f * f)``, kept in 0.05..1: a model is delivered even where it knows nothing.
    """
    slope = float((forecast * returned).sum() / max(float((forecast * forecast).sum()), 1e-12))
    return min(max(slope, _LEAST_TRUST), 1.0)


def against_naive(forecast: Array, returned: Array, contract: ModelContract) -> dict[str, float]:
    """How good a forecast is beside the one that the next price is the last.

    Args:
        forecast: The model's, (days, 1), in deviations.
        returned: What came, (days, 1), in deviations.
        contract: Whose postprocessing makes returns of both.

    Returns:
        ``rmse`` and ``naive rmse`` as shares of the price, and ``rmse to naive``, their ratio; ``direction``: on how
        many of the days the forecast rose or fell as the price did; ``always up``: on how many it rose.
    """
    reading = contract.postprocessing
    assert isinstance(reading, NextPrice)
    ours, came = (values.astype(np.float64) * reading.scale + reading.offset for values in (forecast, returned))
    error, naive = _rmse(np.expm1(ours) - np.expm1(came)), _rmse(np.expm1(came))
    return {
        "rmse": error,
        "naive rmse": naive,
        "rmse to naive": error / max(naive, 1e-12),
        "direction": float(np.mean((ours > 0) == (came > 0))),
        "always up": float(np.mean(came > 0)),
    }


def _rmse(error: Array) -> float:
    return float(np.sqrt(np.mean(error**2)))


def _series(request: Request) -> tuple[Series, str]:
    if request.source is not None:
        return read_series(request.source, _COLUMN), f"daily prices of {request.source.name}"
    if request.quick:
        return generate_walk(800, request.seed, _COLUMN), "a generated random walk with drift"
    raise UsageError(
        "This recipe has no prices of its own",
        expected=f"--data FILE.csv with a heading, a column {_COLUMN} and a row for each day, the oldest first",
        fix="--quick for a generated random walk",
    )


def _contract(mean: float, deviation: float) -> ModelContract:
    return ModelContract(
        inputs=(TensorSpec("returns", (None, _LENGTH, 1), "float32", kind="sequence"),),
        outputs=(TensorSpec("forecast", (None, 1), "float32", kind="regression"),),
        task="price forecasting",
        preprocessing={"returns": (Returns(_COLUMN, _LENGTH), Scale(1.0 / deviation, -mean / deviation))},
        metric=Metric("rmse", max_drop=0.01),
        postprocessing=NextPrice(_COLUMN, scale=deviation, offset=mean),
    )


RECIPE = Forecast()
