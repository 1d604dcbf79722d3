"""The command line inside this process: as strict as a fresh one, and much faster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from litefoot.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Carry out a command line; what it printed is given, and is never a traceback."""

    def carry_out(*arguments: object) -> Done:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_of_the_parser:
            code = int(exit_of_the_parser.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "Traceback" not in out
        return Done(code, out, err)

    return carry_out


@pytest.fixture
def refused(command: Callable[..., Done]) -> Callable[..., str]:
    """Carry out a command line that ends in an error of this exit code; the message is given."""

    def carry_out(code: int, *arguments: object) -> str:
        done = command(*arguments)
        assert done.code == code, done.out + done.err
        assert done.err.startswith("error: ")
        assert done.out == ""
        return done.err

    return carry_out
