"""The one kind of error for the user, and how its sentence shows a text."""


class PlatefuseError(Exception):
    """A mistake that the user can put right: in a parameter, a file or a row.

    Its message is a whole sentence that names the culprit and says what was expected. Stages and the command line
    print the message without a traceback and exit with status 1.
    """


def shortened(text: str, longest: int = 100) -> str:
    """Cut a text to at most `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Quote a text that would break a line or steer the terminal."""
    return text if text.isprintable() else repr(text)
