"""Two kills of `make soak`, of a stage and of dvc in a training, and how it plans them."""

import signal
from collections import Counter

import pytest

from tests.helpers.pipeline import FirstRun, Pipeline
from tests.soak import STAGES, Kill, plan, strike

KILLS = [
    Kill("synth", "stage", signal.SIGKILL, 1.0),
    Kill("train_classifier", "dvc", signal.SIGKILL, 5.0),
]


@pytest.fixture(scope="module")
def pipeline(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The pipeline after its first run, with a cache of its own, from which things are taken away."""
    copy = first_run.pipeline.copy(tmp_path_factory.mktemp("soak") / "project", warm=False)
    copy.dvc("config", "--local", "--unset", "cache.dir")
    copy.dvc("commit", "--force")
    return copy


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: f"{kill.victim} in {kill.stage}")
def test_what_was_killed_is_run_again_to_the_same_bytes(pipeline: Pipeline, kill: Kill) -> None:
    assert strike(pipeline, kill).different == []


def test_an_output_with_other_bytes_is_found(pipeline: Pipeline) -> None:
    changed = "data/plates/test/truth.csv"
    with (pipeline.folder / changed).open("a") as stream:
        stream.write("1.png,1\n")
    assert strike(pipeline, Kill("synth", "stage", signal.SIGTERM, 0.0)).different == [changed]


def test_half_of_the_kills_are_of_dvc_and_all_are_spread_over_the_stages() -> None:
    seconds = dict(zip(STAGES, (2.0, 14.0, 10.0, 8.0, 4.0), strict=True))
    kills = plan(50, seconds, seed=1)
    assert plan(50, seconds, seed=1) == kills != plan(50, seconds, seed=2)
    assert Counter(kill.victim for kill in kills) == {"stage": 25, "dvc": 25}
    assert {(kill.victim, kill.signal) for kill in kills} == {
        (victim, number) for victim in ("stage", "dvc") for number in (signal.SIGKILL, signal.SIGTERM)
    }
    assert all(0 <= kill.after < seconds[kill.stage] for kill in kills)
    counts = Counter(kill.stage for kill in kills)
    for stage, length in seconds.items():
        assert abs(counts[stage] - 50 * length / sum(seconds.values())) <= 2
