"""The command line: options of the program, and its commands.

Each command is a module of this package.
"""

import codecs
import os
import sys
from pathlib import Path

import platefuse
from platefuse.cli import check, convert, export, fuse, models, params, read, score, serve
from platefuse.cli.common import complain
from platefuse.cli.completion import PrintCompletion
from platefuse.cli.parser import Parser
from platefuse.core.errors import PlatefuseError

COMMANDS = (read, score, serve, models, fuse, export, check, convert, params)
_INTERRUPTED, _PIPE_CLOSED = 130, 141  # the shell's: 128 and the signal's number


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit status.

    The status is 0, or 1 if anything failed. Wrong usage exits with 2.
    """
    _open_outputs()
    try:
        arguments = _parser().parse_args(argv)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except PlatefuseError as error:
        return complain(str(error))
    except BrokenPipeError:  # `platefuse read … | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        return complain(f"{error.filename or 'output'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return _INTERRUPTED


def _open_outputs() -> None:
    """Make both outputs accept every text.

    The shell may have closed an output, and an output's encoding may lack characters.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        # file names that are not UTF-8 come out as they are
        is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")


def _parser() -> Parser:
    parser = Parser(
        prog="platefuse", description="Read plates with a fused model, and work with models and their data."
    )
    parser.add_argument("--version", action="version", version=f"platefuse {platefuse.__version__}")
    parser.add_argument("--print-completion", action=PrintCompletion)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser
