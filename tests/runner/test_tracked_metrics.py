"""Tracked metrics: a stage that fails under DVC leaves none of them deleted."""

import subprocess
from pathlib import Path

import pytest

from platefuse.core.errors import PlatefuseError
from platefuse.runner.tracked_metrics import restore_if_failed

NAMES = ("metrics/a.json", "metrics/curves/b.csv", "metrics/c.json", "d.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline's folder in a repository, after DVC removed two metrics and the user a file."""
    folder = tmp_path / "pipelines" / "x"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("committed")
    for command in (["init", "-q"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    for name in (NAMES[0], NAMES[1], NAMES[3]):
        (folder / name).unlink()
    (folder / NAMES[2]).write_text("newer")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_STAGE", "evaluate")
    return folder


def left(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in NAMES if (folder / name).exists()}


@pytest.mark.parametrize("error", [PlatefuseError("It is so."), KeyboardInterrupt(), SystemExit(143), ValueError()])
def test_deleted_metrics_come_back_and_nothing_else_changes(folder: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), restore_if_failed():
        raise error
    assert left(folder) == {NAMES[0]: "committed", NAMES[1]: "committed", NAMES[2]: "newer"}


def test_a_stage_that_succeeds_or_was_started_by_hand_restores_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with restore_if_failed():
        pass
    monkeypatch.delenv("DVC_STAGE")
    with pytest.raises(PlatefuseError), restore_if_failed():
        raise PlatefuseError("It is so.")
    assert left(folder) == {NAMES[2]: "newer"}


def test_without_git_or_a_repository_the_error_is_the_stage_s_own(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").rename(tmp_path / "elsewhere")
    for path in ("/usr/bin:/bin", ""):
        monkeypatch.setenv("PATH", path)
        with pytest.raises(PlatefuseError, match="It is so"), restore_if_failed():
            raise PlatefuseError("It is so.")
