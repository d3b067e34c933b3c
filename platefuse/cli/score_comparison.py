"""Comparison of truths and readings for `platefuse score`, with remarks on alphabets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from platefuse.cli.common import on_one_line
from platefuse.cli.score_reading import ModelReads, Reads, normalised_reads
from platefuse.evaluation.misread import is_truncated
from platefuse.labels.text_only import TextOnlyPlate
from platefuse.metrics.alphabets import LackingCharacter, lacking_characters, normalise, plain, unicode_name

_MAX_LACKING = 20  # lines

Folders = Mapping[str, Sequence[TextOnlyPlate]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plates and readings whose texts are compared.

    Attributes:
        given: the plates of each folder, with their texts as truth.csv has them.
        alphabet: every character that the model can read.
        plates: the plates of each folder with the texts to compare.
        reads: the readings with the texts to compare, by the suffix of their scores' names.
        normalised: whether the texts to compare are normalised.
    """

    given: Folders
    alphabet: str
    plates: Folders
    reads: Mapping[str, Reads]
    normalised: bool

    def remarks(self, folders: Iterable[str]) -> "Remarks":
        """Collect the remarks on the plates of some folders."""
        given, plates = ([plate for name in folders for plate in of[name]] for of in (self.given, self.plates))
        return remarks_on(
            [plate.text for plate in given],
            [(plate.text, plate.where) for plate in plates],
            self.alphabet,
            self.normalised,
            truncated=sum(is_truncated(self.reads[""][plate.path]) for plate in given),
        )

    def in_vain(self, look_alikes: Iterable[str]) -> list[str]:
        """Name the look-alikes that neither the alphabet nor a truth has."""
        texts = (plate.text for plates in self.plates.values() for plate in plates)
        return in_vain(look_alikes, characters_known(self.alphabet, self.normalised).union(*texts))


def compare(folders: Folders, read: ModelReads, normalised: bool) -> Comparison:
    """Pair plates with their readings, with the texts normalised if asked."""
    if not normalised:
        return Comparison(folders, read.alphabet, folders, read.by_suffix, normalised)
    normal = partial(normalise, alphabet=read.alphabet)
    plates = {name: [replace(plate, text=normal(plate.text)) for plate in of] for name, of in folders.items()}
    reads = {suffix: normalised_reads(reads, normal) for suffix, reads in read.by_suffix.items()}
    return Comparison(folders, read.alphabet, plates, reads, normalised)


def characters_known(alphabet: str, normalised: bool) -> set[str]:
    """Give the characters that can be read, as they are compared."""
    return set(plain(alphabet) if normalised else alphabet)


def in_vain(look_alikes: Iterable[str], known: Collection[str]) -> list[str]:
    """Name the look-alikes that are not among the known characters."""
    return [
        f"--equate: neither the model's alphabet nor a truth has {character!r}, {unicode_name(character)}."
        for character in look_alikes
        if character not in known
    ]


def remarks_on(
    given: Sequence[str], texts: Sequence[tuple[str, str]], alphabet: str, normalised: bool, truncated: int
) -> "Remarks":
    """Collect the remarks on true texts.

    Args:
        given: the texts as truth.csv has them.
        texts: the same texts as they are compared, each with its file and line.
        alphabet: every character that the model can read.
        normalised: whether `texts` are normalised.
        truncated: number of plates with more characters than the model gives.
    """
    known = characters_known(alphabet, normalised)
    unreadable = [text for text, _ in texts if not known.issuperset(text)]
    readable = [text for text in unreadable if set(plain(alphabet)).issuperset(normalise(text, alphabet))]
    changed = sum(before != after for before, (after, _) in zip(given, texts, strict=True))
    return Remarks(
        images=len(given),
        normalised=changed if normalised else None,
        truncated=truncated,
        unreadable=len(unreadable),
        normalisable=len(readable),
        lacking=lacking_characters(texts, known),
    )


@dataclass(frozen=True)
class Remarks:
    """Remarks on some plates and their readings.

    Attributes:
        images: number of plates.
        normalised: number of truths that --normalise changed; None without it.
        truncated: number of plates with more characters than the model gives.
        unreadable: number of truths with characters that the alphabet lacks.
        normalisable: how many of these --normalise makes readable.
        lacking: these characters.
    """

    images: int
    normalised: int | None
    truncated: int
    unreadable: int
    normalisable: int
    lacking: Sequence[LackingCharacter]

    def as_json(self) -> dict[str, Any]:
        """Collect the remarks that --json writes beside the scores."""
        written: dict[str, Any] = {} if self.normalised is None else {"normalised": self.normalised}
        if self.truncated:
            written["truncated"] = self.truncated
        if self.lacking:
            written["not_in_alphabet"] = [asdict(character) for character in self.lacking]
        return written

    def lines(self) -> list[str]:
        """Give the lines to print."""
        lines = []
        if self.normalised is not None:
            lines.append(f"--normalise changed {self.normalised} of {self.images} truths before they were compared.")
        if self.truncated:
            lines.append(f"{self.truncated} of {self.images} plates have more characters than the model gives.")
        if self.lacking:
            lines.append(
                f"{self.unreadable} of {self.images} truths cannot be read right: they have characters that the "
                "model's alphabet lacks."
            )
            lines += [
                f"  {lacking.character!r}  {lacking.name}: {lacking.times}, first in {on_one_line(lacking.first)}"
                for lacking in self.lacking[:_MAX_LACKING]
            ]
            if self.lacking[_MAX_LACKING:]:
                lines.append(f"  and {len(self.lacking) - _MAX_LACKING} more characters; --json lists all.")
        if self.normalisable:
            lines.append(f"With --normalise {self.normalisable} of these {self.unreadable} can be read right.")
        return lines
