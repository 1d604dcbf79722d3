"""The compressions that a search tries by itself, where precision alone does not meet the budgets."""

from __future__ import annotations

from collections.abc import Sequence

from ..compress import Cluster, Compression, Prune, QuantizeAware
from .choosing import Candidate
from .limits import Budgets

_SMALLER_DOWNLOADS = (
    Compression(prune=Prune(0.5)),
    Compression(prune=Prune(0.8)),
    Compression(prune=Prune(0.8), cluster=Cluster(16)),
    Compression(prune=Prune(0.8), cluster=Cluster(16), quantize_aware=QuantizeAware()),
)
"""What costs least first."""
_FEWER_SCALES: tuple[Compression, ...] = (Compression(cluster=Cluster(16)),)
"""Weights that share values have one scale for a layer instead of one for each channel, which are bytes of the file."""
_WITH_FEWER = 0.8
"""Of the bytes of an int8 file: docs/compression.md has 0.83 and 0.90 for mnist."""
_BETTER_INT8: tuple[Compression, ...] = (Compression(quantize_aware=QuantizeAware()),)


def worth_trying(candidates: Sequence[Candidate], budgets: Budgets) -> tuple[Compression, ...]:
    """The compressions that can change what misses the budgets.

    Zeros leave a file as long as it is, but gzip makes it shorter; shared values make it a little shorter too.
    Quantization-aware training changes neither, and lets one pass whose size and latency would do.

    Args:
        candidates: The files of the model as it is, none of which passed within the budgets.
        budgets: That they missed.

    Returns:
        The compressions, in the order in which they are worth trying.
    """
    besides_gzip = [limit for limit in budgets.limits if limit.cost != "gzip_bytes"]
    wrong = [one for one in candidates if one.status != "passed" and one.within(besides_gzip)]
    found = _BETTER_INT8 if any(one.within(budgets.limits) for one in wrong) else ()
    if budgets.max_bytes is not None and any(_nearly_small(one, budgets) for one in candidates):
        found += _FEWER_SCALES
    if budgets.max_gzip_bytes is not None:
        if any(one.status == "passed" and one.within(besides_gzip) for one in candidates):
            found += _SMALLER_DOWNLOADS
        elif wrong:
            found += _SMALLER_DOWNLOADS[-1:]
    return found


def _nearly_small(one: Candidate, budgets: Budgets) -> bool:
    """Whether an int8 file misses its bytes, and nothing else, by what fewer scales may save."""
    others = [limit for limit in budgets.limits if limit.cost != "bytes"]
    assert budgets.max_bytes is not None
    near = one.bytes * _WITH_FEWER <= budgets.max_bytes < one.bytes
    return near and one.name.startswith("int8") and one.status == "passed" and one.within(others)


def hint(rungs: Sequence[Compression], budgets: Budgets) -> str:
    """What is said where no compression could be tried.

    Args:
        rungs: Those that are worth trying.
        budgets: That were missed.

    Returns:
        In a line; empty where there is nothing to say.
    """
    if rungs:
        return f"{' or '.join(map(str, rungs))} may meet the budgets, and needs --training-data DATA with labels"
    if budgets.max_bytes is not None:
        return "pruning shortens a download (--max-gzip-bytes) and not the file: it takes a smaller model"
    return ""
