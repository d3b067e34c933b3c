"""The one error class for users, and the quoting of its texts."""


class PlatefuseError(Exception):
    """A mistake that the user can fix: a parameter, file or row.

    Its message is a whole sentence that names the culprit and says what was expected. Stages and the command line
    print the message without a traceback and exit with status 1.
    """


def shortened(text: str, longest: int = 100) -> str:
    """Cut a text to at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Quote a text that would break a line or steer the terminal."""
    return text if text.isprintable() else repr(text)
