"""Reading samples: find out what was given, have it read, and make the result ready for the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from litefoot.runtime.contract import ModelContract
from litefoot.runtime.errors import UsageError

from .arrays import from_array, from_mapping, from_pair, read_npy, read_npz
from .checks import check_given, check_targets
from .fitting import cast, fit_axis
from .folders import read_folder
from .generators import find_function, from_samples, importable, is_function_name, user_code
from .labels import read_targets
from .samples import Array, Data, Wanted, spread
from .tables import read_table

Given = (
    str
    | Path
    | Data
    | Array
    | Mapping[str, Any]
    | tuple[Mapping[str, Any] | Array, Array]
    | Callable[[], Any]
    | Iterable[Any]
)
"""A path or ``module:function``; samples read before; arrays; a function or iterable that yields samples."""

_READERS: dict[str, Callable[[Path, Wanted], Data]] = {".npz": read_npz, ".npy": read_npy, ".csv": read_table}


def read_data(given: Given, contract: ModelContract, *, what: str, limit: int | None = None) -> Data:
    """Read samples from wherever they are, ready for a model.

    Args:
        given: A path: a folder of pictures or recordings, flat or with a subfolder for each class; ``.npz``, ``.npy``
            or ``.csv``. Or ``module:function``, which is called in the current directory. Or Python values: arrays by
            input name, one array, (inputs, targets), a function or iterable that yields samples, or `Data`.
        contract: Of the model that takes them.
        what: ``calibration`` or ``evaluation``, for messages.
        limit: The largest number of samples: the first ones of what is iterated, else evenly spread over all.

    Returns:
        At least one sample for each of the model's inputs, in its dtype, finite.

    Raises:
        UsageError: There is nothing that can be read there.
        SampleError: The samples or their right answers cannot be read or do not fit the model.
        MissingDependency: Pictures need the extra ``images``.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"The limit of {what} samples is too small", got=limit, expected="at least 1")
    wanted = Wanted(contract, what, limit)
    data = _read_named(given, wanted) if isinstance(given, (str, Path)) else _read_value(given, wanted)
    return _finish(data, wanted)


def _read_named(given: str | Path, wanted: Wanted) -> Data:
    path = Path(given)
    if path.is_dir():
        return read_folder(path, wanted)
    if not path.exists():
        if isinstance(given, str) and is_function_name(given):
            with importable(Path.cwd()):
                return _read_called(find_function(given), wanted, given)
        raise UsageError(f"There are no such {wanted.what} samples", where=path, got="no file or folder of this name")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"This kind of {wanted.what} samples is not known",
            where=path,
            got=path.suffix or "no suffix",
            expected=f"{', '.join(_READERS)}, a folder of pictures or recordings, or module:function",
        )
    return reader(path, wanted)


def _read_called(function: Callable[[], Any], wanted: Wanted, source: str) -> Data:
    """What a function returns is read like what is given."""
    with user_code(source):
        result = function()
    return _read_value(result, wanted, source)


def _read_value(given: object, wanted: Wanted, source: str | None = None) -> Data:
    """Samples in memory; what converts itself to an array is one, though it can be iterated too."""
    if isinstance(given, Data):
        return given
    if isinstance(given, Mapping):
        return from_mapping(given, wanted, source or "arrays in memory")
    if isinstance(given, tuple) and len(given) == 2:
        return from_pair(*given, wanted, source or "arrays in memory")
    if hasattr(given, "__array__") or hasattr(given, "numpy"):
        return from_array(given, wanted, source or "an array in memory")
    if callable(given) and source is None:
        return _read_called(given, wanted, getattr(given, "__name__", type(given).__name__))
    if isinstance(given, (str, bytes)) or not (hasattr(given, "__iter__") or hasattr(given, "__getitem__")):
        raise UsageError(
            f"These are no {wanted.what} samples",
            where=source,
            got=type(given).__name__,
            expected="arrays, or what yields samples",
        )
    return from_samples(given, wanted, source or type(given).__name__)  # type: ignore[arg-type]  # old-style sequences


def _finish(data: Data, wanted: Wanted) -> Data:
    """Fit, convert, check and limit what a reader gave."""
    contract = wanted.contract
    specs = wanted.specs_of(data.inputs)
    inputs = {
        name: cast(fit_axis(array, specs[name]), specs[name].dtype, f"{data.source}, input {name}")
        if name in specs
        else array
        for name, array in data.inputs.items()
    }
    check_given(inputs, contract, what=wanted.what, at_least=1)
    count = len(next(iter(inputs.values())))
    targets, labels = data.targets, data.labels
    if targets is not None:
        targets, named = read_targets(targets, wanted, data.source)
        check_targets(targets, count, None, what=wanted.what)
        labels = labels or named
    if wanted.limit is not None and wanted.limit < count:
        kept = spread(count, wanted.limit)
        inputs = {name: array[kept] for name, array in inputs.items()}
        targets = None if targets is None else targets[kept]
    return replace(data, inputs=inputs, targets=targets, labels=labels)
