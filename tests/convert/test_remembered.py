"""What a file's content came to is computed once, and again when the file changes."""

from __future__ import annotations

import os
from pathlib import Path

from litefoot.convert.kept import digest
from litefoot.convert.remembered import remembered

LONG_AGO_NS = 1_000_000_000_000_000_000


def test_a_file_is_read_once_until_it_changes_and_every_time_while_it_is_new(tmp_path: Path) -> None:
    path, read = tmp_path / "a", []

    def content(file: Path) -> str:
        read.append(file)
        return file.read_text(encoding="utf-8")

    look = remembered(content)
    path.write_text("one")
    assert [look(path), look(path), len(read)] == ["one", "one", 2]
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert [look(path), look(path), len(read)] == ["one", "one", 3]
    path.write_text("two")
    assert [look(path), len(read)] == ["two", 4]
    os.utime(path, ns=(LONG_AGO_NS + 1, LONG_AGO_NS + 1))
    assert look(path) == "two"


def test_what_a_trial_is_known_by_reads_its_samples_once(tmp_path: Path) -> None:
    path = tmp_path / "rest"
    path.write_bytes(b"one")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    before = digest(path)
    path.write_bytes(b"two")
    assert digest(path) != before
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert digest(path) == before, "of the same place, size and date, it was not read again"
