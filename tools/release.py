"""Release fused models: pin them in released/, keep them in its store.

The store is a DVC remote inside the repository, so that any clone pulls a model without a network. Beside each model
lie its networks, for `platefuse fuse` and `platefuse score`, and release.json: its pipeline, the commit of that
pipeline's run, the run's metrics and the licence. A release needs the models of its own pipeline and no data set. Run
it in the project's root, and commit released/ afterwards.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.photographs.trained import PLATE_DETECTOR
from platefuse.fusion.trained import CLASSIFIER, DETECTOR, FUSED
from platefuse.runner.atomic import atomic_write, write_json

RELEASED = Path("released")
REMOTE = "released"  # of .dvc/config
OBJECTS = RELEASED / "store" / "files" / "md5"
PIPELINES = {"digits": Path(), "plates": Path("pipelines/plates"), "photographs": Path("pipelines/photographs")}
MADE_BY = {"digits": "make repro", "plates": "make plates", "photographs": "make photographs"}
LICENCE = "Apache-2.0"


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def check_committed() -> None:
    """Check that every tracked file is as in HEAD, except released/.

    Raises:
        PlatefuseError: if a tracked file differs.
    """
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RELEASED}").splitlines()
    if changed:
        raise PlatefuseError(
            f"{changed[0][3:]} is not as committed, and a release names the commit it comes from: commit first."
        )


def check_fused(repo: Repo, name: str) -> None:
    """Raise PlatefuseError unless dvc.lock describes the fused model that is there.

    The stages before `fuse` are not asked: they need data sets, and dvc.lock has the networks' checksums.
    """
    remedy = f"Run `{MADE_BY[name]}`, commit, and release then."
    [stage] = repo.stage.collect(f"{PIPELINES[name] / 'dvc.yaml'}:fuse")
    changed = {}
    for entry in (*stage.deps, *stage.outs):  # their files alone: `dvc status` wants outputs in the cache, too
        changed |= entry.workspace_status()
    if changed or stage.changed_stage():
        files = ", ".join(f"{path} ({_in_words(state)})" for path, state in changed.items())
        raise PlatefuseError(f"{name}: fuse is not as in dvc.lock: {files or 'its command'}. {remedy}")
    for path in disagreeing(PIPELINES[name] / "dvc.lock"):
        raise PlatefuseError(f"{name}: two stages of dvc.lock have different checksums for {path}. {remedy}")


def _in_words(state: str | dict[str, str]) -> str:
    """DVC's word for a changed file, or for changed parameter sections."""
    return state if isinstance(state, str) else ", ".join(f"{section} {word}" for section, word in state.items())


def disagreeing(lock: Path) -> list[str]:
    """Name the models for which stages of dvc.lock have different checksums."""
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"].values()
    made = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", [])}
    deps = [dep for stage in stages for dep in stage.get("deps", []) if dep["path"].startswith("models/")]
    return [dep["path"] for dep in deps if made.get(dep["path"]) != dep["md5"]]


def metadata(name: str) -> dict[str, Any]:
    """Give the content of release.json.

    Its commit is the last that changed the pipeline's dvc.lock or a metric.
    """
    pipeline = PIPELINES[name]
    commit = git("log", "-1", "--format=%H", "--", str(pipeline / "dvc.lock"), str(pipeline / "metrics")).strip()
    metrics = sorted((pipeline / "metrics").glob("*.json"))
    return {
        "pipeline": str(pipeline),
        "commit": commit,
        "licence": LICENCE,
        "metrics": {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in metrics},
    }


def networks_of(name: str) -> list[Path]:
    """List the files of a model's networks.

    Those of a model for photographs come from two pipelines.
    """
    own = PIPELINES[name] / "models"
    if name == "photographs":
        return [own / PLATE_DETECTOR, *(RELEASED / "plates" / network for network in (DETECTOR, CLASSIFIER))]
    return [own / DETECTOR, own / CLASSIFIER]


def release(repo: Repo, names: Sequence[str]) -> None:
    """Release the models of these pipelines, or none of them.

    Raises:
        PlatefuseError: if a tracked file is not committed, or a model is not the one of dvc.lock.
    """
    check_committed()
    for name in names:
        check_fused(repo, name)
    for name in names:
        with atomic_write(RELEASED / name) as draft:
            shutil.copytree(PIPELINES[name] / "models" / FUSED, draft)
            for network in networks_of(name):
                shutil.copy(network, draft)
            write_json(draft / "release.json", metadata(name))
    targets = [str(RELEASED / name) for name in names]
    repo.scm_context.quiet = True  # it would advise to commit the .dvc files without the store
    for stage in repo.add(targets):
        for output in stage.outs:
            # Not the default remote: `dvc push` would copy anyone's own images into the store, which git tracks.
            output.remote = REMOTE
        stage.dump()
    repo.push(targets)
    prune()


def prune() -> None:
    """Remove the objects from the store that no released/*.dvc pins.

    An older commit has a store of its own.

    Raises:
        PlatefuseError: if the list of a pinned folder's files is missing, before anything is removed.
    """
    kept = set(pinned(sorted(RELEASED.glob("*.dvc"))))
    for path in sorted(OBJECTS.glob("*/*")):
        if path not in kept:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def pinned(pins: Iterable[Path]) -> Iterable[Path]:
    """Yield the stored objects that .dvc files pin.

    They are each folder's list and its files.
    """
    for pin in pins:
        for out in yaml.safe_load(pin.read_text(encoding="utf-8"))["outs"]:
            folder = _object(out["md5"])
            if not folder.is_file():
                raise PlatefuseError(f"{folder} is missing, which {pin} pins: `git checkout {RELEASED}` has it.")
            yield folder
            yield from (_object(entry["md5"]) for entry in json.loads(folder.read_text(encoding="utf-8")))


def _object(md5: str) -> Path:
    return OBJECTS / md5[:2] / md5[2:]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PIPELINES)} (default: all)")
    names = list(dict.fromkeys(parser.parse_args(arguments).names)) or list(PIPELINES)
    if unknown := [name for name in names if name not in PIPELINES]:
        parser.error(f"NAME {unknown[0]}: expected one of {', '.join(PIPELINES)}")
    try:
        with Repo() as repo:
            release(repo, names)
    except (PlatefuseError, DvcException) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print("Released: " + ", ".join(str(RELEASED / name) for name in names))
    print("To ship:  git add released && git commit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
