"""A folder is complete or not there, a name stays inside its folder, and arrays are only arrays."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from litefoot.runtime.errors import OutputExists, UsageError
from litefoot.runtime.storage.folder import check_free, new_folder, write_json


def write_previous(target: Path) -> None:
    target.mkdir()
    (target / "manifest.json").write_text("previous")


def is_previous(target: Path) -> bool:
    return names_in(target) == ["manifest.json"] and (target / "manifest.json").read_text() == "previous"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def break_off(partial: Path, thrown: BaseException) -> None:
    (partial / "half").write_text("half")
    raise thrown


def test_the_folder_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with new_folder(target, force=False) as partial:
        (partial / "file").write_text("content")
        assert not target.exists()
        assert partial.parent == target.parent
    assert (target / "file").read_text() == "content"
    assert names_in(target.parent) == ["out"]


def test_the_folder_has_the_permissions_of_any_new_folder(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with new_folder(tmp_path / "out", force=False):
        pass
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_existing_target_is_refused_before_the_block_runs(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_previous(target)
    ran = False
    with pytest.raises(OutputExists, match="--force"), new_folder(target, force=False):
        ran = True
    assert not ran
    assert is_previous(target)


def test_a_target_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(OutputExists), new_folder(target, force=False):
        write_previous(target)
    assert is_previous(target)
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("document", ["manifest.json", "trained.json", None])
def test_force_replaces_the_whole_folder(tmp_path: Path, document: str | None) -> None:
    target = tmp_path / "out"
    target.mkdir()
    if document:
        (target / document).write_text("previous")
        (target / "stale").write_text("stale")
    with new_folder(target, force=True) as partial:
        (partial / "new").write_text("new")
    assert names_in(target) == ["new"]
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("kind", ["folder", "file", "link to nowhere"])
def test_what_litefoot_did_not_write_is_never_replaced(tmp_path: Path, kind: str, force: bool) -> None:
    target = tmp_path / "out"
    if kind == "folder":
        target.mkdir()
        (target / "thesis.txt").write_text("years of work")
    elif kind == "file":
        target.write_text("years of work")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError), new_folder(target, force=force) as partial:
        (partial / "manifest.json").write_text("new")
    assert target.is_symlink() or "years" in (target / "thesis.txt" if target.is_dir() else target).read_text()
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("thrown", "seen"),
    [
        (RuntimeError("a bug"), RuntimeError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (SystemExit(3), SystemExit),
        (OSError(errno.ENOSPC, "No space left on device"), UsageError),
        (OSError(errno.EROFS, "Read-only file system"), UsageError),
        (OSError(errno.EIO, "Input/output error"), OSError),
    ],
    ids=lambda value: repr(value) if isinstance(value, BaseException) else None,
)
@pytest.mark.parametrize("previous", [True, False])
def test_what_ends_the_block_early_leaves_everything_as_it_was(
    tmp_path: Path, thrown: BaseException, seen: type[BaseException], previous: bool
) -> None:
    target = tmp_path / "out"
    if previous:
        write_previous(target)
    with pytest.raises(seen), new_folder(target, force=True) as partial:
        break_off(partial, thrown)
    assert names_in(tmp_path) == (["out"] if previous else [])
    assert not previous or is_previous(target)


def test_a_full_disk_is_named_with_its_target(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"cannot be written[\s\S]*out[\s\S]*No space"),
        new_folder(tmp_path / "out", force=False),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_the_previous_folder_comes_back_when_the_last_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, rename = tmp_path / "out", Path.rename
    write_previous(target)

    def refuse_the_new_one(path: Path, to: Path) -> Path:
        if (path / "new").exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(OSError, match="Input/output"), new_folder(target, force=True) as partial:
        (partial / "new").write_text("new")
    assert is_previous(target)
    assert names_in(tmp_path) == ["out"]


def test_a_place_that_cannot_hold_a_folder_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), new_folder(tmp_path / "file" / "out", force=False):
        pass


def test_a_free_target_is_free(tmp_path: Path) -> None:
    check_free(tmp_path / "out", force=False)
    assert not (tmp_path / "out").exists()


def test_a_document_is_written_as_json_in_the_given_order(tmp_path: Path) -> None:
    write_json(tmp_path / "d.json", {"b": 1, "a": ["é"]})
    assert (tmp_path / "d.json").read_text(encoding="utf-8").split() == [
        "{",
        '"b":',
        "1,",
        '"a":',
        "[",
        '"\\u00e9"',
        "]",
        "}",
    ]
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "d.json", {"a": float("nan")})
