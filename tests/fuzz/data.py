"""Readers of data: plate sets and their images, params.yaml, characters, MNIST and fonts. targets.py lists them."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Prepared = tuple[Callable[[bytes], object], list[bytes]]

ROOT = Path(__file__).resolve().parents[2]
_GOOD = {
    "annotations.csv": b'a.png,0,0,2,2,1\nb.png,,,,,\n"c, d.png",1,1,8,9,"2"\n',
    "classes.csv": b"1,0\n2,1\n",
    "truth.csv": b'image,text\na.png,1\nb.png,\n"c, d.png",2\n',
}


def _plate_set(folder: Path, name: str) -> Prepared:
    """All files of a plate set are good but the one of that name."""
    from platefuse.data.plate_set import read_plate_set

    for good, content in _GOOD.items():
        (folder / good).write_bytes(content)
    for image in ("a.png", "b.png", "c, d.png"):
        Image.new("RGB", (9, 9)).save(folder / image)

    def read(content: bytes) -> None:
        (folder / name).write_bytes(content)
        for plate in read_plate_set(folder):
            assert plate.boxes.shape == (len(plate.characters), 4)
            assert plate.path.resolve().is_relative_to(folder.resolve())

    return read, [_GOOD[name], _GOOD[name].replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + _GOOD[name]]


def annotations(folder: Path) -> Prepared:
    """annotations.csv."""
    return _plate_set(folder, "annotations.csv")


def classes(folder: Path) -> Prepared:
    """classes.csv."""
    return _plate_set(folder, "classes.csv")


def truth(folder: Path) -> Prepared:
    """truth.csv."""
    return _plate_set(folder, "truth.csv")


def coco(folder: Path) -> Prepared:
    """annotations.json, COCO's."""
    from platefuse.labels.layouts import COCO

    for image in ("a.png", "b.png"):
        Image.new("RGB", (9, 9)).save(folder / image)
    images = [{"id": 1, "file_name": "a.png", "width": 9, "height": 9}, {"id": 2, "file_name": "b.png"}]
    boxes = [{"id": 7, "image_id": 1, "category_id": 3, "bbox": [0, 0.5, 2, 2]}]
    good = {"images": images, "categories": [{"id": 3, "name": "A"}, {"id": 4, "name": "plate"}], "annotations": boxes}
    return _annotated(folder, COCO), [json.dumps(good).encode(), json.dumps({**good, "annotations": []}).encode()]


def data_yaml(folder: Path) -> Prepared:
    """data.yaml of YOLO."""
    Image.new("RGB", (9, 9)).save(_made(folder / "images") / "a.png")
    (_made(folder / "labels") / "a.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    return _annotated(folder, "data.yaml"), [
        b"train: images\nval: images\nnames: ['0', A]\n",
        b"path: .\ntrain: ../images\nval: [images]\ntest: list.txt\nnames:\n  0: no\n  1: 1e5\n",
    ]


def yolo(folder: Path) -> Prepared:
    """A file of boxes of YOLO."""
    Image.new("RGB", (9, 9)).save(_made(folder / "images") / "a.png")
    (folder / "data.yaml").write_text("train: images\nnames: ['0', A, plate]\n")
    _made(folder / "labels")
    rows = [b"1 0.5 0.5 0.5 0.5\n0 .1 1e-1 2E-1 0.2\n", b"1 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9\n2 0 0 1 0 1 1\n"]
    return _annotated(folder, "labels/a.txt"), rows


