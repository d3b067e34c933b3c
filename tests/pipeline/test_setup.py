"""What the set-up rests on: the Makefile, the locks, CI's script and workflow, and CI's comparison."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# A make that these tests start is not part of a make that started them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def run(*command: object, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


# --- make


def make_targets_used() -> set[str]:
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(r"```.*?```|`[^`\n]+`", readme, flags=re.DOTALL)
    scripts = [re.sub(r"#.*", "", path.read_text()) for path in (ROOT / ".ci" / "run", *WORKFLOWS)]
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join([*shown, *scripts])))


def test_every_target_in_use_is_one_that_make_help_explains():
    listed = dict(re.findall(r"^make (\S+)\s+(.+)$", run("make").stdout, flags=re.MULTILINE))
    used = make_targets_used()
    assert {"repro", "test"} <= used
    assert used <= listed.keys()


def recipe(*arguments: str) -> str:
    return run("make", "--dry-run", *arguments).stdout.replace("\\\n", "")


def test_plates_is_repro_in_another_folder():
    assert "--cd pipelines/plates repro" in recipe("plates")
    in_the_root = (
        recipe("repro")
        .replace("--cd .", "--cd pipelines/plates")
        .replace("./params.yaml", "pipelines/plates/params.yaml")
        .replace(": metrics", ": pipelines/plates/metrics")
    )
    assert recipe("plates") == in_the_root


@pytest.mark.parametrize(("target", "folder"), [("repro", "."), ("plates", "pipelines/plates")])
def test_parameters_are_checked_before_a_pipeline_runs(target: str, folder: str):
    lines = recipe(target).splitlines()
    at = next(index for index, line in enumerate(lines) if f"--cd {folder} repro" in line)
    assert lines[at - 1].endswith(f"platefuse params --check {folder}/params.yaml")


def test_fuzz_takes_minutes_and_readers():
    assert recipe("fuzz").splitlines()[-1].endswith("python -m tests.fuzz --minutes 1 ")
    told = recipe("fuzz", "MINUTES=10", "READERS=image font").splitlines()[-1]
    assert told.endswith("python -m tests.fuzz --minutes 10 image font")


def test_score_real_gets_what_make_is_told():
    command = recipe("score-real", "PLATES=some plates", "MODEL=released/plates", "PICTURE=misread.png")
    words = shlex.split(command.splitlines()[-1])
    options = ["--model", "released/plates", "--picture", "misread.png"]
    assert words[1:] == ["tools/score_real.py", *options, "some plates", "eu=sk,cz", "br=br", "us=us", "us-studio=us"]
    assert shlex.split(recipe("score-real", "FORMATS=de=de").splitlines()[-1])[-1] == "de=de"


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """What `make` needs to make the environment, and no environment."""
    clone = tmp_path / "clone"
    for name in ("Makefile", "pyproject.toml", "requirements", "tools"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        clone.mkdir(exist_ok=True)
        copy(ROOT / name, clone / name)
    return clone


def refusal(clone: Path, python: Path | str, **environment: str) -> str:
    result = run("make", "repro", f"PYTHON={python}", folder=clone, **environment)
    assert result.returncode != 0
    assert not (clone / ".venv").exists(), "refused after it had begun"
    return result.stderr


def test_another_python_is_refused_with_a_sentence(bare_clone: Path):
    old = script(bare_clone.parent / "python3", "echo 3.9")
    message = refusal(bare_clone, old)
    assert f"{old} is Python 3.9, and platefuse needs 3.11 to 3.13" in message
    assert "make repro PYTHON=python3.12" in message


def test_a_python_that_is_not_there_is_refused_with_a_sentence(bare_clone: Path):
    assert "python3.99 does not run" in refusal(bare_clone, "python3.99")


def test_a_missing_compiler_is_named_before_anything_is_installed(bare_clone: Path):
    assert "There is no C compiler (no-such-cc)" in refusal(bare_clone, sys.executable, CC="no-such-cc")


def test_missing_python_headers_are_named_before_anything_is_installed(bare_clone: Path):
    compiler = script(bare_clone.parent / "cc", "exit 1")
    assert "finds no Python.h" in refusal(bare_clone, sys.executable, CC=str(compiler))


@pytest.fixture
def python_with_a_log(bare_clone: Path) -> Path:
    """A Python whose virtual environments install nothing, and write what they were asked in pip.log."""
    pip = 'echo "$@" >> pip.log; case "$*" in *"$FAIL_ON"*) exit 1;; esac'
    script(bare_clone.parent / "pip", f': "${{FAIL_ON:=nothing}}"; {pip}')
    return script(
        bare_clone.parent / "python3",
        f'if [ "$2" != venv ]; then exec {sys.executable} "$@"; fi\n'
        "rm -rf .venv; mkdir -p .venv/bin; cp ../pip .venv/bin/python",
    )


def installed(clone: Path) -> list[str]:
    log = clone / "pip.log"
    return re.findall(r"-r requirements/(\w+)\.txt|-e (\.)", log.read_text()) if log.exists() else []


def test_only_a_changed_lock_makes_the_environment_again(bare_clone: Path, python_with_a_log: Path):
    def make() -> list[str]:
        (bare_clone / "pip.log").write_text("")
        stamps = (".venv/.package", ".venv/.dev", ".venv/.export")
        result = run("make", *stamps, f"PYTHON={python_with_a_log}", folder=bare_clone)
        assert result.returncode == 0, result.stderr
        return [first or second for first, second in installed(bare_clone)]

    def change(name: str) -> None:
        now = time.time()
        for path in (bare_clone / "pyproject.toml", *(bare_clone / "requirements").iterdir()):
            os.utime(path, (now - 30, now - 30))
        for stamp in (bare_clone / ".venv").glob(".*"):
            os.utime(stamp, (now - 20, now - 20))
        os.utime(bare_clone / name, (now - 10, now - 10))  # what is made of it now is newer

    assert make() == ["build", "pipeline", ".", "dev", "export"]
    for line in (bare_clone / "pip.log").read_text().splitlines():
        assert "--no-deps" in line and "--no-build-isolation" in line
        assert "--require-hashes" in line or "-e ." in line
    assert make() == []
    change("requirements/dev.txt")
    assert make() == ["dev"]
    change("requirements/export.txt")
    assert make() == ["export"]
    change("requirements/pipeline.txt")
    assert make() == ["build", "pipeline", ".", "dev", "export"]


def test_an_install_that_broke_off_is_begun_again(bare_clone: Path, python_with_a_log: Path):
    arguments = ("make", ".venv/.package", f"PYTHON={python_with_a_log}")
    assert run(*arguments, folder=bare_clone, FAIL_ON="pipeline.txt").returncode != 0
    assert not (bare_clone / ".venv" / ".installed").exists()
    (bare_clone / "pip.log").unlink()
    assert run(*arguments, folder=bare_clone).returncode == 0
    assert [first or second for first, second in installed(bare_clone)] == ["build", "pipeline", "."]


# --- locks


def locked(lock: Path) -> dict[str, tuple[Requirement, list[str]]]:
    """Each requirement of a lock and its hashes, by name."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock.read_text().strip()):
        requirement = Requirement(block.split("\\")[0].split("--hash")[0].strip())
        assert requirement.name not in found, f"{requirement.name} is locked twice"
        found[requirement.name] = requirement, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)
    return found


