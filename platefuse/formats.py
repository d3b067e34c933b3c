"""Plate formats: what an issuer's numbers look like decides between characters that look alike.

A format such as LL000LL has a sign for each character: `L` a letter, `0` a digit, `?` any. O and 0, I and 1, B and 8
cannot always be told from pixels, but where only letters or only digits can stand, they can.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from platefuse.errors import PlatefuseError
from platefuse.format_lists import LISTS
from platefuse.keras2 import tf
from platefuse.params import Items

_SIGNS = "L0?"
_ANY = _SIGNS.index("?")
_LEAST = float(np.finfo(np.float32).tiny)  # stands for a probability of 0, which has no logarithm


def _as_entry(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a format such as LL000LL, in quotes if it is of digits only, or a list's name")
    return value


def resolve(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Put the formats of shipped lists in the place of the lists' names; a format that comes again is left out.

    Raises:
        ValueError: for an entry that is neither a format nor a list's name, or is given twice.
    """
    formats: list[str] = []
    for entry in entries:
        if entries.count(entry) > 1:
            raise ValueError(f"{entry!r} is given twice")
        if entry not in LISTS and set(entry) - set(_SIGNS):
            raise ValueError(f"{entry!r} is neither made of L, 0 and ? nor a list's name ({', '.join(LISTS)})")
        formats += LISTS.get(entry, (entry,))
    return tuple(dict.fromkeys(formats))


Formats = Annotated[Items[Annotated[str, BeforeValidator(_as_entry)]], AfterValidator(resolve)]
"""A YAML list of formats and lists' names; the names resolved."""


def check_formats(formats: tuple[str, ...], alphabet: str) -> None:
    """Check that the alphabet can fill each format.

    Raises:
        PlatefuseError: if it has no letters, or no digits, where a format asks for some.
    """
    of_sign = dict(zip(_SIGNS, _characters_of_signs(alphabet), strict=True))
    for sign, kind in (("L", "letters"), ("0", "digits")):
        asking = [entry for entry in formats if sign in entry]
        if asking and not of_sign[sign].any():
            raise PlatefuseError(
                f"fuse.formats: {asking[0]!r} asks for {kind}, and the classifier's alphabet {alphabet!r} has none: "
                "leave it out."
            )


def most_probable_reading(
    probabilities: tf.Tensor, count: tf.Tensor, formats: tuple[str, ...], tolerance: float, alphabet: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read plates by the formats that are as long as they are.

    Of the readings that one of those formats allows the most probable is taken, if the logarithm of its probability
    (summed over the characters) is less than `tolerance` below that of the most probable reading of all. Else that
    one is, so that a plate which follows no format survives. All numbers, and no loop over formats.

    Args:
        probabilities: float32 [B,N,K], of each character of the alphabet in each slot, in reading order.
        count: int32 [B], how many slots are used; they come first.
        formats: one or more, none longer than N.
        tolerance: 0 or more.
        alphabet: K characters.

    Returns:
        Character ids, int32 [B,N], -1 in unused slots, and their probabilities, float32 [B,N], 0 in unused slots.
    """
    slots = probabilities.shape[1]
    signs = _sign_indices(formats, slots)
    # The best character for each sign: what is not of its kind counts less than a probability of 0.
    of_sign = tf.where(_characters_of_signs(alphabet), probabilities[:, :, None], -1.0)
    best = tf.reduce_max(of_sign, axis=-1)
    used = tf.sequence_mask(count, slots)
    logarithms = tf.where(used[..., None], tf.math.log(tf.maximum(best, _LEAST)), 0.0)
    of_format = tf.einsum("bns,fns->bf", logarithms, tf.one_hot(signs, len(_SIGNS)))
    of_format = tf.where(count[:, None] == [len(entry) for entry in formats], of_format, -np.inf)
    unrestricted = tf.reduce_sum(logarithms[..., _ANY], axis=1)
    allowed = unrestricted - tf.reduce_max(of_format, axis=1) < tolerance
    sign = tf.where(allowed[:, None], tf.gather(signs, tf.argmax(of_format, axis=1)), _ANY)
    ids = tf.gather(tf.argmax(of_sign, axis=-1, output_type=tf.int32), sign, batch_dims=2)
    return tf.where(used, ids, -1), tf.where(used, tf.gather(best, sign, batch_dims=2), 0.0)


def _characters_of_signs(alphabet: str) -> np.ndarray:
    """Which characters each sign stands for: bool [3,K]."""
    return np.array([[c.isalpha() for c in alphabet], [c.isdigit() for c in alphabet], [True for _ in alphabet]])


def _sign_indices(formats: tuple[str, ...], slots: int) -> np.ndarray:
    """Each format's signs as indices, int32 [F,N]; what is beyond its end is any, and does not count."""
    return np.array([[_SIGNS.index(sign) for sign in entry.ljust(slots, "?")] for entry in formats], np.int32)
