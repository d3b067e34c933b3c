"""Time and accuracy of other readers: rapidocr's recognition and Tesseract."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.model_under_test import PLATES_READ, ModelUnderTest, read_plates
from benchmarks.timing import Plan, interleaved, summarise
from platefuse.data.images import read_image
from platefuse.data.plate_set import AnnotatedPlate
from platefuse.inference.reader import Reader
from platefuse.labels.text_only import read_text_only
from platefuse.metrics.alphabets import plain
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import atomic_write

_TIMED = 40  # plates per pass
_EQUATED = parse_look_alikes("O0,I1")
_TESSERACT_HEIGHT = 64  # its networks need capitals of at least about 30 pixels

ReadAll = Callable[[Sequence[np.ndarray]], list[str]]


def measure(model: ModelUnderTest, cores: int) -> dict[str, Any]:
    """Let each reader read the same plates, one by one, in turn.

    Returns:
        `plates`: their kind and number. `rows`: by reader, milliseconds per plate (a summary of passes over the
        plates) and the share read correctly, `exact_match` and, with O and 0, I and 1 equated, `exact_match_equated`.
        `missing`: why readers are not available.

    Raises:
        PlatefuseError: if the photographs are invalid.
    """
    if model.photographs:
        plates: list[AnnotatedPlate] = list(chain(*read_text_only(model.photographs).values()))
    else:
        plates = read_plates(model, PLATES_READ)
    plates = plates[:6] if model.quick else plates
    images, truths = [read_image(plate.path) for plate in plates], [plain(plate.text) for plate in plates]
    with TemporaryDirectory() as work:
        readers, missing = _readers(model, cores, Path(work))
        rows: dict[str, dict[str, Any]] = {}
        for name, read in readers.items():
            texts = read(images)
            rows[name] = {
                "exact_match": score_texts(truths, texts, None).exact_match,
                "exact_match_equated": score_texts(truths, texts, _EQUATED).exact_match,
            }
        timed = images[:: max(1, len(images) // _TIMED)][:_TIMED]
        plan = Plan(rounds=1 if model.quick else 5, seconds=0.0)
        passes = {name: partial(read, timed) for name, read in readers.items()}
        for name, times in interleaved(passes, plan, f"{model.name}, other readers").items():
            rows[name]["time"] = summarise(times, 1000 / len(timed))
    kind = "photographs" if model.photographs else "rendered test plates"
    return {"plates": {"kind": kind, "read": len(images), "timed": len(timed)}, "rows": rows, "missing": missing}


def _readers(model: ModelUnderTest, cores: int, work: Path) -> tuple[dict[str, ReadAll], dict[str, str]]:
    reader = Reader(model.fused)
    readers: dict[str, ReadAll] = {"fused": lambda images: [reader.read_images([image])[0].text for image in images]}
    missing = {}
    if importlib.util.find_spec("rapidocr"):
        readers["rapidocr"] = _rapidocr(cores)
    else:
        missing["rapidocr"] = "not installed"
    if shutil.which("tesseract"):
        readers["tesseract"] = _tesseract(work)
    else:
        missing["tesseract"] = "the command tesseract is missing (Debian: apt-get install tesseract-ocr)"
    return readers, missing


def _rapidocr(cores: int) -> ReadAll:
    """rapidocr's recognition without detection: the whole image is one line of text."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": cores for kind in ("intra", "inter")}
    engine = RapidOCR(params={**threads, "Global.log_level": "error"})

    def read(images: Sequence[np.ndarray]) -> list[str]:
        results = [engine(image[..., ::-1], use_det=False, use_cls=False, use_rec=True) for image in images]  # BGR
        return [_plate_characters("".join(result.txts or ())) for result in results]

    return read


def _tesseract(work: Path) -> ReadAll:
    """Tesseract's command on all plates in one process.

    Each plate is one line of capitals and digits. Files are written in advance. The time includes one start of the
    process and one loading of its model.
    """
    files: dict[int, Path] = {}
    options = ["--psm", "7", "-c", "tessedit_char_whitelist=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]

    def file_of(image: np.ndarray) -> Path:
        if id(image) not in files:
            files[id(image)] = work / f"{len(files)}.png"
            gray = Image.fromarray(image).convert("L")
            scale = max(1.0, _TESSERACT_HEIGHT / gray.height)
            size = (round(gray.width * scale), round(gray.height * scale))
            gray.resize(size, Image.Resampling.BICUBIC).save(files[id(image)])
        return files[id(image)]

    def read(images: Sequence[np.ndarray]) -> list[str]:
        with atomic_write(work / "list.txt") as draft:
            draft.write_text("".join(f"{file_of(image)}\n" for image in images))
        command = ["tesseract", str(work / "list.txt"), "stdout", *options]
        process = subprocess.run(command, capture_output=True, text=True, check=True)
        return [_plate_characters(page) for page in process.stdout.split("\f")[: len(images)]]

    return read


def _plate_characters(text: str) -> str:
    """Keep A-Z and 0-9, in upper case."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
