"""`platefuse read`, with a model in miniature (tests/helpers/reader.py)."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from platefuse.cli.main import main
from tests.helpers.imports import ROOT
from tests.helpers.malformed_images import MALFORMED
from tests.helpers.reader import board, digits, folder_of_plates, save_rule_reader


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_rule_reader(tmp_path_factory.mktemp("models") / "fused"))


def test_read_prints_path_text_and_confidence(model, tmp_path, capsys):
    Image.fromarray(board(40, 60, (7, (5, 3, 15, 33), 204, 255))).save(tmp_path / "b.png")
    Image.fromarray(digits("")).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path), "--model", model]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'a.png'}\t\t0.0000\n{tmp_path / 'b.png'}\t7\t0.8000\n"
    assert err == ""  # no progress bar where there is no terminal


def test_read_json_is_an_object_a_line(model, tmp_path, capsys):
    for name in "ab":
        Image.fromarray(board(40, 60, (7, (5, 3, 15, 33), 204, 51))).save(tmp_path / f"{name}.png")
    assert main(["read", str(tmp_path), "--json", "--model", model]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "image": str(tmp_path / name),
            "model": model,
            "text": "7",
            "confidence": 0.8,
            "plates": [
                {
                    "text": "7",
                    "confidence": 0.8,
                    "score": 1,
                    "box": [0, 0, 60, 40],
                    "characters": [{"text": "7", "confidence": 0.8, "score": 0.2, "box": [5, 3, 15, 33]}],
                    "truncated": False,
                    "regions": [],
                }
            ],
        }
        for name in ("a.png", "b.png")
    ]


def test_read_json_of_an_empty_plate_has_no_plates(model, tmp_path, capsys):
    Image.fromarray(digits("")).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path / "a.png"), "--json", "--model", model]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["text"], read["confidence"], read["plates"]) == ("", 0, [])


def test_read_json_says_that_characters_were_dropped(model, tmp_path, capsys):
    Image.fromarray(digits("12345", 120)).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path / "a.png"), "--json", "--model", model]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["text"], read["confidence"], read["plates"][0]["truncated"]) == ("1234", 0, True)
    assert read["plates"][0]["regions"] == [], "1234 is a format of Luxembourg, 12345 was there"


def test_read_json_says_which_lists_the_number_fits(model, tmp_path, capsys):
    Image.fromarray(digits("1234")).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path / "a.png"), "--json", "--model", model]) == 0
    assert json.loads(capsys.readouterr().out)["plates"][0]["regions"] == ["lu"]


def test_a_doubtful_plate_is_left_out_and_counted(model, tmp_path, capsys):
    for name, green in (("a", 204), ("b", 255)):
        Image.fromarray(board(40, 60, (7, (5, 3, 15, 33), green, 255))).save(tmp_path / f"{name}.png")
    Image.fromarray(digits("12345", 120)).save(tmp_path / "truncated.png")
    for least, texts in (("0", "7 7 1234"), ("0.8", "7 7 "), ("0.81", " 7 "), ("1", " 7 ")):
        assert main(["read", str(tmp_path), "--model", model, "--min-confidence", least]) == 0
        out, err = capsys.readouterr()
        rows = [line.split("\t")[1:] for line in out.splitlines()]
        assert [text for text, _ in rows] == texts.split(" ")
        assert [float(confidence) > 0 for _, confidence in rows] == [text == "7" for text, _ in rows]
        left_out = sum(not text for text, _ in rows)
        limit = f"a confidence below {float(least)}"
        said = f"platefuse: plates left out, since they are read with {limit}: {left_out} of 3."
        assert err.splitlines() == [said] * bool(left_out)


def test_json_lacks_a_doubtful_plate(model, tmp_path, capsys):
    Image.fromarray(board(40, 60, (7, (5, 3, 15, 33), 204, 255))).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path), "--json", "--model", model, "--min-confidence", ".9"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["text"], read["confidence"], read["plates"]) == ("", 0, [])


@pytest.mark.parametrize("value", ["1.01", "-0.1", "nan", "high", "90%", ""])
def test_a_confidence_beyond_0_to_1_is_a_sentence(value, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["read", "a.png", f"--min-confidence={value}"])
    assert ended.value.code == 2
    assert f"--min-confidence: expected a number from 0 to 1, found {value!r}" in capsys.readouterr().err


def test_verbose_names_the_model_on_the_error_output(model, tmp_path, capsys, monkeypatch):
    Image.fromarray(digits("12")).save(tmp_path / "a.png")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "fused").symlink_to(model)
    monkeypatch.chdir(tmp_path)
    for arguments, named in (["--model", model], model), ([], "models/fused"):
        assert main(["read", "a.png", "-v", *arguments]) == 0
        assert capsys.readouterr() == ("a.png\t12\t1.0000\n", f"platefuse: model {named}\n")


def test_an_unreadable_image_is_reported_at_the_end(model, tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:60])
    assert main(["read", str(folder), "--model", model, "--batch-size", "2"]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[1] for line in out.splitlines()] == ["1", "3"]
    assert "1.png cannot be read" in err.splitlines()[0]
    assert err.splitlines()[1] == "platefuse: 1 of 3 images could not be read."


def test_no_malformed_file_stops_the_others(model, tmp_path):
    for malformed in MALFORMED:
        malformed.write(tmp_path / malformed.name)
    Image.fromarray(digits("12")).save(tmp_path / "good\nnamed.png")
    command = [sys.executable, "-m", "platefuse", "read", tmp_path, "--model", model]
    done = subprocess.run(command, capture_output=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout == os.fsencode(f"{tmp_path}/good\\nnamed.png\t12\t1.0000\n")
    *sentences, last = done.stderr.decode().splitlines()[-len(MALFORMED) - 1 :]
    assert last == f"platefuse: {len(MALFORMED)} of {len(MALFORMED) + 1} images could not be read."
    for sentence, malformed in zip(sentences, sorted(MALFORMED), strict=True):
        name = malformed.name.replace("\n", "\\n").encode(errors="backslashreplace").decode()
        assert sentence.startswith(f"platefuse: {tmp_path}/{name} ") and malformed.said in sentence
    assert b"Traceback" not in done.stderr and b"Warning" not in done.stderr


def test_read_draws_every_image_under_a_name_of_its_own(model, tmp_path):
    first, second = (folder_of_plates(tmp_path / name, [("12", "12")]) for name in ("a", "b"))
    drawn = tmp_path / "new" / "drawn"
    assert main(["read", str(first), str(second), "--draw", str(drawn), "--model", model]) == 0
    assert sorted(path.name for path in drawn.iterdir()) == ["0-2.png", "0.png"]
    with Image.open(drawn / "0.png") as picture:
        assert picture.width == 500 and picture.height > 200  # 100x40, enlarged, and its caption


def test_read_never_draws_over_what_it_reads(model, tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("12", "12")])
    before = (folder / "0.png").read_bytes()
    assert main(["read", str(folder), "--draw", str(folder), "--model", model]) == 1
    assert "0.png, which is read; choose another name or folder" in capsys.readouterr().err
    assert (folder / "0.png").read_bytes() == before


@pytest.mark.parametrize("arguments", [["."], ["plates"], ["plates/"], ["./plates/../plates"]])
def test_pictures_are_named_after_images_wherever_the_folder_is(model, tmp_path, monkeypatch, arguments):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1")])
    monkeypatch.chdir(folder if arguments == ["."] else tmp_path)
    assert main(["read", *arguments, "--draw", "drawn/", "--model", model]) == 0
    assert [path.name for path in tmp_path.rglob("drawn/*")] == ["0.png"]


def test_pictures_that_cannot_be_written_are_counted_apart(model, tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "1.png").write_bytes(b"not an image")
    assert main(["read", str(folder), "--draw", "/proc/drawn", "--model", model]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[1] for line in out.splitlines()] == ["1", "3"]
    unread, *unwritten = err.splitlines()
    assert unread.startswith(f"platefuse: {folder}/1.png cannot be read")
    assert [line.split(" cannot be written")[0] for line in unwritten[:2]] == [
        f"platefuse: /proc/drawn/{name}.png" for name in "02"
    ]
    assert unwritten[2:] == [
        "platefuse: 1 of 3 images could not be read.",
        "platefuse: 2 of 3 images were read; pictures that could not be written: 2.",
    ]


def test_an_image_with_the_longest_name_is_drawn(model, tmp_path, capsys):
    for length in (240, 255):
        image = tmp_path / f"{'x' * (length - 4)}.png"
        Image.fromarray(digits("12")).save(image)
        assert main(["read", str(image), "--draw", str(tmp_path / "drawn"), "--model", model]) == 0
        assert (tmp_path / "drawn" / image.name).is_file()
    (tmp_path / ("x" * 255)).write_bytes(image.read_bytes())
    assert main(["read", str(tmp_path / ("x" * 255)), "--draw", str(tmp_path / "drawn"), "--model", model]) == 1
    assert "1 of 1 images were read; pictures that could not be written: 1." in capsys.readouterr().err


def test_an_image_of_another_kind_in_a_folder_is_counted_and_named(model, tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1")])
    (folder / "0.png").rename(folder / "0.jfif")
    (folder / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    assert main(["read", str(folder), "--model", model]) == 1
    out, err = capsys.readouterr()
    assert out == f"{folder}/0.jfif\t1\t1.0000\n"
    assert "IMG_1.HEIC cannot be read as an image" in err and "found HEIF: convert it" in err
    assert err.endswith("platefuse: 1 of 2 images could not be read.\n")


def shown(written: str, columns: int) -> list[str]:
    """The lines of a terminal that a program has written to: carriage returns go back, long lines wrap."""
    lines, column = [""], 0
    for character in written:
        if character == "\r":
            column = 0
        elif character == "\n":
            lines.append("")
            column = 0
        else:
            if column == columns:
                lines.append("")
                column = 0
            lines[-1] = lines[-1].ljust(column)[:column] + character + lines[-1][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_a_terminal_of_80_columns_shows_readings_and_nothing_else(model, tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    main_end, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, "-m", "platefuse", "read", "plates", "--model", model, "--batch-size", "1"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    written = b""
    while True:
        try:
            written += os.read(main_end, 65536)
        except OSError:  # Linux's end of a terminal
            break
    os.close(main_end)
    assert process.wait() == 0
    assert "reading:" in written.decode()  # the bar, which is gone at the end
    assert shown(written.decode(), 80) == [f"plates/{i}.png\t{i + 1}\t1.0000" for i in range(3)]
