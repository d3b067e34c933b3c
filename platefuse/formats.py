"""What numbers look like decides between characters that look alike: O and 0, I and 1, B and 8.

They cannot always be told from pixels, but where only letters or only digits can stand, they can. A format such as
LL000LL, which an issuer's numbers have, says where: `L` a letter, `0` a digit, `?` any. Without one it is still known
that letters and digits come in runs.
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
_NEITHER = len(_SIGNS)  # stands for what is neither letter nor digit; no format has a sign for it
_KINDS = [_SIGNS.index("L"), _SIGNS.index("0"), _NEITHER]
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
    of_sign = dict(zip(_SIGNS, _characters_of_signs(alphabet), strict=False))
    for sign, kind in (("L", "letters"), ("0", "digits")):
        asking = [entry for entry in formats if sign in entry]
        if asking and not of_sign[sign].any():
            raise PlatefuseError(
                f"fuse.formats: {asking[0]!r} asks for {kind}, and the classifier's alphabet {alphabet!r} has none: "
                "leave it out."
            )


def most_probable_reading(
    probabilities: tf.Tensor,
    count: tf.Tensor,
    formats: tuple[str, ...],
    tolerance: float,
    change_cost: float,
    alphabet: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read plates by the formats that are as long as they are, or else by runs of letters and digits.

    Of the readings that one of those formats allows the most probable is taken, if the logarithm of its probability
    (summed over the characters) is less than `tolerance` below that of the most probable reading of all. Else that
    one is, so that a plate which follows no format survives; of all readings, though, each is held to be less probable
    by `change_cost` for every change between letters and digits from one character to the next. All numbers, and no
    loop over formats.

    Args:
        probabilities: float32 [B,N,K], of each character of the alphabet in each slot, in reading order.
        count: int32 [B], how many slots are used; they come first.
        formats: none longer than N; may be empty.
        tolerance: 0 or more.
        change_cost: 0 or more; 0 leaves the characters as they are.
        alphabet: K characters.

    Returns:
        Character ids, int32 [B,N], -1 in unused slots, and their probabilities, float32 [B,N], 0 in unused slots.
    """
    slots = probabilities.shape[1]
    # The best character for each sign: what is not of its kind counts less than a probability of 0.
    of_sign = tf.where(_characters_of_signs(alphabet), probabilities[:, :, None], -1.0)
    best = tf.reduce_max(of_sign, axis=-1)
    used = tf.sequence_mask(count, slots)
    logarithms = tf.where(used[..., None], tf.math.log(tf.maximum(best, _LEAST)), 0.0)
    kinds = likely_kinds(tf.gather(logarithms, _KINDS, axis=-1), change_cost)
    sign = tf.gather(_KINDS, kinds) if change_cost else tf.fill(tf.shape(used), _ANY)
    if formats:
        signs = _sign_indices(formats, slots)
        of_format = tf.einsum("bns,fns->bf", logarithms, tf.one_hot(signs, _NEITHER + 1))
        of_format = tf.where(count[:, None] == [len(entry) for entry in formats], of_format, -np.inf)
        unrestricted = tf.reduce_sum(logarithms[..., _ANY], axis=1)
        allowed = unrestricted - tf.reduce_max(of_format, axis=1) < tolerance
        sign = tf.where(allowed[:, None], tf.gather(signs, tf.argmax(of_format, axis=1)), sign)
    ids = tf.gather(tf.argmax(of_sign, axis=-1, output_type=tf.int32), sign, batch_dims=2)
    return tf.where(used, ids, -1), tf.where(used, tf.gather(best, sign, batch_dims=2), 0.0)


def likely_kinds(logarithms: tf.Tensor, change_cost: float) -> tf.Tensor:
    """Find the most probable sequence of kinds if each change from one to the next costs something.

    The maximum of a Markov chain by messages from both ends (Viterbi, 1967; Pearl, 1988: max-product).

    Args:
        logarithms: float32 [B,N,kinds], of the probability of each kind's best character; 0 in unused slots.
        change_cost: what a change subtracts from their sum.

    Returns:
        int32 [B,N], the kinds' indices.
    """
    slots = tf.unstack(logarithms, axis=1)
    messages = [_messages(slots, change_cost), _messages(slots[::-1], change_cost)[::-1]]
    return tf.argmax(logarithms + tf.stack(messages[0], 1) + tf.stack(messages[1], 1), -1, output_type=tf.int32)


def _messages(slots: list[tf.Tensor], change_cost: float) -> list[tf.Tensor]:
    """What all slots before each one say of its kinds: the best sum that ends in each, N times float32 [B,kinds]."""
    messages = [tf.zeros_like(slots[0])]
    for slot in slots[:-1]:
        sums = messages[-1] + slot
        messages.append(tf.maximum(sums, tf.reduce_max(sums, axis=-1, keepdims=True) - change_cost))
    return messages


def _characters_of_signs(alphabet: str) -> np.ndarray:
    """Which characters each sign stands for, those that are neither letter nor digit last: bool [4,K]."""
    letters, digits = ([test(c) for c in alphabet] for test in (str.isalpha, str.isdigit))
    return np.array([letters, digits, np.ones(len(alphabet)), ~np.logical_or(letters, digits)], bool)


def _sign_indices(formats: tuple[str, ...], slots: int) -> np.ndarray:
    """Each format's signs as indices, int32 [F,N]; what is beyond its end is any, and does not count."""
    return np.array([[_SIGNS.index(sign) for sign in entry.ljust(slots, "?")] for entry in formats], np.int32)
