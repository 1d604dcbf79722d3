"""The folder beside the result where a training keeps what it needs to go on, and what will be kept of it."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from litefoot.runtime.errors import OutputExists

from .devices import Task
from .state import newest_state


@dataclass(frozen=True)
class Working:
    """The folder of one process: several that train together may share a disk, or not.

    Attributes:
        path: ``OUT.training/worker-N``.
    """

    path: Path

    @property
    def states(self) -> Path:
        """Where the state is kept."""
        return self.path / "state"

    @property
    def kept(self) -> Path:
        """What will be in the result: TensorBoard's log, and what the recipe keeps of an epoch."""
        return self.path / "kept"

    @classmethod
    def of(cls, out: Path, task: Task) -> Working:
        """The folder for a result.

        Args:
            out: The result's folder.
            task: Which of the processes this one is.

        Returns:
            The folder; it need not be there.
        """
        return cls(out.with_name(f"{out.name}.training") / f"worker-{task.worker}")

    @classmethod
    def begin(cls, out: Path, task: Task, *, over: bool) -> Working:
        """The folder for a training that begins; nothing is written yet.

        Args:
            out: The result's folder.
            task: Which of the processes this one is.
            over: Whether the state of one that was interrupted may be there: to be gone on with, or removed.

        Returns:
            The folder.

        Raises:
            OutputExists: It is there.
        """
        working = cls.of(out, task)
        if newest_state(working.states) and not over:
            raise OutputExists(
                "A training to this folder was interrupted",
                where=working.path.parent,
                fix="--resume to go on with it, or --force to begin anew",
            )
        return working

    def make(self, *, resume: bool) -> None:
        """Make the folder.

        Args:
            resume: Go on with what it holds, which is removed otherwise.
        """
        if not resume:
            shutil.rmtree(self.path, ignore_errors=True)
        self.kept.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove it, and what it stands in if nothing else does."""
        shutil.rmtree(self.path)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()
