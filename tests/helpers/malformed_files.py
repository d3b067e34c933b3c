"""Malformed CSV and parameter files, and a part of the sentence that each gets.

`python -m tests.helpers.malformed_files` prints the whole sentences.
"""

import contextlib
import gzip
import random
import tempfile
from pathlib import Path
from typing import NamedTuple

from platefuse.configuration.pipeline_params import issues_of
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import read_plate_set
from tests.helpers.imports import ROOT

PARAMS = (ROOT / "params.yaml").read_text(encoding="utf-8")
GOOD = {
    "annotations.csv": b"a.png,0,0,2,2,1\nb.png,,,,,\n",
    "classes.csv": b"1,0\n",
    "truth.csv": b"image,text\na.png,1\nb.png,\n",
}


class Malformed(NamedTuple):
    what: str
    file: str
    content: bytes
    said: str


def _changed(old: str, new: str) -> bytes:
    assert PARAMS.count(old) == 1, old
    return PARAMS.replace(old, new).encode()


_BOXES, _CLASSES, _TRUTH = GOOD.values()
_TABLES = {
    "empty": ("truth.csv", b"", "line 1: expected the header 'image,text'"),
    "a byte order mark alone": ("truth.csv", b"\xef\xbb\xbf", "line 1: expected the header"),
    "UTF-16 of a spreadsheet": ("truth.csv", _TRUTH.decode().encode("utf-16"), "line 1: not UTF-8"),
    "Latin-1": ("truth.csv", _TRUTH + b"stra\xdfe.png,1\n", "line 4: not UTF-8"),
    "semicolons": ("truth.csv", _TRUTH.replace(b",", b";"), "expected the header 'image,text', found 'image;text'"),
    "tabs": ("truth.csv", _TRUTH.replace(b",", b"\t"), "line 1: expected the header"),
    "a workbook": ("truth.csv", b"PK\x03\x04\x14\0\x06\0" + bytes(400), "line 1: a NUL character"),
    "packed": ("truth.csv", gzip.compress(_TRUTH, mtime=0), "line 1: not UTF-8"),
    "random bytes": ("truth.csv", random.Random(1).randbytes(4000), "line 1: not UTF-8"),
    "a web page": ("truth.csv", b"<html><body>404</body></html>\n", "line 1: expected the header"),
    "JSON": ("truth.csv", b'[{"image": "a.png", "text": "1"}]\n', "line 1: "),
    "no header": ("truth.csv", b"a.png,1\nb.png,\n", "line 1: expected the header"),
    "a column too many": ("truth.csv", b"image,text\na.png,1,0.9\nb.png,\n", "line 2: expected 'image,text'"),
    "an image twice": ("truth.csv", _TRUTH + b"./a.png,1\n", "line 4: a.png is listed twice"),
    "a place above": ("truth.csv", _TRUTH + b"../../etc/passwd,1\n", "line 4: '../../etc/passwd' is not the path"),
    "a place of the machine": ("truth.csv", _TRUTH + b"/etc/passwd,1\n", "line 4: '/etc/passwd' is not the path"),
    "a field of a megabyte": ("truth.csv", b"image,text\n" + b"a" * 2**20 + b",1\n", "not CSV: field larger"),
    "an open quote": ("annotations.csv", _BOXES + b'"c.png,0,0,2,2,1\n', "line 3: not CSV"),
    "text behind a quote": ("annotations.csv", _BOXES + b'"c".png,0,0,2,2,1\n', "line 3: not CSV"),
    "a NUL": ("annotations.csv", _BOXES + b"c\0.png,0,0,2,2,1\n", "line 3: a NUL character"),
    "cut off": ("annotations.csv", _BOXES + b"a.png,0,0,", "line 3: expected 'path,x1,y1,x2,y2,class'"),
    "a header": ("annotations.csv", b"path,x1,y1,x2,y2,class\n" + _BOXES, "line 1: annotations.csv has no header"),
    "floats": ("annotations.csv", _BOXES + b"a.png,0.5,0,2,2,1\n", "line 3: x1,y1,x2,y2 must be whole numbers"),
    "another script's digits": (
        "annotations.csv",
        _BOXES + "a.png,0,0,2,٣,1\n".encode(),
        "line 3: x1,y1,x2,y2 must be whole",
    ),
    "digits in groups": ("annotations.csv", _BOXES + b"a.png,0,0,1_0,2,1\n", "line 3: x1,y1,x2,y2 must be whole"),
    "not a number": ("annotations.csv", _BOXES + b"a.png,nan,inf,2,2,1\n", "line 3: x1,y1,x2,y2 must be whole"),
    "5,000 digits": ("annotations.csv", _BOXES + b"a.png,0,0,2," + b"9" * 5000 + b",1\n", "line 3: "),
    "width and height": ("annotations.csv", _BOXES + b"a.png,9,9,5,5,1\n", "line 3: a box needs 0 <= x1 < x2"),
    "outside": ("annotations.csv", _BOXES + b"a.png,-1,0,2,2,1\n", "line 3: a box needs 0 <= x1"),
    "an unknown class": ("annotations.csv", _BOXES + b"a.png,0,0,2,2,Q\n", "line 3: the class 'Q' is not in"),
    "a word for a class": ("classes.csv", _CLASSES + b"plate,1\n", "line 2: expected 'character,id'"),
    "an id twice": ("classes.csv", _CLASSES + b"2,0\n", "line 2: the class or id of '2,0' is listed twice"),
    "ids of 5,000 digits": ("classes.csv", _CLASSES + b"2," + b"1" * 5000 + b"\n", "line 2: expected 'character,id'"),
    "ids in other digits": ("classes.csv", "1,0\n2,²\n".encode(), "line 2: expected 'character,id'"),
}
_PARAMETERS = {
    "empty": (b"", "there is no section 'synth'"),
    "a list": (b"- 1\n- 2\n", "there is no section 'synth'"),
    "a word": (b"params\n", "there is no section 'synth'"),
    "random bytes": (random.Random(2).randbytes(4000), "cannot be read as YAML"),
    "UTF-16": (PARAMS.encode("utf-16"), "cannot be read as YAML"),
    "a NUL": (b"synth:\n  seed: \0\n", "cannot be read as YAML"),
    "tabs": (_changed("  layout: scatter", "\tlayout: scatter"), "indent with spaces, not tabs"),
    "wrongly indented": (_changed("  layout: scatter", "   layout: scatter"), "cannot be read as YAML"),
    "an open bracket": (_changed("  - 1\n  - 6\n", "  [1, 6\n"), "cannot be read as YAML"),
    "a merge's conflict": (b"<<<<<<< HEAD\n" + PARAMS.encode(), "cannot be read as YAML"),
    "lists in lists": (b"synth: " + b"[" * 50_000, "nested too deeply"),
    "a tag that runs": (b"synth: !!python/object/apply:os.system [id]\n", "os.system is a tag"),
    "ten megabytes": (PARAMS.encode() + b"#" * 10_000_000, "it cannot be a file of parameters"),
    "a number of 5,000 digits": (_changed("height: 128", f"height: 1{'0' * 5000}"), "cannot be read as YAML"),
    "a name twice": (_changed("  height: 128", "  height: 64\n  height: 128"), "height is given twice"),
    "a section left out": (_changed("evaluate:\n", "valuate:\n"), "no section"),
    "a parameter left out": (_changed("  nms_threshold: 0.3", "  # nms"), "fuse.nms_threshold is missing"),
    "a misspelt name": (_changed("nms_threshold", "nms_treshold"), "there is no parameter of that name"),
    "text for a number": (_changed("epochs: 15", "epochs: fifteen"), "detector.epochs = 'fifteen'"),
    "a switch for a number": (_changed("epochs: 15", "epochs: true"), "detector.epochs = True"),
    "nothing for a number": (_changed("epochs: 15", "epochs:"), "detector.epochs = None"),
    "a float for a whole number": (_changed("epochs: 15", "epochs: 1.5"), "detector.epochs = 1.5"),
    "not a number": (_changed("dropout: 0.4", "dropout: .nan"), "classifier.dropout = nan"),
    "below its range": (_changed("max_characters: 8", "max_characters: 0"), "fuse.max_characters = 0"),
    "beyond its range": (_changed("nms_threshold: 0.3", "nms_threshold: 1.3"), "fuse.nms_threshold = 1.3"),
    "no such layout": (_changed("layout: scatter", "layout: spiral"), "synth.layout = 'spiral'"),
    "no such choice": (_changed("head: batched", "head: two"), "fuse.head = 'two'"),
    "a number for a list": (_changed("    - 3\n    - 4\n    - 5\n", "      3\n"), "detector.anchors.levels = 3"),
}
MALFORMED = [
    *(Malformed(what, file, content, said) for what, (file, content, said) in _TABLES.items()),
    *(Malformed(what, "params.yaml", content, said) for what, (content, said) in _PARAMETERS.items()),
]


def error_of(malformed: Malformed, folder: Path) -> str:
    """Write the file with the others of its set; return the sentence about it."""
    for name, content in {**GOOD, malformed.file: malformed.content}.items():
        (folder / name).write_bytes(content)
    path = folder / malformed.file
    try:
        if path.name == "params.yaml":
            return "\n".join(f"{path}: {issue}" for issue in issues_of(path))
        read_plate_set(folder)
    except PlatefuseError as error:
        return str(error)
    return ""


def main() -> None:
    for malformed in MALFORMED:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            print(f"{malformed.file}, {malformed.what}:\n    {error_of(malformed, Path())}")


if __name__ == "__main__":
    main()
