"""The command line, on a model in miniature (tests/helpers/reader.py)."""

import csv
import json
import os
import subprocess
import sys

import pytest
from PIL import Image

import platefuse
from platefuse.cli.main import main
from tests.helpers.malformed_images import MALFORMED
from tests.helpers.reader import board, digits, save_rule_reader


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_rule_reader(tmp_path_factory.mktemp("models") / "fused"))


def _folder(folder, truth):
    """Make a folder of boards that read the second of each pair of texts, with a truth.csv of the first."""
    folder.mkdir(parents=True)
    rows = ["image,text"]
    for index, (true, drawn) in enumerate(truth):
        Image.fromarray(digits(drawn)).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{true}")
    (folder / "truth.csv").write_text("\n".join(rows) + "\n")
    return folder


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


def test_verbose_names_the_model_on_the_error_output(model, tmp_path, capsys, monkeypatch):
    Image.fromarray(digits("12")).save(tmp_path / "a.png")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "fused").symlink_to(model)
    monkeypatch.chdir(tmp_path)
    for arguments, named in (["--model", model], model), ([], "models/fused"):
        assert main(["read", "a.png", "-v", *arguments]) == 0
        assert capsys.readouterr() == ("a.png\t12\t1.0000\n", f"platefuse: model {named}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_completion_script_knows_commands_options_and_paths(shell, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--print-completion", shell])
    assert stop.value.code == 0
    script = capsys.readouterr().out
    assert all(name in script for name in ("score", "batch-size", "precision"))


