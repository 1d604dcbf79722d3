"""The command ``litefoot``: parse the arguments, carry out the command, turn errors into messages and exit codes."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from litefoot.runtime.errors import LitefootError, UsageError

COMMANDS = ("train", "convert", "verify", "explain", "compare", "bench", "run", "inspect", "doctor")
"""Each is a module ``<name>_command`` of this room; it imports what it needs when it is carried out."""

_EPILOG = """exit codes:
  0  passed
  1  compared, and something is out of tolerance or undecided
  2  the command or its input is wrong
  3  an optional dependency is missing
  4  a model or bundle is unreadable or was changed
  5  training or conversion failed
  70 a bug in litefoot
  130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Args:
        argv: The arguments; None for those of the process.

    Returns:
        The exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # labels and paths may hold what a terminal cannot show
    arguments = make_parser().parse_args(argv)
    try:
        return _carry_out(arguments)
    except LitefootError as error:
        return _complain(f"error: {error}", error.exit_code)
    except KeyboardInterrupt:
        return _complain("interrupted; nothing was changed", 130)
    except BrokenPipeError:
        _abandon_output()  # its reader has gone; there is nobody to tell
        return 141
    except OSError as error:
        _abandon_output()
        place = error.filename or "the file system"
        return _complain(
            f"error: {UsageError('The system refused to read or write', where=place, got=error.strerror)}",
            UsageError.exit_code,
        )
    except Exception:  # noqa: BLE001 - the last resort
        import traceback

        traceback.print_exc()
        return _complain("This is a bug in litefoot. Please report it with the lines above.", LitefootError.exit_code)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands.

    Returns:
        The parser.
    """
    parser = argparse.ArgumentParser(
        prog="litefoot",
        description="Take a trained Keras model to TFLite and ONNX files proven to stay within tolerance.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _module(name)
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(command)
    return parser


class _Version(argparse.Action):
    """Reads the version when it is asked for: that takes as long as all the rest of ``--help``."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"litefoot {version('litefoot')}")  # noqa: T201
        parser.exit()


class _Command(Protocol):
    """What a command's module holds."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def execute(self, arguments: argparse.Namespace) -> int:
        """Carry out the command; its exit code."""


def _module(command: str) -> _Command:
    return cast(_Command, importlib.import_module(f".{command}_command", __package__))


def _carry_out(arguments: argparse.Namespace) -> int:
    code = _module(arguments.command).execute(arguments)
    sys.stdout.flush()  # a reader that has gone or a full disk is found here, not after the exit code was chosen
    return code


def _abandon_output() -> None:
    """Let go of what cannot be written, or Python would try again at its exit, complain, and end with 120."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, code: int) -> int:
    sys.stderr.write(message + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
