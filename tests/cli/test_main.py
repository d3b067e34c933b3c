"""The command line, on a model in miniature (tests/helpers/reader.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import platefuse
from platefuse.cli.main import main
from tests.helpers.imports import ROOT
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
        (
            ["read", "{plates}", "--model", "nowhere"],
            "a released model (plates, photographs, digits). `dvc repro fuse` makes",
        ),
        (["read", "{plates}", "--model", "{plates}/0.png"], "is not a fused model"),
        (["read", "{plates}", "--draw", "{plates}/0.png"], "expected a folder"),
        (["score", "nowhere"], "nowhere does not exist"),
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


@pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")
def test_a_closed_pipe_and_ctrl_c_leave_no_traceback(model, tmp_path):
    folder = folder_of_plates(tmp_path / "plates", [("1", "1")] * 3)
    annotated = "".join(f"{path.name},,,,,\n" for path in sorted(folder.glob("*.png")))
    (folder / "annotations.csv").write_text(annotated)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "platefuse", "check", str(folder)]
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
    command = [sys.executable, "-c", interrupted, "read", str(folder), "--model", model]
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


@pytest.mark.parametrize(
    "command", [["fuse", "networks", "out", "--set", "round=true"], ["params"], ["params", "--check"]], ids=" ".join
)
def test_what_the_base_install_lacks_is_named_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    lacking = "import sys; sys.modules |= dict.fromkeys(['yaml', 'pydantic', 'tensorflow', 'h5py'])\n"
    run = [sys.executable, "-c", f"{lacking}from platefuse.cli.main import main; sys.exit(main())", *command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("platefuse: ") and 'pip install "platefuse[pipeline]"' in ended.stderr
    assert "Traceback" not in ended.stderr
