"""`platefuse read` with a model of photographs in miniature (tests/helpers/photograph_reader.py)."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse import Reader
from platefuse.cli.main import main
from platefuse.data.images import read_image
from platefuse.evaluation.drawing import UNJUDGED
from tests.helpers.photograph_reader import photograph, save_photograph_reader
from tests.helpers.reader import digits, save_rule_reader

TWO = (("12", (20, 30), 204), ("345", (300, 100), 255))
SECRET = "a small picture of the plate"
ORIENTATION, DESCRIPTION = 0x0112, 0x010E


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_photograph_reader(tmp_path_factory.mktemp("models") / "fused"))


@pytest.fixture(scope="module")
def reader(model):
    return Reader(model)


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The folder `photos`: a.png with two plates, b.png with none."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Image.fromarray(photograph(*TWO)).save("photos/a.png")
    Image.fromarray(photograph()).save("photos/b.png")
    return Path("photos")


def read(model, *arguments):
    return main(["read", *map(str, arguments), "--model", model])


def test_a_line_a_plate_the_best_first_and_one_for_a_photograph_without(model, photos, capsys):
    assert read(model, photos) == 0
    assert capsys.readouterr() == (
        "photos/a.png\t345\t1.0000\nphotos/a.png\t12\t0.8000\nphotos/b.png\t\t0.0000\n",
        "",
    )


def test_json_has_every_plate_with_its_box(model, photos, capsys):
    assert read(model, photos, "--json") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["text"], first["confidence"]) == ("345", 1)
    assert [(plate["text"], plate["score"], plate["box"]) for plate in first["plates"]] == [
        ("345", 1, [300, 100, 338, 120]),
        ("12", 0.8, [20, 30, 44, 50]),
    ]
    assert first["plates"][1] == {
        "text": "12",
        "confidence": 0.8,
        "score": 0.8,
        "box": [20, 30, 44, 50],
        "characters": [
            {"text": "1", "confidence": 0.8, "score": 1, "box": [20, 30, 30, 50]},
            {"text": "2", "confidence": 0.8, "score": 1, "box": [34, 30, 44, 50]},
        ],
        "truncated": False,
        "regions": [],
    }
    assert (second["text"], second["confidence"], second["plates"]) == ("", 0, [])


def test_draw_draws_the_whole_photograph(model, photos):
    assert read(model, photos, "--draw", "drawn") == 0
    pictures = {name: np.asarray(Image.open(f"drawn/{name}.png")) for name in "ab"}
    assert {picture.shape for picture in pictures.values()} == {(600, 800, 3)}  # enlarged twofold
    blue = {name: np.all(picture == UNJUDGED, axis=-1) for name, picture in pictures.items()}
    assert blue["a"][60:100, 30:45].any() and blue["a"][200:240, 590:600].any() and not blue["b"].any()


def test_crops_are_the_plates_with_a_margin(model, photos):
    assert read(model, photos, "--crops", "cut") == 0
    assert sorted(path.name for path in Path("cut").iterdir()) == ["a-1.png", "a-2.png"]
    assert np.array_equal(read_image(Path("cut/a-2.png")), photograph(*TWO)[28:52, 17:47])


def test_a_crop_takes_the_place_of_no_image(model, photos, capsys):
    Path("photos/a-2.png").symlink_to("b.png")
    before = Path("photos/b.png").read_bytes()
    for images in (["photos/a.png", "photos/a-2.png"], ["photos/a.png", "photos/b.png"]):
        assert read(model, *images, "--crops", "photos") == 1
        assert "--crops photos/a-2.png: it would take the place of photos/" in capsys.readouterr().err
    assert Path("photos/b.png").read_bytes() == before


@pytest.mark.parametrize("option", ["--draw", "--crops", "--blur"])
def test_pictures_are_no_input_of_the_next_run(model, photos, capsys, option):
    Image.fromarray(photograph()).save("photos/b.gif", "PNG")  # is blurred into another name
    Path("photos/b.png").unlink()
    Path("photos/a.png").unlink()
    assert read(model, "photos", option, "./photos/") == 1
    assert f"{option} photos: its images are read; choose another folder." in capsys.readouterr().err
    assert read(model, "photos", option, "photos/deeper") == 0


@pytest.mark.parametrize("option", ["--crops", "--blur"])
def test_a_model_of_single_plates_has_no_plates_to_cut_or_blur(photos, tmp_path, capsys, option):
    plates = str(save_rule_reader(tmp_path / "plates"))
    assert read(plates, photos, option, "new") == 1
    out, err = capsys.readouterr()
    assert out == "" and not Path("new").exists()
    assert err == (
        f"platefuse: {option} needs a model that finds plates in photographs, such as --model photographs: "
        f"{plates} reads images of one plate.\n"
    )


# --- --blur


def is_hidden(picture: np.ndarray) -> bool:
    return all(picture[y : y + 20, x : x + 24, 2].max() < 250 for _, (x, y), _ in TWO)


def test_blur_writes_every_photograph_without_a_plate_to_read(model, reader, photos):
    assert read(model, photos, "--blur", "shared") == 0
    blurred = read_image(Path("shared/a.png"))
    assert is_hidden(blurred) and reader.read(blurred).plates == ()
    assert np.array_equal(blurred[60:90], photograph(*TWO)[60:90])
    assert np.array_equal(read_image(Path("shared/b.png")), photograph())


KINDS = {
    "a.JPG": ("JPEG", {"quality": 100, "subsampling": 0}),
    "b.jpg": ("MPO", {"quality": 100, "subsampling": 0, "save_all": True}),  # as telephones write it
    "c.png": ("PNG", {}),
    "d.webp": ("WEBP", {"lossless": True}),
    "e.tif": ("TIFF", {}),
}


def test_doubtful_plates_are_neither_printed_nor_cut_out_and_are_hidden_all_the_same(model, reader, photos, capsys):
    assert read(model, photos, "--min-confidence", "0.9", "--crops", "cut", "--draw", "drawn", "--blur", "shared") == 0
    out, err = capsys.readouterr()
    assert [line.split("\t")[1] for line in out.splitlines()] == ["345", ""]
    assert "with a confidence below 0.9: 1 of 2." in err
    assert [path.name for path in Path("cut").iterdir()] == ["a-1.png"]
    blurred = read_image(Path("shared/a.png"))
    assert is_hidden(blurred) and reader.read(blurred).plates == ()
    assert read(model, photos, "--draw", "all") == 0
    drawn, everything = (np.asarray(Image.open(f"{folder}/a.png").convert("RGB")) for folder in ("drawn", "all"))
    assert drawn.shape != everything.shape or (drawn != everything).any()


def test_blur_keeps_the_format_and_turns_the_photograph_but_drops_all_metadata(model, reader, photos):
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned clockwise
    exif[DESCRIPTION] = SECRET
    for folder, plates in (("with", TWO), ("without", ())):
        sideways = Image.fromarray(photograph(*plates)).transpose(Image.Transpose.ROTATE_90)
        Path(folder).mkdir()
        for name, (kind, options) in KINDS.items():
            more = {"append_images": [sideways]} if kind == "MPO" else {}
            metadata = {"exif": exif, "icc_profile": b"profile", "comment": SECRET}
            sideways.save(Path(folder, name), kind, **metadata, **options, **more)
            assert SECRET.encode() in Path(folder, name).read_bytes()
        assert read(model, folder, "--blur", "shared") == 0
        for name, (kind, _) in KINDS.items():
            content = Path("shared", name).read_bytes()
            assert SECRET.encode() not in content and b"profile" not in content
            with Image.open(Path("shared", name)) as blurred:
                assert (blurred.format, blurred.size) == ("JPEG" if kind == "MPO" else kind, (400, 300))
                assert getattr(blurred, "n_frames", 1) == 1 and ORIENTATION not in blurred.getexif()
                assert reader.read(blurred).plates == () and is_hidden(np.asarray(blurred))
                assert np.abs(np.int16(blurred)[200:] - photograph()[200:]).max() <= 4


def test_blur_gives_each_photograph_a_name_of_its_own(model, photos):
    Path("more").mkdir()
    for name, kind in (("a.png", "PNG"), ("a.jpg", "JPEG"), ("b.jpg", "PNG"), ("d.gif", "GIF"), ("noname", "JPEG")):
        Image.fromarray(photograph(*TWO)).save(Path("more", name), kind)
    assert read(model, "photos", "more", "--blur", "shared") == 0
    written = {path.name: Image.open(path).format for path in Path("shared").iterdir()}
    assert written == {
        "a.png": "PNG",
        "b.png": "PNG",
        "a.jpg": "JPEG",
        "a-2.png": "PNG",
        "b-2.png": "PNG",  # was named .jpg, and is none
        "d.png": "PNG",
        "noname.jpg": "JPEG",
    }


def test_a_photograph_that_cannot_be_read_is_not_written_but_named(model, photos, capsys):
    (photos / "b.png").write_bytes((photos / "a.png").read_bytes()[:200])
    assert read(model, photos, "--blur", "shared") == 1
    assert "photos/b.png cannot be read as an image" in capsys.readouterr().err
    assert [path.name for path in Path("shared").iterdir()] == ["a.png"]


def test_all_pictures_of_one_run(model, photos, capsys):
    assert read(model, photos, "--draw", "new/drawn", "--crops", "new", "--blur", "new/blurred") == 0
    assert sorted(path.as_posix() for path in Path("new").rglob("*.png")) == [
        *("new/a-1.png", "new/a-2.png", "new/blurred/a.png", "new/blurred/b.png"),
        *("new/drawn/a.png", "new/drawn/b.png"),
    ]
    capsys.readouterr()
    assert read(model, photos, "--draw", "/proc/drawn", "--blur", "again") == 1
    assert "2 of 2 images were read; pictures that could not be written: 2." in capsys.readouterr().err
    assert len(list(Path("again").iterdir())) == 2


def test_single_plates_are_drawn_as_ever(photos, tmp_path):
    from platefuse.evaluation.drawing import draw_plate, labels_of_reading

    Image.fromarray(digits("12")).save("plate.png")
    plates = save_rule_reader(tmp_path / "plates")
    assert read(str(plates), "plate.png", "--draw", "drawn") == 0
    expected = draw_plate(digits("12"), labels_of_reading(Reader(plates).read(digits("12")))).joined()
    assert np.array_equal(read_image(Path("drawn/plate.png")), np.asarray(expected))