def voc(folder: Path) -> Prepared:
    """An XML file of Pascal VOC."""
    Image.new("RGB", (9, 9)).save(folder / "a.png")
    box = "<bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>5</xmax><ymax>9</ymax></bndbox>"
    angle = "<attributes><attribute><name>rotation</name><value>0.0</value></attribute></attributes>"
    size = "<size><width>9</width><height>9</height></size>"
    objects = f"<object><name>A</name>{box}{angle}</object>"
    return _annotated(folder, "a.xml"), [
        f"<annotation><filename>a.png</filename>{size}{objects}</annotation>".encode(),
        f'<?xml version="1.0" encoding="utf-8"?>\n<annotation>{objects * 2}</annotation>'.encode(),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _annotated(folder: Path, name: str) -> Callable[[bytes], object]:
    """Read a folder of annotated images one of whose files is changed."""
    from platefuse.labels.folder import read_annotated

    def read(content: bytes) -> None:
        (folder / name).write_bytes(content)
        for image in (image for images in read_annotated(folder).splits.values() for image in images):
            assert image.boxes.shape == (len(image.characters), 4)
            assert image.path.resolve().is_relative_to(folder.resolve())

    return read


def params(folder: Path) -> Prepared:
    """params.yaml, every section of it and what holds across them."""
    from platefuse.configuration.pipeline_params import issues_of

    path = folder / "params.yaml"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        assert all(len(issue) < 2000 for issue in issues_of(path))

    files = [ROOT / "params.yaml", ROOT / "pipelines" / "plates" / "params.yaml"]
    evaluate = b"evaluate:\n  iou_threshold: 0.5\n  pictured: &a 24\n  batch_size: *a\n"
    return read, [evaluate, *(file.read_bytes() for file in files)]


def image(folder: Path) -> Prepared:
    """An image file."""
    from platefuse.data.images import read_image

    def read(content: bytes) -> None:
        (folder / "image").write_bytes(content)
        pixels = read_image(folder / "image")
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3

    return read, images()


def images() -> list[bytes]:
    """Give small images of many kinds."""
    noise = np.random.default_rng(0).integers(256, size=(12, 20, 4), dtype=np.uint8)
    rgba = Image.fromarray(noise)
    rgb, deep = rgba.convert("RGB"), Image.fromarray(noise[..., 0].astype(np.uint16) * 250)
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        *(_encoded(rgb, kind) for kind in ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF", "PPM", "AVIF", "JPEG2000")),
        *(_encoded(rgba, kind) for kind in ("PNG", "WEBP", "TIFF")),
        *(_encoded(deep, kind) for kind in ("PNG", "TIFF")),
        *(_encoded(rgb.convert("1"), kind) for kind in ("PNG", "TIFF", "BMP")),
        *(_encoded(rgb.quantize(8), kind) for kind in ("PNG", "GIF", "BMP", "TIFF")),
        *(_encoded(rgb.convert("CMYK"), kind) for kind in ("JPEG", "TIFF")),
        *(
            _encoded(rgb, "TIFF", compression=packed)
            for packed in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
        ),
        *(_encoded(rgb, kind, exif=exif) for kind in ("PNG", "JPEG", "WEBP", "TIFF")),
        *(
            _encoded(rgb, kind, save_all=True, append_images=[rgb.rotate(90)])
            for kind in ("GIF", "PNG", "WEBP", "TIFF")
        ),
        _encoded(rgb, "JPEG", progressive=True),
    ]


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def archive(folder: Path) -> Prepared:
    """images.zip of a packed plate set."""
    from platefuse.data.plate_set import ImageStore

    path = folder / "images.zip"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        ImageStore().read(folder / "images" / "a.png")

    return read, [
        _zipped({"images/a.png": images()[0]}, packed) for packed in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    ]


def _zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as opened:
        for name, content in members.items():
            opened.writestr(zipfile.ZipInfo(name), content, compression)
    return stream.getvalue()


def characters(folder: Path) -> Prepared:
    """An .npz of single characters."""
    from platefuse.data.characters import NO_CHARACTER, Characters, read_characters, write_characters

    path = folder / "train.npz"
    rng = np.random.default_rng(0)
    for_seed = Characters(rng.integers(256, size=(3, 4, 5), dtype=np.uint8), np.array([0, 1, NO_CHARACTER]), "AB")
    write_characters(path, for_seed)

    def read(content: bytes) -> None:
        # As they are, and as an array in an archive that is whole: zip's own checksums keep most changes from NumPy.
        path.write_bytes(content if content[:2] == b"PK" else _zipped(members | {"images.npy": content}))
        read = read_characters(path)
        assert (read.images.dtype, read.images.ndim, read.labels.dtype) == (np.uint8, 3, np.int64)
        assert read.labels.shape == read.images.shape[:1]
        assert all(NO_CHARACTER <= label < len(read.alphabet) for label in read.labels)

    seed = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(seed)) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    return read, [seed, _zipped(members, zipfile.ZIP_DEFLATED), members["images.npy"]]


def mnist(folder: Path) -> Prepared:
    """MNIST's IDX files, packed and not; whatever has another checksum is refused."""
    from platefuse.synthesis import mnist

    os.environ["MNIST_DIR"] = str(folder)

    def read(content: bytes) -> None:
        packed = folder / "train-images-idx3-ubyte.gz"
        packed.unlink(missing_ok=True)
        (packed if content[:1] == b"\x1f" else packed.with_suffix("")).write_bytes(content)
        mnist.full("train")

    idx = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(28 * 28)
    return read, [idx, gzip.compress(idx, mtime=0)]


def font(folder: Path) -> Prepared:
    """A font of a user's folder."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    from platefuse.synthesis.fonts import font_file

    path = folder / "font.ttf"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        for cache in (font_file._contents, font_file._face, font_file._glyph):
            cache.cache_clear()  # they know a font by its path
        for face in font_file.load_faces(path):
            if not face.missing("IA0"):
                assert 0 <= face.stem() <= 20
                assert face.glyph("A").shape[0] == font_file.GLYPH_HEIGHT

    seeds = []
    for name in _fonts():
        with TTFont(name) as opened:
            subsetter = subset.Subsetter(subset.Options(hinting=False, layout_features=[]))
            subsetter.populate(text="IA0")
            subsetter.subset(opened)
            opened.save(path)
        seeds.append(path.read_bytes())
    return read, seeds


def _fonts() -> list[Path]:
    """A font that varies, one that does not, and one of cubic curves, of installed packages."""
    from importlib import metadata

    import matplotlib

    (variable, *_) = [file for file in metadata.files("fontpkg-dosis") or [] if file.name.endswith(".ttf")]
    return [Path(str(variable.locate())), Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")]
