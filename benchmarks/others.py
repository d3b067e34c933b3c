"""Other readers of plates on the same crops and cores: rapidocr's recognition and Tesseract, beside their accuracy."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.subject import PLATES_READ, Subject, read_plates
from benchmarks.timing import Plan, interleaved, summarise
from platefuse.data.images import read_image
from platefuse.inference.reader import Reader
from platefuse.labels.text_only import read_text_only
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import atomic_write

_TIMED = 40  # plates of a pass
_FOLDS = parse_look_alikes("O0,I1")
_TESSERACT_HEIGHT = 64  # its networks want capitals of some 30 pixels and more

ReadAll = Callable[[Sequence[np.ndarray]], list[str]]


def measure_others(subject: Subject, cores: int) -> dict[str, Any]:
    """Have each reader read the same plates, one by one, in turn.

    Returns:
        `plates`: what was read and how many; by reader milliseconds a plate (a summary, of passes over the plates),
        and the shares read rightly, `exact_match` and, with O and 0, I and 1 counted as equal, `folded`; `missing`:
        why a reader is not there.

    Raises:
        PlatefuseError: if the photographs are not as they should be.
    """
    if subject.photographs:
        plates = list(chain(*read_text_only(subject.photographs).values()))
    else:
        plates = read_plates(subject, PLATES_READ)
    plates = plates[:6] if subject.quick else plates
    images, truths = [read_image(plate.path) for plate in plates], [plate.text for plate in plates]
    with TemporaryDirectory() as work:
        readers, missing = _readers(subject, cores, Path(work))
        rows: dict[str, dict[str, Any]] = {}
        for name, read in readers.items():
            texts = read(images)
            scores = [score_texts(truths, texts, folds).exact_match for folds in (None, _FOLDS)]
            rows[name] = dict(zip(("exact_match", "folded"), scores, strict=True))
        timed = images[:: max(1, len(images) // _TIMED)][:_TIMED]
        plan = Plan(rounds=2 if subject.quick else 5, seconds=0.0)
        passes = interleaved(
            {name: _a_pass(read, timed) for name, read in readers.items()}, plan, f"{subject.name}, other readers"
        )
    for name, values in passes.items():
        rows[name]["time"] = summarise(values, 1000 / len(timed)).as_dict()
    kind = "photographs" if subject.photographs else "rendered test plates"
    return {"plates": {"kind": kind, "read": len(images), "timed": len(timed)}, "rows": rows, "missing": missing}


def _a_pass(read: ReadAll, images: Sequence[np.ndarray]) -> Callable[[], object]:
    return lambda: read(images)


def _readers(subject: Subject, cores: int, work: Path) -> tuple[dict[str, ReadAll], dict[str, str]]:
    reader = Reader(subject.fused)
    readers: dict[str, ReadAll] = {"fused": lambda images: [reader.read_images([image])[0].text for image in images]}
    missing = {}
    if importlib.util.find_spec("rapidocr"):
        readers["rapidocr"] = rapidocr(cores)
    else:
        missing["rapidocr"] = "not installed"
    if shutil.which("tesseract"):
        readers["tesseract"] = tesseract(work)
    else:
        missing["tesseract"] = "the command tesseract is not there (Debian: apt-get install tesseract-ocr)"
    return readers, missing


def rapidocr(cores: int) -> ReadAll:
    """rapidocr's recognition alone, the whole crop taken for one line, on as many threads as cores."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": cores for kind in ("intra", "inter")}
    engine = RapidOCR(params={**threads, "Global.log_level": "error"})

    def read(images: Sequence[np.ndarray]) -> list[str]:
        results = [engine(image[..., ::-1], use_det=False, use_cls=False, use_rec=True) for image in images]  # BGR
        return [_plain("".join(result.txts or ())) for result in results]

    return read


def tesseract(work: Path) -> ReadAll:
    """Tesseract's command on all plates in one process, each taken for one line of capitals and digits.

    Files are written before; starting and loading its model once for all is part of the time.
    """
    written: dict[int, Path] = {}
    options = ["--psm", "7", "-c", "tessedit_char_whitelist=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]

    def file_of(image: np.ndarray) -> Path:
        if id(image) not in written:
            written[id(image)] = work / f"{len(written)}.png"
            gray = Image.fromarray(image).convert("L")
            scale = max(1.0, _TESSERACT_HEIGHT / gray.height)
            size = (round(gray.width * scale), round(gray.height * scale))
            gray.resize(size, Image.Resampling.BICUBIC).save(written[id(image)])
        return written[id(image)]

    def read(images: Sequence[np.ndarray]) -> list[str]:
        with atomic_write(work / "list.txt") as draft:
            draft.write_text("".join(f"{file_of(image)}\n" for image in images))
        command = ["tesseract", str(work / "list.txt"), "stdout", *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        return [_plain(page) for page in ended.stdout.split("\f")[: len(images)]]

    return read


def _plain(text: str) -> str:
    """What of a reading can stand on a plate: A-Z and 0-9."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
