"""Wrong parameters under plain `dvc repro`: what git tracks is there, and the corrected run restores the rest."""

from pathlib import Path

from tests.helpers.pipeline import DVC, FirstRun, from_run_cache, ran


def test_a_refused_parameter_loses_nothing_that_git_tracks(first_run: FirstRun, tmp_path: Path) -> None:
    pipeline = first_run.pipeline.copy(tmp_path / "project")
    (pipeline.folder / "LICENSE").unlink()  # by the user, who may have reasons
    right = pipeline.params.read_text(encoding="utf-8")
    pipeline.params.write_text(right.replace("\n  steps: 2\n", "\n  stesp: 2\n"), encoding="utf-8")

    refused = pipeline.run(DVC, "repro")
    said = "detector.stesp = 2: there is no parameter of that name (did you mean steps?)."
    assert refused.returncode != 0 and said in refused.stdout + refused.stderr
    assert pipeline.git("status", "--short").splitlines() == [" D LICENSE", " M params.yaml"]

    pipeline.params.write_text(right, encoding="utf-8")
    output = pipeline.dvc("repro")
    assert (ran(output), from_run_cache(output)) == ([], ["train_detector"])
    assert pipeline.git("status", "--short").splitlines() == [" D LICENSE"]
