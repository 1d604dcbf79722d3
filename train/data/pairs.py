"""Sentences and their translations, from files or made up from a small grammar."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np

from litefoot.runtime.errors import SampleError, first_line

from .downloads import download
from .splits import random_split

Pairs = list[tuple[str, str]]

_ARCHIVE = "http://storage.googleapis.com/download.tensorflow.org/data/fra-eng.zip"
_PARTS = {"train": "train", "validation": "val", "test": "test"}


def read_pairs(path: Path, seed: int) -> dict[str, Pairs]:
    """Read sentence pairs.

    Args:
        path: A folder with files ``train.XX``, ``val.XX`` and ``test*.XX`` for two languages, a sentence a line, each
            plain or ``.gz``; the language whose suffix sorts first is translated into the other. Or a text file with a
            sentence, a TAB and its translation a line; it is split at random.
        seed: Of that split.

    Returns:
        The pairs of each part.

    Raises:
        SampleError: They cannot be read, or the two sides differ in length.
    """
    if path.is_dir():
        return {part: _read_part(path, name) for part, name in _PARTS.items()}
    return split_pairs(_parse(_lines(path), path), seed)


def split_pairs(pairs: Pairs, seed: int) -> dict[str, Pairs]:
    """Split pairs at random; all translations of a sentence stay in one part.

    Args:
        pairs: All.
        seed: Of the shuffle.

    Returns:
        The pairs of each part.

    Raises:
        SampleError: There are too few.
    """
    numbers = {sentence: number for number, sentence in enumerate(dict.fromkeys(pair[0] for pair in pairs))}
    parts = random_split(len(numbers), validation=0.05, test=0.05, seed=seed)
    chosen = {part: set(map(int, indices)) for part, indices in parts.items()}
    return {part: [pair for pair in pairs if numbers[pair[0]] in inside] for part, inside in chosen.items()}


def download_pairs(seed: int) -> dict[str, Pairs]:
    """English sentences and their French translations of the Tatoeba project, CC BY 2.0, bundled by manythings.org.

    Args:
        seed: Of the split.

    Returns:
        The pairs of each part.

    Raises:
        UsageError: They cannot be downloaded.
    """
    import tf_keras

    archive = download(
        "The sentence pairs",
        lambda: Path(tf_keras.utils.get_file("fra-eng.zip", _ARCHIVE)),
        where=_ARCHIVE,
        fix="--data with a folder of train.XX, val.XX, test.XX or a file of TAB-separated pairs, or --quick",
    )
    content = zipfile.ZipFile(archive).read("fra.txt").decode("utf-8")
    return split_pairs(_parse(content.splitlines(), archive), seed)


def _read_part(folder: Path, name: str) -> Pairs:
    files = sorted(path for path in folder.iterdir() if path.name.startswith(name) and path.is_file())
    if len(files) != 2:
        raise SampleError(
            "A folder of translations holds two files for each part",
            where=folder,
            got=", ".join(path.name for path in files) or f"no {name}*",
            expected=f"{name}.XX and {name}.YY, plain or .gz",
        )
    sources, targets = (_lines(path) for path in files)
    if len(sources) != len(targets):
        raise SampleError(
            "The two languages differ in the number of sentences",
            where=folder,
            got=f"{len(sources)} in {files[0].name}, {len(targets)} in {files[1].name}",
        )
    return [(one, other) for one, other in zip(sources, targets, strict=True) if one.strip() and other.strip()]


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return io.StringIO(content.decode("utf-8-sig")).read().splitlines()
    except (OSError, ValueError, EOFError) as error:
        raise SampleError("These sentences cannot be read", where=path, got=first_line(error)) from error


def _parse(lines: list[str], path: Path) -> Pairs:
    fields = [line.split("\t") for line in lines if line.strip()]
    broken = next((number for number, parts in enumerate(fields, 1) if len(parts) < 2), None)
    if broken is not None or not fields:
        raise SampleError(
            "This file does not hold pairs of sentences",
            where=f"{path}, line {broken}" if broken else path,
            expected="a sentence, a TAB and its translation on each line",
        )
    return [(parts[0], parts[1]) for parts in fields]


_NOUNS = {
    "m": (("cat", "chat"), ("dog", "chien"), ("boat", "bateau"), ("garden", "jardin"), ("book", "livre")),
    "f": (("house", "maison"), ("car", "voiture"), ("woman", "femme"), ("flower", "fleur"), ("table", "table")),
}
_ARTICLES = {"m": (("the", "le"), ("a", "un"), ("my", "mon")), "f": (("the", "la"), ("a", "une"), ("my", "ma"))}
_ADJECTIVES = (
    ("red", {"m": "rouge", "f": "rouge"}),
    ("green", {"m": "vert", "f": "verte"}),
    ("black", {"m": "noir", "f": "noire"}),
    ("white", {"m": "blanc", "f": "blanche"}),
    ("round", {"m": "rond", "f": "ronde"}),
    ("blue", {"m": "bleu", "f": "bleue"}),
)
_VERBS = (("sees", "voit"), ("likes", "aime"), ("finds", "trouve"), ("hides", "cache"), ("draws", "dessine"))


def made_up_pairs(count: int, seed: int) -> Pairs:
    """English sentences of one form and their French translations: adjectives move, articles follow the gender.

    Args:
        count: How many.
        seed: Of the choice.

    Returns:
        The pairs.
    """
    rng = np.random.default_rng(seed)

    def phrase() -> tuple[str, str]:
        gender = "mf"[rng.integers(2)]
        noun, article = _NOUNS[gender][rng.integers(5)], _ARTICLES[gender][rng.integers(3)]
        if rng.random() < 0.3:
            return f"{article[0]} {noun[0]}", f"{article[1]} {noun[1]}"
        english, french = _ADJECTIVES[rng.integers(len(_ADJECTIVES))]
        return f"{article[0]} {english} {noun[0]}", f"{article[1]} {noun[1]} {french[gender]}"

    def sentence() -> tuple[str, str]:
        subject, thing, verb = phrase(), phrase(), _VERBS[rng.integers(len(_VERBS))]
        return tuple(f"{subject[i]} {verb[i]} {thing[i]}.".capitalize() for i in (0, 1))  # type: ignore[return-value]

    return [sentence() for _ in range(count)]
