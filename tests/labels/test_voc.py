"""Pascal VOC XML: read as CVAT, labelImg and Roboflow write it, and each issue names its file and object."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from platefuse.labels.folder import read_annotated
from tests.helpers.annotated import write_image


def box(xmin: object, ymin: object, xmax: object, ymax: object) -> str:
    return f"<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>"


def thing(name: str, inside: str) -> str:
    return f"<object><name>{name}</name><pose>Unspecified</pose><difficult>0</difficult>{inside}</object>"


def document(objects: str = "", filename: str = "a.png", size: tuple[int, int] = (60, 24)) -> str:
    """Annotations as labelImg writes them: the path is that of another machine."""
    width, height = size
    return (
        f"<annotation>\n\t<folder>x</folder>\n\t<filename>{filename}</filename>\n\t<path>C:\\x\\{filename}</path>\n"
        f"\t<size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n{objects}</annotation>\n"
    )


def write_voc(folder: Path, files: dict[str, str], *images: str) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for seed, name in enumerate(images):
        write_image(folder / name, seed)
    return folder


def issues_of(folder: Path) -> list[str]:
    return [issue.replace(f"{folder}/", "") for issue in read_annotated(folder).issues]


def test_a_box_has_the_edges_that_are_written(tmp_path):
    """The element's order, fractions and spaces are free; xmax is where the box ends."""
    edges = "<ymax>22.4</ymax><xmax> 20 </xmax><ymin>4</ymin><xmin>2.5</xmin>"
    mixed = f"<object><bndbox>{edges}</bndbox><name>B</name></object>"
    parts = thing("9", f"<part><name>7</name>{box(1, 1, 2, 2)}</part>{box(21, 0, 60, 24)}")
    write_voc(tmp_path, {"Annotations/a.xml": f'<?xml version="1.0"?>{document(mixed + parts)}'}, "JPEGImages/a.png")
    annotated = read_annotated(tmp_path)
    assert (annotated.issues, annotated.alphabet) == ([], "9B")
    assert annotated.layout == "Pascal VOC (Annotations/*.xml)"
    (image,) = annotated.splits[""]
    assert (image.characters, image.boxes.tolist()) == ("B9", [[3, 4, 20, 22], [21, 0, 60, 24]])


@pytest.mark.parametrize(
    ("file", "image", "filename"),
    [
        ("Annotations/a.xml", "JPEGImages/a.png", "a.png"),
        ("Annotations/a.xml", "JPEGImages/b.png", "b.png"),
        ("Annotations/sub/a.xml", "JPEGImages/sub/a.png", "sub/a.png"),  # CVAT
        ("Annotations/sub/a.xml", "JPEGImages/sub/a.png", "a.png"),
        ("annotations/a.xml", "images/a.png", "a.png"),
        ("annotations/a.xml", "annotations/a.png", "a.png"),
        ("annotations/a.xml", "a.png", "a.png"),
        ("a.xml", "a.png", "a.png"),  # Roboflow, labelImg
        ("a.xml", "a.JPG", "a"),
        ("a.xml", "a.jpeg", "../../etc/a.jpeg"),
        ("a.xml", "a.png", "/home/me/b.png"),
        ("a.xml", "a.png", ""),
    ],
)
def test_an_image_is_found_by_the_name_in_the_file_or_that_of_the_file(tmp_path, file, image, filename):
    write_voc(tmp_path / "it", {file: document(thing("A", box(1, 2, 9, 9)), filename)}, image)
    annotated = read_annotated(tmp_path / "it")
    assert annotated.issues == []
    assert [(read.path, read.characters) for read in annotated.splits[""]] == [(tmp_path / "it" / image, "A")]


def test_images_without_objects_and_images_without_files_differ(tmp_path):
    write_voc(tmp_path, {"Annotations/a.xml": document()}, "JPEGImages/a.png", "JPEGImages/b.png")
    annotated = read_annotated(tmp_path)
    assert [image.characters for image in annotated.splits[""]] == [""]
    assert annotated.unannotated == [tmp_path / "JPEGImages" / "b.png"]


