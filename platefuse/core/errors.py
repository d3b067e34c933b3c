"""The one kind of error that is meant for the user rather than for a developer, and how it shows what was found."""


class PlatefuseError(Exception):
    """Something the user can put right: a parameter, a file or a row of one.

    Its message is a whole sentence that names the culprit and says what was expected. Stages and the
    command line print it without a traceback and exit with status 1.
    """


def shortened(text: str, longest: int = 100) -> str:
    """Cut a text that may be of any length to one that a sentence can hold."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Quote a text that would break a line, or steer the terminal."""
    return text if text.isprintable() else repr(text)
