"""The set-up: a clone's bytes, the Makefile, the locks, CI's script and workflow."""

import hashlib
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

from platefuse.cli.main import _parser as main_parser
from platefuse.cli.score_reading import parse_formats

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# A make that these tests start is not part of a make that started them, nor is git that of the user.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GIT_"))}
ENVIRONMENT |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com")


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


def committed(folder: Path) -> Path:
    """Make a folder a git repository with everything in it."""
    for command in (("init", "-q"), ("add", "--all"), (*IDENTITY, "commit", "-q", "-m", "x")):
        ended = run("git", *command, folder=folder)
        assert ended.returncode == 0, ended.stderr
    return folder


# --- a clone


@pytest.mark.parametrize("settings", [(), ("-c", "core.eol=crlf")], ids=["autocrlf", "autocrlf-and-eol"])
def test_a_clone_has_the_committed_bytes_whatever_git_makes_of_line_ends(tmp_path: Path, settings: tuple[str, ...]):
    clone = tmp_path / "clone"
    ended = run("git", "-c", "core.autocrlf=true", *settings, "clone", "-q", ROOT, clone)
    assert ended.returncode == 0, ended.stderr
    for line in run("git", "ls-files", "-s", "-z", folder=clone).stdout.rstrip("\0").split("\0"):
        (_, blob, _), name = line.split("\t")[0].split(), line.split("\t")[1]
        content = (clone / name).read_bytes()
        assert hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest() == blob, f"{name} was altered"
    assert run("sh", "tools/check_python.sh", sys.executable, folder=clone).returncode == 0
    assert os.access(clone / ".ci" / "run", os.X_OK)


def test_git_takes_no_binary_file_for_text():
    for line in run("git", "ls-files", "--eol").stdout.splitlines():
        attributes, name = line.split("\t")
        index, _, attribute = attributes.split(maxsplit=2)
        assert index != "i/-text" or attribute.strip() == "attr/-text", f".gitattributes needs a line for {name}"


# --- make


def make_targets_used() -> set[str]:
    pages = [path.read_text() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("released/*.md"))]
    shown = re.findall(r"```.*?```|`[^`\n]+`", "\n".join(pages), flags=re.DOTALL)
    scripts = [re.sub(r"#.*", "", path.read_text()) for path in (ROOT / ".ci" / "run", *WORKFLOWS)]
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join([*shown, *scripts])))


def test_every_target_in_use_is_one_that_make_help_explains():
    listed = dict(re.findall(r"^make (\S+)\s+(.+)$", run("make").stdout, flags=re.MULTILINE))
    used = make_targets_used()
    assert {"repro", "test"} <= used
    assert used <= listed.keys()


def recipe(*arguments: str) -> str:
    return run("make", "--dry-run", *arguments).stdout.replace("\\\n", "")


@pytest.mark.parametrize(
    ("target", "folder"), [("repro", "."), ("plates", "pipelines/plates"), ("photographs", "pipelines/photographs")]
)
def test_parameters_are_checked_before_a_pipeline_runs(target: str, folder: str):
    lines = recipe(target).splitlines()
    at = next(index for index, line in enumerate(lines) if f"--cd {folder} repro" in line)
    assert lines[at - 1].endswith(f"platefuse params --check {folder}/params.yaml")


@pytest.mark.parametrize(
    ("target", "told"), [("repro", "make plots"), ("plates", "make plots PIPELINE=pipelines/plates")]
)
def test_a_run_names_the_command_that_draws_its_own_plots(target: str, told: str):
    line = next(line for line in recipe(target).splitlines() if "Curves and plots" in line)
    command, page = re.fullmatch(r'.*: +(make.*) \(writes (.*)\)"', line).groups()
    folder = re.search(r"--cd (\S+) plots show dvc.yaml::$", recipe(*shlex.split(command)[1:]).rstrip()).group(1)
    assert command == told
    assert Path(folder, "dvc_plots", "index.html") == Path(page)


def test_score_real_is_a_command_that_platefuse_knows():
    """Without MODEL the pipeline's networks are scored; nothing is written but where OUT says."""
    told = {"PLATES": "some plates", "PICTURE": "misread.png"}
    networks = Path("pipelines/plates/models")
    for model, out, options in (
        ("", "", {"networks": networks, "json": None}),
        ("", "my scores.json", {"networks": networks, "json": Path("my scores.json")}),
        ("released/plates", "", {"networks": None, "json": None}),
        ("released/plates", "scores.json", {"networks": None, "json": Path("scores.json")}),
    ):
        given = [f"{name}={value}" for name, value in (told | {"MODEL": model, "OUT": out, "TRAINED": "yes"}).items()]
        words = shlex.split(recipe("score-real", *given).splitlines()[-1])
        parsed = vars(main_parser().parse_args(words[1:]))
        assert parsed["folder"] == Path("some plates") and parsed["draw"] == Path("misread.png")
        assert {name: parsed[name] for name in options} == options
        if model:
            assert str(parsed["model"]) == model
        else:
            assert parse_formats(parsed["formats"]) == {
                "eu": ("sk", "cz"),
                "br": ("br",),
                "us": ("us",),
                "us-studio": ("us",),
            }


