"""No output takes the place of an input, or of another output: the rule, and every command that writes."""

import argparse
import itertools
from pathlib import Path

import pytest

from benchmarks.__main__ import main as benchmarks
from platefuse.cli.common import file_path, folder_path, model_name, written_by
from platefuse.cli.main import _parser, main
from platefuse.cli.outputs import check_outputs
from platefuse.core.errors import PlatefuseError
from tests.helpers.annotated import write_annotated

# --- the rule


def refused(outputs: dict[str, str], *inputs: str) -> str:
    try:
        check_outputs([(option, Path(path)) for option, path in outputs.items()], map(Path, inputs))
    except PlatefuseError as error:
        return str(error)
    return ""


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_annotated(Path("photos"), ["12", "3"])


@pytest.mark.parametrize("path", ["photos/0.png", "./photos/../photos/0.png", "link.png", "hard.png", "linked/0.png"])
def test_an_input_is_not_replaced_under_any_name(photos: Path, path: str) -> None:
    Path("link.png").symlink_to("photos/0.png")
    Path("hard.png").hardlink_to("photos/0.png")
    Path("linked").symlink_to("photos")
    assert refused({"--out": path}, "photos/1.png", "photos/0.png") == (
        f"--out {Path(path)}: it would take the place of photos/0.png, which is read; choose another name or folder."
    )


def test_an_input_that_is_a_link_is_not_replaced_either(photos: Path) -> None:
    Path("elsewhere.png").write_bytes(Path("photos/0.png").read_bytes())
    Path("photos/0.png").unlink()
    Path("photos/0.png").symlink_to(Path("elsewhere.png").absolute())
    for path in ("photos/0.png", "elsewhere.png"):
        assert "which is read" in refused({"--out": path}, "photos/0.png")


@pytest.mark.parametrize("path", ["photos/new.csv", "photos/deep/new.csv", "linked/new.csv", "photos"])
def test_nothing_is_written_into_a_folder_that_is_read(photos: Path, path: str) -> None:
    Path("linked").symlink_to("photos")
    assert refused({"--out": path}, "photos")
    assert not refused({"--out": path.replace("photos", "other").replace("linked", "photos2")}, "photos")


@pytest.mark.parametrize("path", ["x", "./x", "X", "x/y", "new/../x"])
def test_two_outputs_have_two_places(photos: Path, path: str) -> None:
    for outputs in ({"--json": "x", "--out": path}, {"--json": path, "--out": "x"}):
        assert (
            refused(outputs)
            == f"--out {Path(outputs['--out'])}: --json is written there; choose another name or folder."
        )
    assert not refused({"--json": "x.json", "--out": "x.csv", "--draw": "drawn/x.png"}, "photos")


def test_what_is_missing_or_a_link_in_a_circle_stops_nothing(photos: Path) -> None:
    Path("circle").symlink_to("circle")
    assert not refused({"--out": "new/readings.csv"}, "circle", "nothing", "photos")
    assert refused({"--out": "nothing"}, "nothing")


# --- every command