def test_missing_images_and_other_sizes_are_named_with_their_file(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    files = {f"Annotations/{name}.xml": document(filename=f"{name}.png", size=(40, 20)) for name in "abc"}
    write_voc(tmp_path, files | {"Annotations/d.xml": document(filename="d.png", size=(0, 0))}, "JPEGImages/d.png")
    Image.new("RGB", (40, 20)).save(tmp_path / "JPEGImages" / "a.png")
    Image.new("RGB", (40, 20), "red").save(tmp_path / "JPEGImages" / "b.png", exif=exif)
    assert issues_of(tmp_path) == [
        "Annotations/b.xml: width and height are 40 x 20, but JPEGImages/b.png, rotated as its EXIF orientation says, "
        "has 20 x 40 pixels.",
        "Annotations/c.xml: JPEGImages/c.png is missing.",
    ]


def test_lists_of_images_are_splits(tmp_path):
    files = {f"Annotations/{name}.xml": document(filename=f"{name}.png") for name in ("a", "b", "c c", "d")}
    write_voc(tmp_path, files, "JPEGImages/a.png", "JPEGImages/b.png", "JPEGImages/c c.png", "JPEGImages/d.png")
    lists = {"train": "a\nd\n", "val": "b  1\n", "test": '"c c" -1\n', "trainval": "a\nb\nd\n", "A_train": "a -1\n"}
    write_voc(tmp_path, {f"ImageSets/Main/{name}.txt": text for name, text in lists.items()})
    annotated = read_annotated(tmp_path)
    assert annotated.issues == []
    names = {split: [image.path.stem for image in images] for split, images in annotated.splits.items()}
    assert names == {"train": ["a", "d"], "val": ["b"], "test": ["c c"]}
    write_voc(tmp_path, {"ImageSets/Main/val.txt": "b\na\nx\n", "ImageSets/Main/train.txt": "a\n"})
    assert issues_of(tmp_path)[:3] == [
        "ImageSets/Main/val.txt, line 3: there is no Annotations/x.xml.",
        "Annotations/a.xml is in ImageSets/Main/train.txt and in ImageSets/Main/val.txt.",
        "Annotations/d.xml is in none of the lists of ImageSets/Main.",
    ]


def test_links_that_lead_nowhere_are_named_and_the_rest_is_read(tmp_path):
    write_voc(tmp_path, {"Annotations/a.xml": document(), "ImageSets/Main/val.txt": "a\n"}, "JPEGImages/a.png")
    for name in ("ImageSets/Main/train.txt", "Annotations/b.xml"):
        (tmp_path / name).symlink_to("nowhere")
    assert issues_of(tmp_path)[0] == "Annotations/b.xml is missing."
    assert "ImageSets/Main/train.txt is missing." in issues_of(tmp_path)
    assert [image.path.name for image in read_annotated(tmp_path).splits["val"]] == ["a.png"]


def test_lists_of_other_names_are_no_splits(tmp_path):
    write_voc(tmp_path, {"Annotations/a.xml": document(), "ImageSets/Main/default.txt": "a\n"}, "JPEGImages/a.png")
    write_voc(tmp_path, {"ImageSets/Main/train.txt": ""})
    assert list(read_annotated(tmp_path).splits) == [""]


CVAT = "<attributes><attribute><name>{}</name><value>{}</value></attribute></attributes>"
EXPECTED = "expected a bndbox of the numbers xmin, ymin, xmax and ymax, found"
INVALID: dict[str, tuple[str, str]] = {
    "no name": (f"<object>{box(1, 2, 9, 9)}</object>", "expected a name, found none"),
    "no box": (thing("A", ""), f"{EXPECTED} nothing"),
    "three edges": (thing("A", box(1, 2, 9, "")), f"{EXPECTED} 1, 2, 9, "),
    "words": (thing("A", box(1, 2, "wide", 9)), f"{EXPECTED} 1, 2, wide, 9"),
    "not a number": (thing("A", box("nan", 2, 9, 9)), f"{EXPECTED} nan"),
    "another script": (thing("A", box("٣", 2, 9, 9)), f"{EXPECTED} ٣"),
    "5,000 digits": (thing("A", box(1, 2, "9" * 5000, 9)), f"{EXPECTED} 1, 2, 999"),
    "no width": (thing("A", box(9, 2, 9, 9)), "expected a box of at least a pixel inside the image"),
    "below 0": (thing("A", box(-1, 2, 9, 9)), "expected a box of at least a pixel inside the image"),
    "beyond the image": (thing("A", box(1, 2, 61, 9)), "the box '1,2,61,9' reaches beyond its image of 60 x 24"),
    "rotated in CVAT": (thing("A", box(1, 2, 9, 9) + CVAT.format("rotation", 30.5)), "the box is rotated by 30.5"),
    "an angle": (thing("A", box(1, 2, 9, 9) + "<angle>90</angle>"), "the box is rotated by 90"),
    "rotated in roLabelImg": (
        thing("A", "<robndbox><cx>9</cx><cy>9</cy><w>5</w><h>5</h><angle>0.5</angle></robndbox>"),
        "the box is rotated by 0.5: expected an upright one",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_object_is_named_and_left_out(tmp_path, case):
    invalid, said = INVALID[case]
    upright = thing("B", box(0, 0, 5, 5) + CVAT.format("rotation", "0.0") + CVAT.format("occluded", "True"))
    write_voc(tmp_path, {"a.xml": document(upright + invalid)}, "a.png")
    (issue,) = issues_of(tmp_path)
    assert issue.startswith(f"a.xml, object[1]: {said}"), issue
    assert len(issue) < 300
    assert [image.characters for image in read_annotated(tmp_path).splits[""]] == ["B"]


def test_an_object_of_several_letters_is_named_once(tmp_path):
    words = document(thing("plate", box(1, 2, 9, 9)) * 3)
    write_voc(tmp_path, {"a.xml": words, "b.xml": words.replace("a.png", "b.png")}, "a.png", "b.png")
    assert issues_of(tmp_path) == ["a.xml, object[0]: there are boxes of 'plate': expected one character."]


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><annotation>&b;</annotation>'
MALFORMED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cannot be read as XML: no element found"),
    "cut off": (document().encode()[:60], "cannot be read as XML"),
    "JSON": (b"{}", "cannot be read as XML: not well-formed"),
    "another document": (b"<annotations/>", "expected the element 'annotation', found 'annotations'"),
    "not UTF-8": (b"<annotation>\n\xff</annotation>", "line 2: not UTF-8"),
    "UTF-16": (document().encode("utf-16"), "line 1: not UTF-8"),
    "a NUL": (b"<annotation>\0</annotation>", "cannot be read as XML"),
    "a prefix of nothing": (b"<annotation><a:b/></annotation>", "cannot be read as XML: unbound prefix"),
    "entities": (ENTITIES.encode(), "has a document type: expected XML without one"),
    "a document elsewhere": (
        b'<!DOCTYPE annotation SYSTEM "file:///etc/passwd"><annotation/>',
        "has a document type: expected XML without one",
    ),
    "large": (document("x" * 2**20).encode(), "is larger than 1 MiB: expected the boxes of one image"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_named_and_left_out(tmp_path, case):
    content, said = MALFORMED[case]
    write_voc(tmp_path, {"b.xml": document(filename="b.png")}, "a.png", "b.png")
    (tmp_path / "a.xml").write_bytes(content)
    (issue,) = issues_of(tmp_path)
    assert issue.startswith("a.xml")
    assert said in issue
    assert [image.path.name for image in read_annotated(tmp_path).splits[""]] == ["b.png"]


def test_an_image_of_two_files_is_named(tmp_path):
    write_voc(tmp_path, {"a.xml": document(), "b.xml": document()}, "a.png")
    assert issues_of(tmp_path) == ["b.xml: the image a.png is annotated twice, in a.xml too."]


def test_two_folders_of_files_are_an_issue(tmp_path):
    write_voc(tmp_path, {"Annotations/a.xml": document(), "annotations/a.xml": document()}, "a.png")
    assert issues_of(tmp_path)[0].endswith(" has Annotations and annotations: expected one of them.")


def test_elements_in_elements_have_an_end(tmp_path):
    write_voc(tmp_path, {"a.xml": f"<annotation>{'<object>' * 50_000}{'</object>' * 50_000}</annotation>"}, "a.png")
    assert issues_of(tmp_path) == ["a.xml, object[0]: expected a name, found none."]


_ELEMENTS = st.sampled_from(["object", "name", "bndbox", "xmin", "size", "width", "filename", "angle", "attribute"])
_XML = st.recursive(
    st.sampled_from(["", "A", "7", "-1", "nan", "a.png", "../x", "plate", "&#0;", "&amp;"]),
    lambda inside: st.tuples(_ELEMENTS, st.lists(inside, max_size=4).map("".join)).map(
        lambda e: f"<{e[0]}>{e[1]}</{e[0]}>"
    ),
    max_leaves=12,
)


@given(_XML.map(lambda text: f"<annotation>{text}</annotation>".encode()) | st.binary())
def test_no_file_makes_the_reader_fail(content):
    with tempfile.TemporaryDirectory() as folder:
        write_image(Path(folder) / "a.png", 0)
        (Path(folder) / "a.xml").write_bytes(content)
        annotated = read_annotated(Path(folder))
    assert annotated.issues or len(annotated.splits[""]) == 1
