"""Parser of the program and of each command.

A wrong name gets that parser's own usage, and the nearest right name.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from platefuse.core.errors import did_you_mean


class Parser(argparse.ArgumentParser):
    """Parser that knows its options by their whole names only.

    An abbreviation would become ambiguous, or another option, with a later version.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"allow_abbrev": False})

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse the arguments; exit with status 2 if one is wrong.

        argparse leaves what a command does not know to the program, whose usage does not name the command's options.
        """
        words = list(sys.argv[1:] if args is None else args)
        self._check_names(words)
        namespace, unknown = super().parse_known_args(words, namespace)
        if unknown:
            self.error(f"unexpected: {' '.join(unknown)}")
        return namespace, unknown

    def _check_names(self, words: list[str]) -> None:
        """Check the command, or the options up to the end of options.

        Other issues, such as a missing argument, often follow from a wrong name.
        """
        commands = [name for action in self._actions for name in _commands(action)]
        if commands and words and not words[0].startswith("-") and words[0] not in commands:
            nearest = did_you_mean(words[0], commands)
            self.error(f"there is no command {words[0]}{nearest}: the commands are {', '.join(commands)}")
        for word in words:
            if word == "--" or (commands and not word.startswith("-")):
                return
            name = word.partition("=")[0]
            if word.startswith("--") and " " not in word and name not in self._option_string_actions:
                known = [option for option in self._option_string_actions if option.startswith("--")]
                self.error(f"there is no option {name}{_begun(name, known) or did_you_mean(name, known)}")


def _commands(action: argparse.Action) -> Iterable[str]:
    return action.choices or () if isinstance(action, argparse._SubParsersAction) else ()


def _begun(name: str, known: Sequence[str]) -> str:
    """Suggest the options that a name is the beginning of."""
    options = [option for option in known if option.startswith(name)]
    return f" (did you mean {' or '.join(options)}?)" if options else ""
