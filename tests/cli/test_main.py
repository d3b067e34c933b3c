"""The command line, on a model in miniature (tests/helpers/reader.py)."""

import csv
import json
import os
import subprocess
import sys

import pytest

import platefuse
from platefuse.cli.main import main
from tests.helpers.reader import folder_of_plates, save_rule_reader


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_rule_reader(tmp_path_factory.mktemp("models") / "fused"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_completion_script_knows_commands_options_and_paths(shell, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--print-completion", shell])
    assert stop.value.code == 0
    script = capsys.readouterr().out
    assert all(name in script for name in ("score", "batch-size", "precision"))


def test_bash_completes_the_files_of_afolder_of_plates(tmp_path, capsys):
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
    plates = folder_of_plates(tmp_path / "plates", [("1", "1")])
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
    folder = folder_of_plates(tmp_path / "plates", PLATES)
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
    folder = folder_of_plates(tmp_path / "plates", PLATES)
    scores = tmp_path / "scores.json"
    assert main(["score", str(folder), "--model", model, "--equate", "38,17", "--json", str(scores)]) == 0
    assert json.loads(scores.read_text()) == {**SCORES, "exact_match_equated": 0.75}
    assert "exact match equated   0.7500" in capsys.readouterr().out


def test_score_counts_an_unreadable_image_as_wrong(model, tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("12", "12"), ("34", "34"), ("", "")])
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"not an image")
    scores = tmp_path / "scores.json"
    assert main(["score", str(folder), "--model", model, "--json", str(scores)]) == 1
    # 2 characters of plate 1 are missing; plate 2, which is empty, must not pass for read: 3 edits over 4.
    expected = {"images": 3, "exact_match": 1 / 3, "character_error_rate": 0.75, "length_accuracy": 1 / 3}
    assert json.loads(scores.read_text()) == pytest.approx(expected, abs=1e-6)
    assert "2 of 3 images could not be read" in capsys.readouterr().err


def test_score_stops_before_any_work_if_an_image_is_missing(tmp_path, capsys):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1"), ("2", "2"), ("3", "3")])
    (folder / "0.png").unlink()
    (folder / "2.png").unlink()
    assert main(["score", str(folder), "--model", "nowhere"]) == 1
    assert "not there: 0.png and 1 more" in capsys.readouterr().err


def test_score_of_nothing(model, tmp_path, capsys):
    assert main(["score", str(folder_of_plates(tmp_path / "plates", [])), "--model", model]) == 1
    assert "no plates" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")
def test_a_closed_pipe_and_ctrl_c_leave_no_traceback(model, tmp_path):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1")] * 3)
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