def test_bash_completes_the_files_of_a_folder(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    (tmp_path / "complete.sh").write_text(capsys.readouterr().out)
    (tmp_path / "plate.jpg").touch()
    script = """
        source complete.sh
        COMP_WORDS=(platefuse read pla); COMP_CWORD=2
        $(complete -p platefuse | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["plate.jpg"], done.stderr


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"platefuse {platefuse.__version__}\n"


def test_an_unreadable_image_is_reported_at_the_end(model, tmp_path, capsys):
    folder = _folder(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
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
    first, second = (_folder(tmp_path / name, [("12", "12")]) for name in ("a", "b"))
    drawn = tmp_path / "new" / "drawn"
    assert main(["read", str(first), str(second), "--draw", str(drawn), "--model", model]) == 0
    assert sorted(path.name for path in drawn.iterdir()) == ["0-2.png", "0.png"]
    with Image.open(drawn / "0.png") as picture:
        assert picture.width == 500 and picture.height > 200  # 100x40, enlarged, and its caption


def test_read_never_draws_over_what_it_reads(model, tmp_path, capsys):
    folder = _folder(tmp_path / "plates", [("12", "12")])
    before = (folder / "0.png").read_bytes()
    assert main(["read", str(folder), "--draw", str(folder), "--model", model]) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert (folder / "0.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["read", "nowhere.png"], "nowhere.png does not exist"),
        (["read", "{plates}", "--model", "nowhere"], "a released model (plates, digits). `dvc repro fuse` makes"),
        (["read", "{plates}", "--model", "{plates}/0.png"], "is not a fused model"),
        (["read", "{plates}", "--draw", "{plates}/0.png"], "expected a folder"),
        (["score", "nowhere"], "neither it nor a folder in it has a truth.csv"),
        (["score", "{plates}", "--equate", "O"], "'O' is not a group"),
        (["read", "{plates}", "--model", "fused.onnx"], "`platefuse export --to onnx` makes one"),
        (["export", "--to", "litert", "--out", "fused.onnx"], "expected a name that ends in .tflite"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, said, model, tmp_path, capsys):
    plates = _folder(tmp_path / "plates", [("1", "1")])
    arguments = [argument.format(plates=plates) for argument in arguments]
    assert main([*arguments, *([] if "--model" in arguments else ["--model", model])]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("platefuse: ") and said in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["read"], ["write"], ["read", "x.png", "--batch-size", "0"], ["score", "x", "--json", "."]],
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: platefuse" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["read", "score", "export", "params"])
def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"\n  platefuse {command} " in capsys.readouterr().out


PLATES = [("1234", "1234"), ("1234", "1284"), ("77", "7"), ("", "")]
SCORES = {"images": 4, "exact_match": 0.5, "character_error_rate": 0.2, "length_accuracy": 0.75}


def test_score_prints_and_writes(model, tmp_path, capsys):
    folder = _folder(tmp_path / "plates", PLATES)
    scores, table = tmp_path / "new" / "scores.json", tmp_path / "table.csv"
    assert main(["score", str(folder), "--model", model, "--json", str(scores), "--out", str(table)]) == 0
    assert [line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines()] == [
        ["images", "4"],
        ["exact match", "0.5000"],
        ["character error rate", "0.2000"],
        ["length accuracy", "0.7500"],
    ]
    assert json.loads(scores.read_text()) == SCORES
    with table.open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["image", "truth", "text", "confidence", "right"]
    assert rows[1:3] == [["0.png", "1234", "1234", "1.0", "1"], ["1.png", "1234", "1284", "1.0", "0"]]
    assert rows[4] == ["3.png", "", "", "0.0", "1"]


def test_score_with_look_alikes(model, tmp_path, capsys):
    folder = _folder(tmp_path / "plates", PLATES)
    scores = tmp_path / "scores.json"
    assert main(["score", str(folder), "--model", model, "--equate", "38,17", "--json", str(scores)]) == 0
    assert json.loads(scores.read_text()) == {**SCORES, "exact_match_equated": 0.75}
    assert "exact match equated   0.7500" in capsys.readouterr().out


def test_score_counts_an_unreadable_image_as_wrong(model, tmp_path, capsys):
    folder = _folder(tmp_path / "plates", [("12", "12"), ("34", "34"), ("", "")])
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"not an image")
    scores = tmp_path / "scores.json"
    assert main(["score", str(folder), "--model", model, "--json", str(scores)]) == 1
    # 2 characters of plate 1 are missing; plate 2, which is empty, must not pass for read: 3 edits over 4.
    expected = {"images": 3, "exact_match": 1 / 3, "character_error_rate": 0.75, "length_accuracy": 1 / 3}
    assert json.loads(scores.read_text()) == pytest.approx(expected, abs=1e-6)
    assert "2 of 3 images could not be read" in capsys.readouterr().err


def test_score_stops_before_any_work_if_an_image_is_missing(tmp_path, capsys):
    folder = _folder(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "0.png").unlink()
    (folder / "2.png").unlink()
    assert main(["score", str(folder), "--model", "nowhere"]) == 1
    assert "not there: 0.png and 1 more" in capsys.readouterr().err


def test_score_of_nothing(model, tmp_path, capsys):
    assert main(["score", str(_folder(tmp_path / "plates", [])), "--model", model]) == 1
    assert "no plates" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")
def test_a_closed_pipe_and_ctrl_c_leave_no_traceback(model, tmp_path):
    folder = _folder(tmp_path / "plates", [("1", "1")] * 3)
    command = [sys.executable, "-m", "platefuse", "read", str(folder), "--model", model]
    reading, writing = os.pipe()
    os.close(reading)
    closed = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writing)
    assert closed.returncode == 141
    assert "Traceback" not in closed.stderr and "BrokenPipe" not in closed.stderr

    interrupted = """if True:
        import os, signal, sys
        import platefuse.cli.main, platefuse.inference.reader
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without it
        platefuse.inference.reader.read_image = lambda path: os.kill(os.getpid(), signal.SIGINT)
        sys.exit(platefuse.cli.main.main(sys.argv[1:]))
    """
    command[1:3] = ["-c", interrupted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_an_output_that_is_closed_or_knows_few_letters_takes_all(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "annotations.csv").write_text("š.png,0,0,1,1,š\n", encoding="utf-8")
    command = [sys.executable, "-m", "platefuse", "check", str(tmp_path / "one")]
    for shell, output in (("exec >&-", ""), ("exec >&- 2>&-", None), ("export PYTHONIOENCODING=latin-1", "  \\u0161")):
        told = ["sh", "-c", f'{shell}; exec "$@"', "sh", *command]
        done = subprocess.run(told, capture_output=True, text=True, timeout=120, encoding="latin-1")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        if output is not None:
            assert output in done.stdout and "issues: 1" in done.stderr
