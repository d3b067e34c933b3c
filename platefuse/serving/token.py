"""The token that callers must send, if the server has one."""

import base64
import binascii
import hmac
import os
from pathlib import Path

from platefuse.core.errors import PlatefuseError
from platefuse.serving.refusal import Refusal

VARIABLE = "PLATEFUSE_TOKEN"
_EXPECTED = "expected one line of ASCII without blanks"


def find_token(file: Path | None) -> str | None:
    """Read the token from a file, or else from the environment.

    It is on no command line, which other users of the machine can list.

    Args:
        file: holds the token alone; None for the environment variable PLATEFUSE_TOKEN.

    Returns:
        The token; None if there is neither.

    Raises:
        PlatefuseError: if the file cannot be read, or if what is found is no token. The sentence does not tell it.
    """
    if file is None:
        text = os.environ.get(VARIABLE)
        return None if text is None else _checked(text, f"The environment variable {VARIABLE}")
    try:
        return _checked(file.read_text(encoding="ascii", errors="replace"), str(file))
    except OSError as error:
        raise PlatefuseError(f"--token-file {file}: {error.strerror or error}.") from None


def _checked(text: str, where: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise PlatefuseError(f"{where} holds no token: {_EXPECTED}.")
    return token


def check_token(authorization: str | None, token: str | None) -> None:
    """Check a request's header Authorization.

    The three forms are `Token T`, as clients of Plate Recognizer send it, `Bearer T`, and `Basic` with T as the
    password. A client that knows no token sends the last one if its URL is http://any:T@host.

    Args:
        authorization: the header's value; None without one.
        token: the server's; None lets everybody in.

    Raises:
        Refusal: 401 if the token is missing or wrong.
    """
    if token is None:
        return
    scheme, _, given = (authorization or "").strip().partition(" ")
    if scheme.lower() == "basic":
        given = _password(given)
    elif scheme.lower() not in ("token", "bearer"):
        given = ""
    # Compared in the same time wherever the first difference is.
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Refusal(
            401,
            "The token is missing or wrong: expected the header `Authorization: Token …` with the server's own.",
            {"WWW-Authenticate": 'Token realm="platefuse"'},
        )


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