COMMANDS = next(action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
# What each command reads; a path that is not here must be one that the command writes.
READ = {
    ("read", "paths"),
    ("score", "folder"),
    ("score", "networks"),
    ("score", "reader"),
    ("fuse", "networks"),
    ("fuse", "plates"),
    ("serve", "token_file"),
    ("export", "plates"),
    ("check", "folder"),
    ("check", "params"),
    ("convert", "folder"),
    ("params", "file"),
    ("params", "check"),
}
# A use of each command that writes, without the options that say where.
USES = {
    "read": "read photos --model model",
    "score": "score photos --model model",
    "fuse": "fuse photos",
    "export": "export --to onnx --model model --plates photos",
    "check": "check photos",
    "convert": "convert photos --to coco",
}
WRITING = [(command, action) for command, parser in COMMANDS.items() for action in written_by(parser)]


def test_every_path_of_a_command_is_known_as_read_or_written() -> None:
    paths = {
        (command, action.dest)
        for command, parser in COMMANDS.items()
        for action in parser._actions
        if action.type in (Path, file_path, folder_path)
        or (action.metavar and {"PATH", "FILE", "DIR", "FOLDER", "OUT"} & set(str(action.metavar).split(".")))
    }
    assert paths == READ | {(command, action.dest) for command, action in WRITING}
    texts = {action.dest for parser in COMMANDS.values() for action in parser._actions if action.type is model_name}
    assert texts == {"model"}


def names(action: argparse.Action, path: str) -> list[str]:
    return [*action.option_strings[-1:], path]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must not start: the model is none, as reading with it would say."""
    before = bytes_of(Path())
    try:
        status = main(words)
    except SystemExit as stop:
        status = stop.code
    assert status in (1, 2)
    assert bytes_of(Path()) == before
    out, err = capsys.readouterr()
    assert out == "" and "model is not" not in err, words
    return err


@pytest.fixture
def folder(photos: Path) -> None:
    """Photographs with every annotation, an empty model, and links that lead to what is read."""
    Path("model").mkdir()
    Path("photos/truth.csv").write_text("image,text\n0.png,12\n1.png,3\n")
    for suffix in (".png", ".onnx", ".csv"):
        Path(f"link{suffix}").symlink_to("photos/0.png")
        Path(f"hard{suffix}").hardlink_to("photos/0.png")
    Path("pictures.png").mkdir()


EXISTING = ["photos", "photos/0.png", "photos/truth.csv", "link.png", "link.onnx", "hard.png", "hard.onnx"]
WRITTEN_TO = [
    *((command, action, path) for command, action in WRITING for path in ["", *EXISTING]),
    *((command, action, "photos/new.png") for command, action in WRITING if command not in ("read", "fuse")),
    *((command, action, "model/new.onnx") for command, action in WRITING if "--model" in USES[command]),
]


@pytest.mark.parametrize(
    ("command", "action", "path"), WRITTEN_TO, ids=[f"{name} {action.dest} {path}" for name, action, path in WRITTEN_TO]
)
def test_no_command_writes_over_or_beside_what_it_reads(
    command: str, action: argparse.Action, path: str, folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert path in is_refused(USES[command].split() + names(action, path), capsys)


def test_no_scores_take_the_place_of_networks(folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("networks/fused").mkdir(parents=True)
    for name in ("detector.h5", "classifier.h5", "platefuse.json", "fused/platefuse.json"):
        Path("networks", name).touch()
        words = ["score", "photos", "--networks", "networks", "--json", f"networks/{name}"]
        assert f"networks/{name}" in is_refused(words, capsys)
    assert main([*words[:-1], "networks/scores.json"]) == 1  # the networks are empty, which is found when they are read
    assert "scores.json" not in capsys.readouterr().err


def test_no_picture_of_a_reading_takes_the_place_of_an_image(folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    for into in ("photos", "."):  # ./0.png is a link to an image
        Path("0.png").unlink(missing_ok=True)
        Path("0.png").symlink_to("photos/0.png")
        told = is_refused(["read", "photos", "--model", "model", "--draw", into], capsys)
        assert "0.png: it would take the place of photos/0.png, which is read" in told


@pytest.mark.parametrize("command", sorted({command for command, _ in WRITING}))
def test_no_command_writes_two_outputs_to_one_place(
    command: str, folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    actions = written_by(COMMANDS[command])
    for first, second in itertools.combinations(actions, 2):
        words = USES[command].split() + names(first, "same.png") + names(second, "same.png")
        assert "is written there" in is_refused(words, capsys)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="a device")
@pytest.mark.parametrize("path", ["/dev/null", "new/", "new/.", "new/..", "pictures.png"])
def test_no_device_and_no_folder_is_replaced_by_a_file(
    path: str, folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, action in WRITING:
        if action.type is file_path:
            assert "expected a file to write" in is_refused(USES[command].split() + names(action, path), capsys)


def test_nothing_is_written_below_a_file_or_a_broken_link(folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken").symlink_to("nowhere")
    for path, (command, action) in itertools.product(["broken/deep/new.png", "hard.csv/new.png"], WRITING):
        told = is_refused(USES[command].split() + names(action, path), capsys)
        assert f"{path.split('/')[0]} above it is no folder" in told
    assert "a broken link" in is_refused([*USES["read"].split(), "--draw", "broken"], capsys)


@pytest.mark.parametrize("command", ["convert", "fuse"])
def test_a_new_folder_is_not_the_one_above_it(command: str, folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert "new/.. exists" in is_refused([*USES[command].split(), "new/.."], capsys)
    assert not Path("new").exists()


def test_the_bench_writes_no_results_among_the_photographs(folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks(["--photographs", "photos", "--out", "photos"]) == 1
    assert "--out photos/latest.json: it lies in photos" in capsys.readouterr().err
    assert benchmarks(["--out", "photos/0.png"]) == 1
    assert "expected a folder" in capsys.readouterr().err
    for path in ("", "photos/0.png/new"):
        with pytest.raises(SystemExit):
            benchmarks(["--out", path])
        assert "expected a folder to write" in capsys.readouterr().err
