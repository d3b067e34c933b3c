"""Progress: a training's lines, in a file and on a terminal of 80 columns, and every bar of the project."""

import ast
import contextlib
import fcntl
import os
import re
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from platefuse.runner.progress import EpochProgress, time_left
from tests.helpers.imports import ROOT

DETECTOR = {"loss": 1.7234, "regression_loss": 1.3, "val_loss": 0.5, "val_regression_loss": 0.25}
CLASSIFIER = {"loss": 0.6435, "accuracy": 0.9, "val_loss": 0.7, "val_accuracy": 0.98765}


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock on."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def train(epochs: int, done: int, values: Mapping[str, float], during: Callable[[], None] = lambda: None) -> None:
    with EpochProgress(epochs) as progress:
        for epoch in range(done + 1, epochs + 1):
            progress.begin_epoch(epoch, 3)
            for _ in range(3):
                progress.step()
            during()
            progress.end_epoch(epoch, values)


def test_a_file_gets_one_line_an_epoch(capsys: pytest.CaptureFixture[str], wait: Callable[[float], None]):
    train(12, 9, DETECTOR, lambda: wait(100))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "epoch 10 of 12  loss 1.7234  val_loss 0.5000  about 3 minutes left\n"
        "epoch 11 of 12  loss 1.7234  val_loss 0.5000  about 2 minutes left\n"
        "epoch 12 of 12  loss 1.7234  val_loss 0.5000\n"
    )


def test_a_resumed_training_estimates_from_its_own_epochs(
    capsys: pytest.CaptureFixture[str], wait: Callable[[float], None]
):
    """Seven epochs were done in no time of this run: they do not make the others shorter."""
    train(10, 7, DETECTOR, lambda: wait(60))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[-1] for line in lines[:2]] == ["about 2 minutes left", "about 60 seconds left"]


def test_graphs_that_the_first_batch_builds_do_not_count(
    capsys: pytest.CaptureFixture[str], wait: Callable[[float], None]
):
    with EpochProgress(4) as progress:
        progress.begin_epoch(1, 2)
        for seconds in (500, 10):
            wait(seconds)
            progress.step()
        progress.end_epoch(1, DETECTOR)
    assert capsys.readouterr().err.endswith("  about 30 seconds left\n")


def test_a_network_with_an_accuracy_tells_it(capsys: pytest.CaptureFixture[str]):
    train(1, 0, CLASSIFIER)
    assert capsys.readouterr().err == "epoch 1 of 1  loss 0.6435  val_accuracy 0.9877\n"


@pytest.mark.parametrize("value", [1e9, 999.9999, float("nan"), -12.5])
def test_the_longest_line_fits_in_80_columns(value: float, capsys: pytest.CaptureFixture[str]):
    train(10_000, 9_999, {"loss": value, "val_accuracy": 1.0})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("epoch 10000 of 10000  loss ")
    assert len("  ".join([line, *time_left([18_000.0], 9_999)])) <= 80


@pytest.mark.parametrize(
    ("durations", "epochs", "expected"),
    [
        ([100.0], 0, []),
        ([0.001], 1, ["about 1 second left"]),
        ([1.2], 1, ["about 1 second left"]),
        ([5.0], 8, ["about 40 seconds left"]),
        ([89.0], 1, ["about 89 seconds left"]),
        ([90.0], 1, ["about 2 minutes left"]),
        ([60.0], 4, ["about 4 minutes left"]),
        ([60.0], 89, ["about 89 minutes left"]),
        ([60.0], 150, ["about 2 hours left"]),
        ([500.0, 10.0, 14.0], 10, ["about 2 minutes left"]),  # the first has built graphs
    ],
)
def test_the_time_left_is_told_in_a_unit_that_suits_it(durations: list[float], epochs: int, expected: list[str]):
    assert time_left(durations, epochs) == expected


# --- a terminal


def on_a_terminal(work: Callable[[], None]) -> str:
    """Do work with a terminal of 80 columns as error output, and give what is written there."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        with contextlib.redirect_stderr(stream):
            work()
        stream.write("the end")
        stream.flush()
        written = b""
        while not written.endswith(b"the end"):  # what is written arrives a little later
            written += os.read(ours, 65_536)
    os.close(ours)
    return written.decode().removesuffix("the end")


def shown(written: str) -> list[str]:
    """The lines that stay on the screen: a carriage return begins a line again."""
    lines = []
    for text in written.replace("\r\n", "\n").split("\n"):
        line = ""
        for part in text.split("\r"):
            line = part + line[len(part) :]
        lines.append(line.rstrip())
    return lines


def test_a_terminal_has_a_bar_in_each_epoch_and_keeps_the_lines(wait: Callable[[float], None]):
    written = on_a_terminal(lambda: train(2, 0, DETECTOR, lambda: wait(70)))
    assert "epoch 1 of 2:   0%|" in written and "0/3 [" in written
    assert all(len(part) <= 80 for part in re.split(r"[\r\n]", written))
    assert shown(written) == [
        "epoch 1 of 2  loss 1.7234  val_loss 0.5000  about 70 seconds left",
        "epoch 2 of 2  loss 1.7234  val_loss 0.5000",
        "",
    ]


def test_a_training_that_fails_leaves_no_bar_before_its_error():
    def fail() -> None:
        raise ZeroDivisionError

    def work() -> None:
        with pytest.raises(ZeroDivisionError):
            train(2, 0, DETECTOR, fail)

    written = on_a_terminal(work)
    assert "epoch 1 of 2:   0%|" in written
    assert shown(written) == [""]


# --- every bar


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of functions or methods with one of these names, and where they are."""
    folders = [ROOT / folder for folder in ("platefuse", "stages", "tools", "benchmarks", "tests/fuzz")]
    for path in sorted([*(path for folder in folders for path in folder.rglob("*.py")), ROOT / "tests" / "soak.py"]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
                yield f"{path.relative_to(ROOT)}, line {node.lineno}", node


def options(call: ast.Call) -> dict[str | None, str]:
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def test_every_bar_is_on_the_error_output_of_a_terminal_alone():
    """tqdm fits a bar to the terminal's width itself."""
    found = {place: options(call) for place, call in calls("tqdm")}
    drawn = {place: given for place, given in found.items() if given.get("disable") != "True"}
    assert len(drawn) > 8
    for place, given in drawn.items():
        assert given.get("disable") == "None", f"{place}: without disable=None a log file has the bar"
        assert given.get("file", "sys.stderr") == "sys.stderr" and "ncols" not in given, place
        assert "desc" in given, f"{place}: a bar says what is under way"


def test_keras_prints_no_progress_of_its_own():
    """Its lines wrap, go to the standard output and tell no time left."""
    found = {place: call for place, call in calls("fit", "predict") if not ast.unparse(call.func).startswith("resume.")}
    assert len(found) > 3
    for place, call in found.items():
        assert options(call).get("verbose") == "0", place
