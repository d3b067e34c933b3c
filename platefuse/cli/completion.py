"""Completion of the command line in a shell."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platefuse.cli.common import file_path, folder_path, model_name

SHELLS = ("bash", "zsh", "tcsh")


class PrintCompletion(argparse.Action):
    """Option that prints the completion script for a shell, and exits."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, choices=SHELLS, help="print the completion script for a shell, and exit")

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, shell: Any, option: str | None = None) -> None:
        import shtab  # here: no other use of the command line needs it

        _complete_paths(parser, shtab.FILE)
        print(shtab.complete(parser, shell), flush=True)
        parser.exit()


def _complete_paths(parser: argparse.ArgumentParser, complete: object) -> None:
    """Have paths completed, also those of subcommands.

    By itself, shtab completes only options.
    """
    for action in parser._actions:
        if action.type in (Path, file_path, folder_path, model_name):
            action.complete = complete  # type: ignore[attr-defined]
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_paths(command, complete)
