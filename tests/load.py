"""Many callers at once for a minute: no wrong answer, no lost request, no growing memory.

`platefuse serve` runs in a process of its own. One image in twenty is broken, the others have mixed sizes and kinds;
each answer is compared with what `Reader` reads on that image alone. First one caller asks, then all of them at once.
"""

import argparse
import io
import itertools
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from PIL import Image

from platefuse.cli.common import open_reader, positive
from platefuse.core.errors import PlatefuseError
from platefuse.inference.models import resolve
from platefuse.inference.reader import Reader
from platefuse.inference.reading import Reading
from tests.helpers.imports import ROOT
from tests.helpers.server import command, value

WIDTHS = (90, 160, 240, 320)
KINDS = ("JPEG", "PNG", "WEBP")
EVERY = 20  # images, of which one is broken
SETTLED = 10  # seconds until memory is compared with that at the end
GROWTH = 0.1  # share of memory that may come after that
CLOSE = 0.002  # of confidences: a batch adds in another order than one image


@dataclass(frozen=True)
class Sent:
    """Bytes to send, and the reading of that image alone; none of a broken one."""

    content: bytes
    reading: Reading | None


@dataclass
class Tally:
    """Counts of one phase.

    Attributes:
        answers: by status; 0 for a request without an answer.
        wrong: answers that differ from the reading of the image alone.
        seconds: that the phase took.
        memory: resident bytes of the server once settled, and at the end.
    """

    answers: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    seconds: float = 0.0
    memory: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return (self.answers[200] + self.answers[415]) / self.seconds


def main(argv: list[str] | None = None) -> int:
    """Run both phases; the status is 1 if an answer was wrong or lost, or memory grew."""
    arguments = _parser().parse_args(argv)
    try:
        model = resolve(arguments.model)
        images = make_images(open_reader(model), arguments.image)
    except PlatefuseError as error:
        print(f"load: {error}", file=sys.stderr)
        return 1
    queue = str(2 * arguments.callers)
    with tempfile.TemporaryDirectory() as folder, command(model, Path(folder), "--max-queue", queue) as (server, url):
        memory = psutil.Process(server.pid).memory_info
        one = ask(url, images, 1, arguments.seconds / 4, arguments.most, lambda: memory().rss)
        before = [value(url, f"platefuse_batch_images_{part}") for part in ("sum", "count")]
        many = ask(url, images, arguments.callers, arguments.seconds, arguments.most, lambda: memory().rss)
        read, calls = (
            value(url, f"platefuse_batch_images_{part}") - start
            for part, start in zip(("sum", "count"), before, strict=True)
        )
    print(table(one, many, arguments.callers, read / max(1, calls)))
    faults = faults_of(one) + faults_of(many)
    print("\n".join(faults) or "No answer was wrong or lost, and memory did not grow.")
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.load", description=__doc__)
    parser.add_argument("--model", help="a released model or a path, as of `platefuse read`")
    parser.add_argument("--image", type=Path, default=ROOT / "examples" / "plate.jpg", help="sent in several sizes")
    parser.add_argument("--callers", type=positive, default=64, help="at once (default: 64)")
    parser.add_argument("--seconds", type=positive, default=60, help="of all callers (default: 60)")
    parser.add_argument("--most", type=positive, default=100_000, help="requests of a phase (default: 100000)")
    return parser


def make_images(reader: Reader, path: Path) -> list[Sent]:
    """Resize one image to several widths, encode each in several kinds, and break one in EVERY."""
    with Image.open(path, formats=("JPEG", "PNG")) as opened:
        image = opened.convert("RGB")
    sent = []
    for width, kind in itertools.product(WIDTHS, KINDS):
        stream = io.BytesIO()
        image.resize((width, round(width * image.height / image.width))).save(stream, kind)
        with Image.open(io.BytesIO(stream.getvalue()), formats=KINDS) as decoded:
            sent.append(Sent(stream.getvalue(), reader.read(decoded)))
    good = itertools.cycle(sent)
    broken = itertools.cycle([Sent(whole.content[: len(whole.content) // 2], None) for whole in sent])
    return [next(broken) if index % EVERY == 0 else next(good) for index in range(EVERY * len(sent))]


def ask(url: str, images: Sequence[Sent], callers: int, seconds: float, most: int, memory: Callable[[], int]) -> Tally:
    """Let callers send images one after the other, each as soon as its last answer is there."""
    tally, lock, numbers = Tally(), threading.Lock(), itertools.count()
    start = time.monotonic()

    def call() -> None:
        with requests.Session() as session:
            while time.monotonic() - start < seconds and (number := next(numbers)) < most:
                sent = images[number % len(images)]
                status, right = _answered(session, url, sent)
                with lock:
                    tally.answers[status] += 1
                    tally.wrong += not right

    with ThreadPoolExecutor(callers) as pool:
        running = [pool.submit(call) for _ in range(callers)]
        time.sleep(min(SETTLED, seconds / 2))
        tally.memory.append(memory())
        for caller in running:
            caller.result()
    tally.seconds = time.monotonic() - start
    tally.memory.append(memory())
    return tally


def _answered(session: requests.Session, url: str, sent: Sent) -> tuple[int, bool]:
    """Send one image; give the status and whether the answer is right."""
    try:
        answer = session.post(f"{url}/v1/read", data=sent.content, timeout=60)
    except requests.RequestException:
        return 0, True  # lost, which is counted by its status
    if answer.status_code != 200 or sent.reading is None:
        return answer.status_code, answer.status_code == (200 if sent.reading else 415)
    read = answer.json()
    close = abs(read["confidence"] - sent.reading.confidence) <= CLOSE
    return 200, read["text"] == sent.reading.text and close


def faults_of(tally: Tally) -> list[str]:
    """Name what must not be, a sentence each."""
    faults = []
    if tally.wrong:
        faults.append(f"{tally.wrong} answers were wrong: {dict(tally.answers)}.")
    if tally.answers[0]:
        faults.append(f"{tally.answers[0]} requests had no answer.")
    settled, last = tally.memory
    if last > (1 + GROWTH) * settled:
        faults.append(f"Memory grew from {settled / 1e6:.0f} to {last / 1e6:.0f} MB.")
    return faults


def table(one: Tally, many: Tally, callers: int, batch: float) -> str:
    """Format both phases as a table in Markdown."""
    rows = [
        "| callers | answers | of these 415 | answers a second | beside one caller | memory, settled and at the end |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, tally in ((1, one), (callers, many)):
        settled, last = (round(size / 1e6) for size in tally.memory)
        rows.append(
            f"| {name} | {sum(tally.answers.values())} | {tally.answers[415]} | {tally.rate:.1f} "
            f"| {tally.rate / one.rate:.2f} | {settled} and {last} MB |"
        )
    return "\n".join([*rows, "", f"Images in a call with {callers} callers, the mean: {batch:.2f}."])


if __name__ == "__main__":
    sys.exit(main())
