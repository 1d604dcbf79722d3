"""One small Keras 3 model, or several, for each layer that is carried. Imported by `program` only: it needs Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl

Case = Callable[[], Any]

IMAGE, SEQUENCE, VOLUME, VECTOR = (9, 8, 3), (7, 6), (5, 6, 4, 2), (6,)


def through(layer: Any, *shapes: tuple[int | None, ...], dtype: str = "float32") -> Any:
    """A model of one layer; with several shapes the layer takes a list."""
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    return keras.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))


def single(shape: tuple[int | None, ...], layers: dict[str, Callable[[], Any]]) -> dict[str, Case]:
    return {name: lambda make=make: through(make(), shape) for name, make in layers.items()}


def tokens(*layers: Any, mask_zero: bool = True) -> Any:
    return keras.Sequential([keras.Input((10,), dtype="int32"), kl.Embedding(12, 6, mask_zero=mask_zero), *layers])


def adapted(**options: Any) -> Any:
    layer = kl.Normalization(**options)
    layer.adapt(np.random.default_rng(1).uniform(-3, 5, (50, *IMAGE)).astype("float32"))
    return layer


def binned() -> Any:
    layer = kl.Discretization(num_bins=5, output_mode="one_hot")
    layer.adapt(np.linspace(-1, 1, 60, dtype="float32"))
    return layer


def attention(layer: Any, **call: Any) -> Any:
    query, value = keras.Input((5, 6)), keras.Input((7, 6))
    return keras.Model([query, value], layer([query, value], **call))


def multi_head(**call: Any) -> Any:
    query, value = keras.Input((5, 6)), keras.Input((5, 6))
    return keras.Model([query, value], kl.MultiHeadAttention(2, 4, value_dim=3, output_shape=5)(query, value, **call))


def explicit_attention_mask() -> Any:
    x, mask = keras.Input((5, 6)), keras.Input((5, 5), dtype="bool")
    return keras.Model([x, mask], kl.MultiHeadAttention(2, 4)(x, x, x, attention_mask=mask))


CORE = {
    **single(VECTOR, {
        "Dense": lambda: kl.Dense(4, activation="relu"),
        "Dense without bias": lambda: kl.Dense(4, use_bias=False),
        "Dense regularized": lambda: kl.Dense(
            4, kernel_regularizer="l2", bias_constraint=keras.constraints.MaxNorm(3), activity_regularizer="l1"
        ),
        "Identity": kl.Identity,
        "ELU": lambda: kl.ELU(0.7),
        "PReLU": kl.PReLU,
        "LeakyReLU": lambda: kl.LeakyReLU(negative_slope=0.07),
        "ReLU": lambda: kl.ReLU(max_value=0.9, negative_slope=0.1, threshold=0.2),
        "Dense with a layer as activation": lambda: kl.Dense(4, activation=kl.LeakyReLU(0.05)),
    }),
    **single(SEQUENCE, {
        "EinsumDense": lambda: kl.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d", activation="tanh"),
        "Masking": lambda: kl.Masking(0.5),
        "Softmax": lambda: kl.Softmax(axis=1),
        "PReLU shared": lambda: kl.PReLU(shared_axes=[1]),
    }),
    "Embedding": lambda: tokens(mask_zero=False),
    "Embedding of float tokens": lambda: keras.Sequential([keras.Input((10,)), kl.Embedding(12, 6)]),
    **{
        f"Activation {name}": lambda name=name: through(kl.Activation(name), SEQUENCE)
        for name in (
            "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
            "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
            "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
            "squareplus", "swish", "tanh", "tanh_shrink",
        )
    },
}  # fmt: skip
CONVOLUTION = {
    **single(SEQUENCE, {
        "Conv1D": lambda: kl.Conv1D(4, 3, padding="causal", dilation_rate=2),
        "Conv1DTranspose": lambda: kl.Conv1DTranspose(4, 3, strides=2, padding="same"),
        "DepthwiseConv1D": lambda: kl.DepthwiseConv1D(3, depth_multiplier=2),
        "SeparableConv1D": lambda: kl.SeparableConv1D(4, 3, depth_multiplier=2, padding="same"),
    }),
    **single(IMAGE, {
        "Conv2D": lambda: kl.Conv2D(4, (3, 2), strides=2, padding="same", activation="hard_silu"),
        "Conv2D with channels first": lambda: kl.Conv2D(4, 3, data_format="channels_first"),
        "Conv2D in groups": lambda: kl.Conv2D(6, 3, groups=3),
        "Conv2DTranspose": lambda: kl.Conv2DTranspose(4, 3, strides=2, padding="valid", output_padding=1),
        "DepthwiseConv2D": lambda: kl.DepthwiseConv2D(3, depth_multiplier=2, strides=2, activation="relu6"),
        "SeparableConv2D": lambda: kl.SeparableConv2D(4, 3, dilation_rate=2),
    }),
    **single(VOLUME, {
        "Conv3D": lambda: kl.Conv3D(4, 3, padding="same"),
        "Conv3DTranspose": lambda: kl.Conv3DTranspose(4, 2, strides=2),
    }),
}  # fmt: skip
POOLING = {
    f"{kind}{rank}D": lambda kind=kind, rank=rank, shape=shape, options=options: through(
        getattr(kl, f"{kind}{rank}D")(**options), shape
    )
    for kind, options in {
        "MaxPooling": {"pool_size": 2, "padding": "same"},
        "AveragePooling": {"pool_size": 3, "strides": 2, "padding": "same"},
        "GlobalMaxPooling": {"keepdims": True},
        "GlobalAveragePooling": {},
    }.items()
    for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME))
}
NORMALIZATION = single(IMAGE, {
    "BatchNormalization": lambda: kl.BatchNormalization(epsilon=0.01),
    "BatchNormalization without scale": lambda: kl.BatchNormalization(scale=False, axis=1),
    "LayerNormalization": lambda: kl.LayerNormalization(epsilon=1e-6),
    "LayerNormalization of two axes": lambda: kl.LayerNormalization(axis=[1, 2], center=False),
    "GroupNormalization": lambda: kl.GroupNormalization(groups=3),
    "UnitNormalization": lambda: kl.UnitNormalization(axis=[1, 3]),
    "SpectralNormalization": lambda: kl.SpectralNormalization(kl.Conv2D(4, 3)),
})  # fmt: skip
RESHAPING = {
    **single(SEQUENCE, {
        "Reshape": lambda: kl.Reshape((3, -1)),
        "Permute": lambda: kl.Permute((2, 1)),
        "Flatten": kl.Flatten,
        "Cropping1D": lambda: kl.Cropping1D((1, 2)),
        "UpSampling1D": lambda: kl.UpSampling1D(3),
        "ZeroPadding1D": lambda: kl.ZeroPadding1D((1, 2)),
    }),
    **single(IMAGE, {
        "Flatten with channels first": lambda: kl.Flatten(data_format="channels_first"),
        "Cropping2D": lambda: kl.Cropping2D(((1, 2), (0, 3))),
        "UpSampling2D": lambda: kl.UpSampling2D((2, 3)),
        "UpSampling2D bilinear": lambda: kl.UpSampling2D(2, interpolation="bilinear"),
        "ZeroPadding2D": lambda: kl.ZeroPadding2D(((1, 2), (0, 3))),
    }),
    **single(VOLUME, {
        "Cropping3D": lambda: kl.Cropping3D(1),
        "UpSampling3D": lambda: kl.UpSampling3D((1, 2, 3)),
        "ZeroPadding3D": lambda: kl.ZeroPadding3D(((1, 2), (0, 3), (2, 0))),
    }),
    "RepeatVector": lambda: through(kl.RepeatVector(3), VECTOR),
}  # fmt: skip
MERGING = {
    **{
        name: lambda name=name: through(getattr(kl, name)(), SEQUENCE, SEQUENCE)
        for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
    },
    "Add of three": lambda: through(kl.Add(), SEQUENCE, SEQUENCE, SEQUENCE),
    "Add with broadcasting": lambda: through(kl.Add(), SEQUENCE, (1, 6)),
    "Concatenate": lambda: through(kl.Concatenate(axis=1), SEQUENCE, (2, 6)),
    "Dot": lambda: through(kl.Dot(axes=(2, 2), normalize=True), SEQUENCE, (2, 6)),
}
RECURRENT = {
    **single(SEQUENCE, {
        "LSTM": lambda: kl.LSTM(5, recurrent_activation="hard_sigmoid", return_sequences=True),
        "LSTM backwards": lambda: kl.LSTM(5, go_backwards=True, unit_forget_bias=False, dropout=0.2, seed=3),
        "LSTM unrolled": lambda: kl.LSTM(5, unroll=True, use_cudnn=False),
        "LSTM with state": lambda: kl.LSTM(5, return_state=True),
        "GRU": lambda: kl.GRU(5),
        "GRU reset before": lambda: kl.GRU(5, reset_after=False, return_state=True, return_sequences=True),
        "GRU without bias": lambda: kl.GRU(5, use_bias=False, activation="relu6"),
        "SimpleRNN": lambda: kl.SimpleRNN(5, return_sequences=True),
        "RNN": lambda: kl.RNN(kl.GRUCell(5), return_sequences=True),
        "RNN of LSTMCell": lambda: kl.RNN(kl.LSTMCell(5), return_state=True),
        "RNN stacked": lambda: kl.RNN([kl.LSTMCell(5), kl.SimpleRNNCell(4), kl.GRUCell(3, reset_after=False)]),
        "Bidirectional": lambda: kl.Bidirectional(kl.LSTM(5, return_sequences=True)),
        "Bidirectional of two kinds": lambda: kl.Bidirectional(
            kl.LSTM(5, activation="silu"), backward_layer=kl.LSTM(5, go_backwards=True), merge_mode="sum"
        ),
        "Bidirectional GRU with states": lambda: kl.Bidirectional(kl.GRU(5, return_state=True), merge_mode="ave"),
        "Bidirectional RNN": lambda: kl.Bidirectional(kl.RNN([kl.LSTMCell(5), kl.GRUCell(4)])),
        "TimeDistributed": lambda: kl.TimeDistributed(kl.Dense(4, activation="hard_sigmoid")),
    }),
    "ConvLSTM1D": lambda: through(kl.ConvLSTM1D(4, 3, padding="same"), (4, 6, 3)),
    "ConvLSTM2D": lambda: through(kl.ConvLSTM2D(4, 3, return_sequences=True, recurrent_activation="hard_sigmoid"),
                                  (4, 6, 5, 3)),
    "ConvLSTM3D": lambda: through(kl.ConvLSTM3D(2, 2), (3, 4, 4, 4, 2)),
    "TimeDistributed of images": lambda: through(kl.TimeDistributed(kl.Conv2D(4, 3)), (4, *IMAGE)),
    "LSTM of masked tokens": lambda: tokens(kl.LSTM(5, return_sequences=True), kl.GRU(4)),
    "LSTM of masked tokens to zero": lambda: tokens(kl.LSTM(5, return_sequences=True, zero_output_for_mask=True)),
    "Bidirectional of masked tokens": lambda: tokens(kl.Bidirectional(kl.LSTM(5)), kl.Dense(3)),
    "Masking and GRU": lambda: keras.Sequential([keras.Input((8, 6)), kl.Masking(0.25), kl.Dropout(0.1), kl.GRU(4)]),
    "masked GlobalAveragePooling1D": lambda: tokens(kl.Dense(4), kl.GlobalAveragePooling1D()),
    "masked TimeDistributed": lambda: tokens(kl.TimeDistributed(kl.Dense(4)), kl.LSTM(3)),
}  # fmt: skip
ATTENTION = {
    "Attention": lambda: attention(kl.Attention(use_scale=True)),
    "Attention causal, concatenating": lambda: attention(
        kl.Attention(score_mode="concat"), use_causal_mask=True, return_attention_scores=True
    ),
    "AdditiveAttention": lambda: attention(kl.AdditiveAttention()),
    "MultiHeadAttention": multi_head,
    "MultiHeadAttention causal": lambda: multi_head(use_causal_mask=True, return_attention_scores=True),
    "MultiHeadAttention with a mask": explicit_attention_mask,
}
REGULARIZATION = {
    **single(SEQUENCE, {
        "ActivityRegularization": lambda: kl.ActivityRegularization(l1=0.1),
        "AlphaDropout": lambda: kl.AlphaDropout(0.3),
        "Dropout": lambda: kl.Dropout(0.3, noise_shape=(None, 1, 6), seed=4),
        "GaussianDropout": lambda: kl.GaussianDropout(0.3),
        "GaussianNoise": lambda: kl.GaussianNoise(0.3),
        "SpatialDropout1D": lambda: kl.SpatialDropout1D(0.3),
    }),
    "SpatialDropout2D": lambda: through(kl.SpatialDropout2D(0.3), IMAGE),
    "SpatialDropout3D": lambda: through(kl.SpatialDropout3D(0.3), VOLUME),
}  # fmt: skip
PREPROCESSING = {
    **single(IMAGE, {
        "Normalization": lambda: adapted(axis=-1),
        "Normalization of all": lambda: adapted(axis=None),
        "Normalization inverted": lambda: adapted(axis=(1, 3), invert=True),
        "Normalization with given mean": lambda: kl.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0]),
        "Rescaling": lambda: kl.Rescaling(1 / 127.5, offset=-1),
        "Rescaling by channel": lambda: kl.Rescaling([0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0]),
        "CenterCrop": lambda: kl.CenterCrop(5, 4),
        "CenterCrop of a small image": lambda: kl.CenterCrop(12, 11),
        "Resizing": lambda: kl.Resizing(5, 12),
        "Resizing nearest": lambda: kl.Resizing(5, 12, interpolation="nearest"),
        "Resizing cropped": lambda: kl.Resizing(5, 7, interpolation="bicubic", crop_to_aspect_ratio=True),
        "Discretization": lambda: kl.Discretization([-0.5, 0.0, 0.25]),
    }),
    "Rescaling of bytes": lambda: through(kl.Rescaling(1 / 255), IMAGE, dtype="uint8"),
    "Normalization of integers": lambda: through(adapted(axis=-1), IMAGE, dtype="int32"),
    "Discretization adapted": lambda: through(binned(), (1,)),
    "CategoryEncoding": lambda: through(kl.CategoryEncoding(5, output_mode="multi_hot"), (3,), dtype="int32"),
    "CategoryEncoding one hot": lambda: through(kl.CategoryEncoding(5, output_mode="one_hot"), (1,), dtype="int32"),
    "CategoryEncoding with counts": lambda: through(kl.CategoryEncoding(5, output_mode="count"), (3,), dtype="int64"),
}  # fmt: skip
AUGMENTING = {
    name: lambda name=name, options=options: through(getattr(kl, name)(**options), IMAGE)
    for name, options in {
        "RandomBrightness": {"factor": 0.3}, "RandomContrast": {"factor": 0.3}, "RandomFlip": {},
        "RandomRotation": {"factor": 0.3}, "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
        "RandomZoom": {"height_factor": 0.3}, "AugMix": {}, "CutMix": {}, "MixUp": {}, "RandAugment": {},
        "RandomColorDegeneration": {"factor": 0.3}, "RandomColorJitter": {}, "RandomElasticTransform": {},
        "RandomErasing": {}, "RandomGaussianBlur": {}, "RandomGrayscale": {}, "RandomHue": {"factor": 0.3},
        "RandomInvert": {}, "RandomPerspective": {}, "RandomPosterization": {"factor": 4},
        "RandomSaturation": {"factor": 0.3}, "RandomSharpness": {"factor": 0.3}, "RandomShear": {},
    }.items()
}  # fmt: skip


def application_layers() -> Any:
    from keras.src.applications.convnext import LayerScale, StochasticDepth
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    x = keras.Input(IMAGE)
    y = StochasticDepth(0.2)(LayerScale(0.1, 3)(x))
    return keras.Model(x, CustomScaleLayer(0.17)([x, y]))


CASES: dict[str, Case] = {
    **CORE, **CONVOLUTION, **POOLING, **NORMALIZATION, **RESHAPING, **MERGING, **RECURRENT, **ATTENTION,
    **REGULARIZATION, **PREPROCESSING, **AUGMENTING, "layers of keras.applications": application_layers,
}  # fmt: skip
