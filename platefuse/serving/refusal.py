"""Refusal of a request: a status of HTTP and a sentence."""

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818  it is an answer, and no error of the server
    """Answer to a request that is not served.

    Attributes:
        status: of HTTP, 400 or more.
        sentence: what is wrong, and what was expected.
        headers: of the answer, such as Retry-After.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})
