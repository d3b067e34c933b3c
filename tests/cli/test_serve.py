"""`platefuse serve` before it serves: tests/serving has the rest."""

import sys
from pathlib import Path

import pytest

from platefuse.cli.main import _parser, main
from platefuse.cli.serve import _bounds
from platefuse.serving.bounds import Bounds
from platefuse.serving.server import listen
from platefuse.serving.token import VARIABLE


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["serve", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "serving" not in err.replace("serves", "")
    return err


def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("uvicorn", "python_multipart"):
        monkeypatch.setitem(sys.modules, module, None)  # as Python marks what must not be imported
    assert refused(capsys) == (
        "platefuse: `platefuse serve` needs uvicorn and python-multipart, which are not installed: "
        'pip install "platefuse[serve]".\n'
    )


def test_a_missing_model_is_told_before_an_address_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert "There is no fused model at nowhere" in refused(capsys, "--model", "nowhere", "--port", port)


def test_a_port_in_use_is_told_before_a_model_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "damaged.onnx").write_text("no model")
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        told = refused(capsys, "--model", str(tmp_path / "damaged.onnx"), "--port", port)
    assert f"--port {port}: another program serves there; choose another --port." in told


def test_a_damaged_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not a fused model" in refused(capsys, "--model", str(tmp_path), "--port", "0")


def test_a_damaged_token_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nowhere: No such file" in refused(capsys, "--token-file", str(tmp_path / "nowhere"))
    monkeypatch.setenv(VARIABLE, "")
    assert f"{VARIABLE} holds no token" in refused(capsys)


def test_an_open_server_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_to_all = ("--model", str(tmp_path), "--port", "0", "--host", "0.0.0.0")
    assert f"may use it: set a token ({VARIABLE} or --token-file)" in refused(capsys, *open_to_all)


def test_options_are_the_bounds() -> None:
    assert _bounds(_parser().parse_args(["serve"])) == Bounds()
    words = "--max-bytes 1 --max-pixels 2 --max-images 3 --max-queue 4 --timeout 0.5 --batch-size 6"
    assert _bounds(_parser().parse_args(["serve", *words.split()])) == Bounds(1, 2, 3, 4, 0.5, 6)


@pytest.mark.parametrize(
    "words", ["--port 65536", "--port x", "--timeout 0", "--timeout nan", "--max-pixels 33554433", "--max-queue 0"]
)
def test_a_bound_beyond_its_own_is_wrong_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["serve", *words.split()])
    assert stop.value.code == 2
    assert words.split()[1] in capsys.readouterr().err
