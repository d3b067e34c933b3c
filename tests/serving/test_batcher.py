"""Batches have images of one size, the oldest first, and lose none."""

from pathlib import Path

import numpy as np
import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.inference.reader import Reader
from platefuse.serving.batcher import Batcher, EncodedImage
from tests.helpers.reader import board, digits
from tests.helpers.server import encoded


def image_of(text: str, width: int) -> EncodedImage:
    return EncodedImage(Path(text or "empty"), encoded(digits(text, width)), (width, 40))


def submit_at_once(batcher: Batcher, images: list[EncodedImage]) -> list:
    """Queue images before the first one is taken."""
    with batcher._changed:  # a lock that the same thread may take again
        return [batcher.submit(image) for image in images]


def test_images_of_one_size_share_a_call(plates: Reader) -> None:
    calls: list[int] = []
    batcher = Batcher(plates, 3, calls.append)
    texts = ["1", "22", "3", "44", "5", "66", "7", "88", "9"]
    widths = [100 if len(text) == 1 else 60 for text in texts]
    answers = submit_at_once(batcher, [image_of(*pair) for pair in zip(texts, widths, strict=True)])
    batcher.close()
    assert [answer.result(0).text for answer in answers] == texts
    assert calls == [3, 3, 2, 1], "of widths 100, 60, 100 and 60"


def test_large_images_are_read_one_by_one(plates: Reader) -> None:
    calls: list[int] = []
    batcher = Batcher(plates, 16, calls.append)
    content = encoded(board(1450, 1500, (7, (5, 3, 15, 33), 255, 255)))
    answers = submit_at_once(batcher, [EncodedImage(Path("large"), content, (1500, 1450))] * 2)
    batcher.close()
    assert [answer.result(0).text for answer in answers] == ["7", "7"]
    assert calls == [1, 1]


def test_a_damaged_image_has_an_error_and_its_neighbours_a_reading(plates: Reader) -> None:
    batcher = Batcher(plates, 16, lambda _: None)
    good = image_of("12", 100)
    damaged = EncodedImage(Path("half.png"), good.content[:-30], good.size)
    answers = submit_at_once(batcher, [good, damaged, good])
    batcher.close()
    assert [answer.result(0).text for answer in answers] == ["12", "", "12"]
    assert str(answers[1].result().error).startswith("half.png cannot be read as an image")


def test_a_cancelled_image_is_not_read(plates: Reader) -> None:
    calls: list[int] = []
    batcher = Batcher(plates, 16, calls.append)
    with batcher._changed:
        answers = [batcher.submit(image_of(text, 100)) for text in "123"]
        assert answers[1].cancel()
    batcher.close()
    assert [answers[index].result(0).text for index in (0, 2)] == ["1", "3"]
    assert calls == [2]


def test_a_model_that_fails_fails_its_images_alone(plates: Reader) -> None:
    """As with an alphabet that is too short for the model."""
    batcher = Batcher(plates, 16, lambda _: None)
    alphabet, plates._alphabet = plates._alphabet, "0"
    failed = batcher.submit(image_of("7", 100))
    with pytest.raises(PlatefuseError, match="gave character 7"):
        failed.result(60)
    plates._alphabet = alphabet
    assert batcher.submit(image_of("7", 100)).result(60).text == "7"
    batcher.close()


def test_mixed_sizes_read_as_one_by_one(plates: Reader) -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(map(str, rng.integers(0, 10, rng.integers(0, 5)))) for _ in range(60)]
    widths = rng.choice([90, 100, 110], 60).tolist()
    batcher = Batcher(plates, 7, lambda _: None)
    answers = [batcher.submit(image_of(*pair)) for pair in zip(texts, widths, strict=True)]
    batcher.close()
    for answer, text, width in zip(answers, texts, widths, strict=True):
        assert answer.result(0) == plates.read(digits(text, width))
