"""The one kind of error that is meant for the user rather than for a developer."""


class PlatefuseError(Exception):
    """Something the user can put right: a parameter, a file or a row of one.

    Its message is a whole sentence that names the culprit and says what was expected. Stages and the
    command line print it without a traceback and exit with status 1.
    """
