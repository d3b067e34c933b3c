"""The command line: `platefuse read`, `score`, `export` and `params`, each a module of commands/."""

import argparse
import os
import sys

from platefuse.commands import complain, export, params, read, score
from platefuse.errors import PlatefuseError

COMMANDS = (read, score, export, params)
_INTERRUPTED, _PIPE_CLOSED = 130, 141  # as the shell has them: 128 and the signal's number


def main(argv: list[str] | None = None) -> int:
    """Run one command and give the exit status: 0, or 1 if anything failed; wrong usage exits with 2."""
    arguments = _parser().parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names that are not UTF-8 come out as they are
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except PlatefuseError as error:
        return complain(str(error))
    except BrokenPipeError:  # `platefuse read … | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        return complain(f"{error.filename or 'output'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="platefuse", description="Read plates with a fused model, and check what makes one."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