def test_there_is_a_lock_for_each_purpose():
    assert [lock.stem for lock in LOCKS] == ["audit", "bench", "build", "dev", "export", "fuzz", "pipeline"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_every_package_by_hash_and_names_no_registry(lock: Path):
    assert not re.search(r"://|^\s*-(?!-hash=)", lock.read_text(), flags=re.MULTILINE)
    for name, (requirement, hashes) in locked(lock).items():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), f"{name} is not pinned"
        assert hashes, f"{name} has no hash"


def test_the_locks_agree_with_each_other():
    pipeline = locked(ROOT / "requirements" / "pipeline.txt")
    for lock in LOCKS:
        for name, (requirement, _) in locked(lock).items():
            if name in pipeline:
                assert requirement.specifier == pipeline[name][0].specifier, f"{name} in {lock.name}"


def test_the_locks_hold_what_pyproject_asks_for():
    """Fails when pyproject.toml was changed without `make lock`."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras, groups = pyproject["project"]["optional-dependencies"], pyproject["dependency-groups"]
    wanted = {
        "pipeline": pyproject["project"]["dependencies"] + extras["tensorflow"] + extras["pipeline"],
        "build": groups["build"],
        "dev": groups["dev"],
        "audit": groups["audit"],
        "bench": groups["bench"],
        "fuzz": groups["fuzz"],
        "export": extras["export"] + extras["tensorflow"] + extras["onnx"] + extras["litert"],
    }
    for stem, requirements in wanted.items():
        lock = locked(ROOT / "requirements" / f"{stem}.txt")
        for asked in map(Requirement, requirements):
            if asked.name != "platefuse":
                (pin,) = lock[asked.name][0].specifier
                assert asked.specifier.contains(pin.version), f"{asked} in {stem}.txt"


@pytest.mark.parametrize("stem", ["pipeline", "bench"])
def test_opencv_that_needs_libgl_is_never_installed(stem: str):
    lock = locked(ROOT / "requirements" / f"{stem}.txt")
    assert "opencv-python-headless" in lock
    if "opencv-python" in lock:
        marker = lock["opencv-python"][0].marker
        assert marker is not None
        assert not any(marker.evaluate({"sys_platform": name}) for name in ("linux", "darwin", "win32"))


# --- CI


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_by_commit_and_may_only_read(workflow: Path):
    text = workflow.read_text()
    used = re.findall(r"^\s*(?:- )?uses: *(.*)$", text, flags=re.MULTILINE)
    assert used
    for line in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", line)
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def test_ci_audits_every_lock_with_a_pinned_tool_and_does_not_fail_for_it():
    (audit,) = [
        job["audit"] for job in (yaml.safe_load(path.read_text())["jobs"] for path in WORKFLOWS) if "audit" in job
    ]
    install, report = (step["run"] for step in audit["steps"] if "run" in step)
    assert install.split()[3:] == ["install", "--no-deps", "--require-hashes", "-r", "requirements/audit.txt"]
    assert "for lock in requirements/*.txt" in report
    assert re.search(r'pip-audit .*--require-hashes .*"\$lock" \|\| true', report)


def test_ci_ends_with_the_status_of_the_first_step_that_fails(tmp_path: Path):
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    script(tmp_path / "bin" / "make", 'echo "make $*"; if [ "$1" = test ]; then exit 3; fi')
    (clone / "dvc.lock").touch()
    (clone / "metrics").mkdir()
    (clone / "metrics" / "detector.json").touch()
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    assert run("git", "init", "-q", folder=clone).returncode == 0
    assert run("git", "add", ".", folder=clone).returncode == 0
    assert run("git", *identity, "commit", "-qm", "x", folder=clone).returncode == 0

    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    result = run("bash", ".ci/run", folder=clone, PATH=path)
    assert result.returncode == 3, result.stderr
    assert "FAILED: Tests (exit status 3" in result.stdout
    assert "passed: Style" in result.stdout
    assert "make repro" not in result.stdout


METRICS = {
    "detector": {"average_precision_50": 0.99, "anchor_coverage": 1.0},
    "evaluation": {"exact_match": 0.97, "detector": {"average_precision_50": 0.995}},
}


def project(folder: Path, data: str = "aa.dir", model: str = "bb", metrics: dict | None = None) -> Path:
    (folder / "metrics").mkdir(parents=True)
    outs = {"synth": ("data/plates", data), "train_detector": ("models/detector.h5", model)}
    stages = {stage: {"outs": [{"path": path, "md5": md5}]} for stage, (path, md5) in outs.items()}
    (folder / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    for name, content in (METRICS if metrics is None else metrics).items():
        (folder / "metrics" / f"{name}.json").write_text(json.dumps(content))
    return folder


def compare(committed: Path, other: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, ROOT / "tools" / "compare_run.py", committed, other)


def changed(file: str, **values: object) -> dict:
    return METRICS | {file: METRICS[file] | values}


def test_compare_accepts_other_models_and_metrics_that_moved_a_little(tmp_path: Path):
    moved = changed("evaluation", exact_match=0.955)
    result = compare(project(tmp_path / "a"), project(tmp_path / "b", model="cc", metrics=moved))
    assert result.returncode == 0, result.stderr
    assert re.search(r"evaluation\.exact_match +0\.97 +0\.955 +-0\.01500 +0\.02", result.stdout)
    assert "detector.anchor_coverage" not in result.stdout, "it did not move"


@pytest.mark.parametrize(
    ("run_is", "sentence"),
    [
        ({"data": "dd.dir"}, "data/plates is aa.dir in the committed dvc.lock, and dd.dir in the run's."),
        (
            {"metrics": changed("evaluation", exact_match=0.94)},
            "evaluation.exact_match moved by -0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", exact_match=1.0)},
            "evaluation.exact_match moved by +0.03000, and 0.02 is allowed.",
        ),
        (
            {"metrics": changed("evaluation", detector={"average_precision_50": 0.98})},
            "evaluation.detector.average_precision_50 moved by -0.01500, and 0.01 is allowed.",
        ),
        ({"metrics": changed("detector", anchor_coverage=0.999)}, "detector.anchor_coverage moved"),
        (
            {"metrics": changed("evaluation", exact_match=float("nan"))},
            "evaluation.exact_match must be a number",
        ),
        (
            {"metrics": {"detector": METRICS["detector"]}},
            "evaluation.exact_match is committed, and the run did not write it.",
        ),
        (
            {"metrics": changed("detector", extra=1)},
            "detector.extra was written by the run, and is not committed.",
        ),
    ],
)
def test_compare_says_what_differs(tmp_path: Path, run_is: dict, sentence: str):
    result = compare(project(tmp_path / "a"), project(tmp_path / "b", **run_is))
    assert result.returncode == 1
    assert sentence in result.stderr


def test_compare_with_nothing_does_not_pass(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "dvc.lock is missing" in compare(tmp_path / "empty", project(tmp_path / "a")).stderr

    bare = project(tmp_path / "bare", metrics={})
    (bare / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    result = compare(bare, bare)
    assert result.returncode == 1
    assert "no output under data/" in result.stderr
    assert "has no metrics" in result.stderr


def test_compare_explains_itself():
    assert "Tolerances, absolute" in run(sys.executable, "tools/compare_run.py", "--help").stdout