def test_score_real_takes_the_released_networks_where_none_were_trained():
    pull, score = recipe("score-real", "PLATES=photographs", "TRAINED=").splitlines()[-2:]
    assert pull.endswith("pull -q -r released released/plates")
    assert main_parser().parse_args(shlex.split(score)[1:]).networks == Path("released/plates")


def test_score_real_reads_photographs_where_the_truth_has_boxes(tmp_path: Path):
    (tmp_path / "eu").mkdir()
    (tmp_path / "eu" / "truth.csv").write_text("image,x1,y1,x2,y2,text\n")
    pull, score = recipe("score-real", f"PLATES={tmp_path}", "TRAINED=").splitlines()[-2:]
    assert pull.endswith("pull -q -r released released/photographs")
    assert main_parser().parse_args(shlex.split(score)[1:]).networks == Path("released/photographs")
    trained = shlex.split(recipe("score-real", f"PLATES={tmp_path}", "TRAINED=yes").splitlines()[-1])
    parsed = main_parser().parse_args(trained[1:])
    assert (parsed.networks, parsed.reader) == (Path("pipelines/photographs/models"), Path("released/plates"))


def test_score_real_says_that_it_needs_plates():
    refused = run("make", "--dry-run", "score-real")
    assert refused.returncode != 0
    assert "score-real needs PLATES=FOLDER" in refused.stderr


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """A clone of the files that `make` needs to create the environment, in a folder with a hard name."""
    clone = tmp_path / "a clöne" / "it's"
    for name in ("Makefile", "dvc.yaml", "pyproject.toml", "requirements", "tools"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        clone.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, clone / name)
    return committed(clone)


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
    compiler = script(bare_clone.parents[1] / "cc", "exit 1")  # CC may have options, so its path has no spaces
    assert "finds no Python.h" in refusal(bare_clone, sys.executable, CC=str(compiler))


def test_a_folder_without_git_is_refused_before_anything_is_installed(bare_clone: Path):
    remedy = "git init -q && git add --all && git commit -q -m platefuse"
    shutil.rmtree(bare_clone / ".git")
    assert remedy in refusal(bare_clone, sys.executable)
    committed(bare_clone)
    assert run("sh", "tools/check_git.sh", folder=bare_clone).returncode == 0
    run("git", *IDENTITY, "rm", "-q", "--cached", "dvc.yaml", folder=bare_clone)
    run("git", *IDENTITY, "commit", "-q", "-m", "As in another project's repository", folder=bare_clone)
    assert remedy in refusal(bare_clone, sys.executable)


def test_a_merge_with_conflicts_is_to_be_settled_before_a_run(bare_clone: Path):
    blob = run("git", "hash-object", "-w", "dvc.yaml", folder=bare_clone).stdout.strip()
    entries = "".join(f"100644 {blob} {stage}\tdvc.lock\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], cwd=bare_clone, input=entries, text=True, check=True)
    assert "A merge has left conflicts in dvc.lock" in refusal(bare_clone, sys.executable)


def test_a_missing_git_is_named_before_anything_is_installed(bare_clone: Path):
    tools = bare_clone.parent / "bin"
    tools.mkdir()
    for name in ("sh", "make"):
        (tools / name).symlink_to(shutil.which(name) or "")
    assert "There is no git" in refusal(bare_clone, sys.executable, PATH=str(tools))


@pytest.mark.parametrize(
    ("target", "folder"), [("repro", "."), ("plates", "pipelines/plates"), ("photographs", "pipelines/photographs")]
)
def test_a_run_ends_with_its_comparison_with_the_last_commits(target: str, folder: str):
    lines = recipe(target).splitlines()
    at = next(index for index, line in enumerate(lines) if f"--cd {folder} repro" in line)
    assert any(line.endswith(f"tools/compare_run.py {folder}") for line in lines[at:])


def test_pull_asks_for_the_released_models_alone():
    [line] = [line for line in recipe("pull").splitlines() if " pull " in line]
    assert shlex.split(line)[-3:] == ["released/digits.dvc", "released/photographs.dvc", "released/plates.dvc"]


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
        for folder in (bare_clone, bare_clone / "requirements", bare_clone / "tools"):
            for path in filter(Path.is_file, folder.iterdir()):
                os.utime(path, (now - 30, now - 30))
        for stamp in (bare_clone / ".venv").glob(".*"):
            os.utime(stamp, (now - 20, now - 20))
        os.utime(bare_clone / name, (now - 10, now - 10))  # what is made of it now is newer

    assert make() == ["build", "pipeline", ".", "dev", "export"]
    for line in filter(re.compile("pip install").search, (bare_clone / "pip.log").read_text().splitlines()):
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
        "serve": pyproject["project"]["dependencies"] + extras["serve"],
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


def test_ci_ends_with_the_status_of_the_first_step_that_fails(tmp_path: Path):
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    script(tmp_path / "bin" / "make", 'echo "make $*"; if [ "$1" = test ]; then exit 3; fi')
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    result = run("bash", ".ci/run", folder=clone, PATH=path)
    assert result.returncode == 3, result.stderr
    assert "FAILED: Tests (exit status 3" in result.stdout
    assert "passed: Style" in result.stdout
    assert "make repro" not in result.stdout
