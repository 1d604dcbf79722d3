"""The table of layers that are carried: for each Keras 3 class its tf_keras class, and what differs between them.

An argument of a Keras 3 layer goes to the tf_keras layer if that knows it. One that it does not know is left out only
where the table, or its value, says that this changes nothing; otherwise the layer is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .frameworks import find


@dataclass(frozen=True)
class Row:
    """One line of a table of what is carried.

    Attributes:
        keras: The class in Keras 3.
        tf_keras: What stands for it in tf_keras.
        remark: What is different, or not carried.
    """

    keras: str
    tf_keras: str
    remark: str


@dataclass(frozen=True)
class LayerRow:
    """How one class of layers is carried.

    Attributes:
        keras: Dotted path of the Keras 3 class.
        tf_keras: Dotted path of the tf_keras class.
        remark: What is different, or not carried.
        way: Which function of `construct` builds it.
        renamed: Keras 3's name of an argument to tf_keras's.
        neutral: Arguments that tf_keras lacks, and the value at which that changes nothing, where this is not Keras
            3's default.
        ignored: Arguments that tf_keras lacks and that have no part in inference.
        hidden: Arguments that tf_keras takes although its signature does not show them.
        any_dtype: It may compute in another type than float32.
    """

    keras: str
    tf_keras: str
    remark: str = ""
    way: str = "plain"
    renamed: Mapping[str, str] = field(default_factory=dict)
    neutral: Mapping[str, Any] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    any_dtype: bool = False


def _same(*names: str, **options: Any) -> tuple[LayerRow, ...]:
    """Rows of classes that are in both under one name."""
    return tuple(LayerRow(f"keras.layers.{name}", f"tf_keras.layers.{name}", **options) for name in names)


def _per_rank(*stems: str, ranks: str = "123", **options: Any) -> tuple[LayerRow, ...]:
    return _same(*(stem.format(rank) for stem in stems for rank in ranks), **options)


_LAST = {"data_format": "channels_last"}
_AUGMENTATION = "changes nothing at inference; Keras 2's own augmentation in training"
_NO_AUGMENTATION = "changes nothing at inference; its augmentation in training is not carried"
_MASKED_TO_ZERO = frozenset({"zero_output_for_mask"})

_CORE = (
    *_same("Activation", remark="a function of Keras 3 by name, or a layer without weights; not code of one's own"),
    *_same("Dense", "EinsumDense", remark="not quantized, without LoRA"),
    *_same("Embedding", remark="not quantized, without LoRA; mask_zero is kept"),
    *_same("Identity", "Masking"),
    *_same("ELU", "PReLU", "ReLU", "Softmax"),
    *_same("LeakyReLU", renamed={"negative_slope": "alpha"}),
)
_CONVOLUTION = (
    *_per_rank("Conv{}D", "Conv{}DTranspose", remark="without LoRA"),
    *_per_rank("SeparableConv{}D", "DepthwiseConv{}D", ranks="12"),
)
_POOLING = _per_rank("MaxPooling{}D", "AveragePooling{}D", "GlobalMaxPooling{}D", "GlobalAveragePooling{}D")
_NORMALIZATION = (
    *_same("BatchNormalization", "GroupNormalization", "UnitNormalization"),
    *_same("LayerNormalization", neutral={"rms_scaling": False}, remark="not with rms_scaling"),
    LayerRow(
        "keras.layers.SpectralNormalization", "its inner layer", "it changes the kernel in training only", way="inner"
    ),
)
_RESHAPING = (
    *_same("Flatten", "Permute", "RepeatVector", "Reshape"),
    *_per_rank("Cropping{}D", "UpSampling{}D"),
    *_per_rank("ZeroPadding{}D", neutral=_LAST),
)
_MERGING = _same("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
_RECURRENT = (
    *_same("GRU", "LSTM", "SimpleRNN", ignored=frozenset({"use_cudnn"}), hidden=_MASKED_TO_ZERO),
    *_same("GRUCell", "LSTMCell", "SimpleRNNCell"),
    *_same("RNN", way="recurrent", hidden=_MASKED_TO_ZERO, remark="of the cells in this table"),
    *_same("StackedRNNCells", way="stacked"),
    *_same("Bidirectional", way="bidirectional"),
    *_same("TimeDistributed", way="wrapper"),
    *_per_rank("ConvLSTM{}D", hidden=_MASKED_TO_ZERO),
)
_ATTENTION = (
    *_same("AdditiveAttention", "Attention"),
    *_same("MultiHeadAttention", ignored=frozenset({"flash_attention"}), remark="no sliding window, no gate"),
)
_REGULARIZATION = (
    *_same("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"),
    *_per_rank("SpatialDropout{}D"),
)
_PREPROCESSING = (
    *_same("Normalization", remark="the adapted mean and variance, or the given ones"),
    *_same("Rescaling"),
    *_same("CategoryEncoding", any_dtype=True, remark="not sparse"),
    *_same("Discretization", way="discretization", any_dtype=True, remark="with its bins found; not sparse"),
    *_same("CenterCrop", neutral=_LAST),
    *_same(
        "Resizing",
        neutral=_LAST,
        ignored=frozenset({"fill_mode", "fill_value"}),
        remark="no antialiasing, no padding to the aspect ratio",
    ),
)
_AUGMENTING = (
    *_same(
        "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom",
        neutral=_LAST, ignored=frozenset({"value_range"}), remark=_AUGMENTATION,
    ),
    *(
        LayerRow(f"keras.layers.{name}", "tf_keras.layers.Identity", _NO_AUGMENTATION, way="identity")
        for name in (
            "AugMix", "CutMix", "MixUp", "RandAugment", "RandomColorDegeneration", "RandomColorJitter",
            "RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
            "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness",
            "RandomShear",
        )
    ),
)  # fmt: skip


def _private(module: str, name: str, **options: Any) -> LayerRow:
    path = f"src.applications.{module}.{name}"
    return LayerRow(f"keras.{path}", f"tf_keras.{path}", f"of keras.applications.{module}", **options)


PRIVATE = (
    _private("convnext", "LayerScale"),
    _private("convnext", "StochasticDepth"),
    _private("inception_resnet_v2", "CustomScaleLayer"),
)
"""Layers of keras.applications that neither Keras makes public."""
TABLE: tuple[LayerRow, ...] = (
    *_CORE, *_CONVOLUTION, *_POOLING, *_NORMALIZATION, *_RESHAPING, *_MERGING, *_RECURRENT, *_ATTENTION,
    *_REGULARIZATION, *_PREPROCESSING, *_AUGMENTING, *PRIVATE,
)  # fmt: skip
_BY_NAME = {row.keras.rpartition(".")[2]: row for row in TABLE}


def row_of(layer: Any) -> LayerRow | None:
    """The row of a layer's class.

    Args:
        layer: A Keras 3 layer.

    Returns:
        The row; None for a class that is not in the table, one of the user's own with a name from it among them.
    """
    row = _BY_NAME.get(type(layer).__name__)
    return row if row is not None and find(row.keras) is type(layer) else None


def carried_layers() -> tuple[Row, ...]:
    """Every layer that is carried.

    Returns:
        One row for each class.
    """
    return tuple(Row(row.keras, row.tf_keras, row.remark) for row in TABLE)
