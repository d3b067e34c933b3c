"""Release both pipelines' fused models: copy them to released/, pin them with DVC, push them to released/store.

The store is a DVC remote inside the repository, so that any clone pulls a model without a network. Beside each model
lie the two networks that it was made of, for `platefuse fuse`, and release.json: its pipeline, the commit of that
pipeline's run, and the run's metrics. To be started in the project's root; commit released/ afterwards.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo

from platefuse.core.errors import PlatefuseError
from platefuse.fusion.trained import CLASSIFIER, DETECTOR, FUSED
from platefuse.runner.atomic import atomic_write, write_json

RELEASED = Path("released")
PIPELINES = {"digits": Path(), "plates": Path("pipelines/plates")}
MADE_BY = {"digits": "make repro", "plates": "make plates"}


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def check_committed() -> None:
    """Raise PlatefuseError if a tracked file is not as HEAD has it; released/ itself may differ."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RELEASED}").splitlines()
    if changed:
        raise PlatefuseError(
            f"{changed[0][3:]} is not as committed, and a release names the commit it comes from: commit first."
        )


def check_up_to_date(repo: Repo, name: str) -> None:
    """Raise PlatefuseError if a stage of the pipeline would run again, or its outputs are not there."""
    stale = repo.status(targets=[str(PIPELINES[name] / "dvc.yaml")])
    if stale:
        stages = ", ".join(stage.rpartition(":")[2] for stage in stale)
        raise PlatefuseError(f"{name}: out of date: {stages}. Run `{MADE_BY[name]}`, commit, and release then.")


def metadata(name: str) -> dict[str, Any]:
    """What release.json holds; the commit is the last one that changed dvc.lock or a metric of the pipeline."""
    pipeline = PIPELINES[name]
    commit = git("log", "-1", "--format=%H", "--", str(pipeline / "dvc.lock"), str(pipeline / "metrics")).strip()
    metrics = sorted((pipeline / "metrics").glob("*.json"))
    return {
        "pipeline": str(pipeline),
        "commit": commit,
        "metrics": {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in metrics},
    }


def release(repo: Repo) -> None:
    """Release all pipelines' models, or none of them.

    Raises:
        PlatefuseError: if a tracked file is not committed, or a pipeline not up to date.
    """
    check_committed()
    for name in PIPELINES:
        check_up_to_date(repo, name)
    for name, pipeline in PIPELINES.items():
        with atomic_write(RELEASED / name) as draft:
            shutil.copytree(pipeline / "models" / FUSED, draft)
            for network in (DETECTOR, CLASSIFIER):
                shutil.copy(pipeline / "models" / network, draft)
            write_json(draft / "release.json", metadata(name))
    targets = [str(RELEASED / name) for name in PIPELINES]
    repo.scm_context.quiet = True  # it would advise to commit the .dvc files without the store
    repo.add(targets)
    repo.push(targets)


def main() -> int:
    try:
        with Repo() as repo:
            release(repo)
    except (PlatefuseError, DvcException) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print("Released: " + ", ".join(str(RELEASED / name) for name in PIPELINES))
    print("To ship:  git add released && git commit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
