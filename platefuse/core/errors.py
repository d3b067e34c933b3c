"""The one error class for users, and the quoting of its texts."""

from collections.abc import Iterable
from difflib import get_close_matches


class PlatefuseError(Exception):
    """A mistake that the user can fix: a parameter, file or row.

    Its message is a whole sentence that names the culprit and says what was expected. Stages and the command line
    print the message without a traceback and exit with status 1.
    """


def not_installed(subject: str, names: Iterable[str], install: str) -> PlatefuseError:
    """Say what is not installed, and what `pip install` gets."""
    names = list(names)
    return PlatefuseError(
        f"{subject} needs {' and '.join(names)}, which {'are' if names[1:] else 'is'} not installed: "
        f"pip install {install}."
    )


def shortened(text: str, longest: int = 100) -> str:
    """Cut a text to at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Quote a text that would break a line or steer the terminal."""
    return text if text.isprintable() else repr(text)


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Suggest the most similar known name in parentheses, after a space.

    Without a similar one, or if what was given is no text, the suggestion is "".
    """
    similar = get_close_matches(given, list(known), n=1) if isinstance(given, str) and len(given) <= 100 else []
    return f" (did you mean {similar[0]}?)" if similar else ""
