"""The documentation: every command and script in it runs, word by word, in a copy of the project; every link resolves.

A page's blocks run in their order, in a copy of their own with small parameters that has run once. As in a fresh clone,
the last commit is a run on another machine, and pipelines/plates never ran. Copies share DVC's cache with those of
tests/pipeline/test_pipeline.py.
"""

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from platefuse.cli.main import main
from tests.helpers.imports import ROOT
from tests.helpers.pipeline import FirstRun, Pipeline, from_run_cache, ran

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/*.md", "pipelines/*/README.md", "released/*.md")
    for path in sorted(ROOT.glob(pattern))
}

# Commands that no page's copy can run, and what runs them instead.
ELSEWHERE = {
    r"make ": ".ci/run makes lint, test and repro; tests/pipeline/test_setup.py checks that each target exists",
    r"pip install ": "needs a package index; the test of extras below checks what is asked for",
    r"source ": "the tests are in that environment",
    r"MNIST_DIR=": "needs the 70,000 digits; tests/synthesis/test_mnist.py reads a folder of them in miniature",
    r"dvc pull -r released released/": "tests/pipeline/test_release.py pulls a model in a clone and reads with it",
    r"platefuse read .* --model plates$": "the copy has no such model; tests/pipeline/test_wheel.py reads with it",
    r"platefuse read .* --model photographs": "the copy has no such model; tests/cli reads with a small one",
    r"platefuse score .* --model photographs": "the copy has no such model; tests/cli scores with a small one",
    r"platefuse read .* --alternatives": "its model is fused elsewhere; tests/cli/test_read_alternatives.py reads",
    r"platefuse fuse released/plates ": "the copy's models know digits only; tests/pipeline/test_release.py fuses so",
    r"platefuse score .* --networks ": "the copy's models know digits only; tests/cli scores with formats",
    r"(PLATEFUSE_TOKEN=.* )?platefuse serve": "serves until it is stopped; tests/serving/test_server.py stops it",
    r"curl ": "needs a server; tests/serving/test_page.py runs each",
    r"docker ": "needs Docker and images from a registry",
    r"saved_model_cli ": "TensorFlow's own, slow to start; tests/fusion/test_saved_model.py checks the signatures",
    r"(mkdir|platefuse params --check|dvc --cd) pipelines/cyrillic": "test_recipes.py checks its parameters",
    r"cp pipelines/plates/.* pipelines/cyrillic/": "as the line above",
    r"platefuse read .* --model pipelines/cyrillic": "the copy has no such model; tests/cli reads with a small one",
    r"dvc --cd pipelines/article ": "45 minutes; tests/pipeline/test_dag.py checks that its stages are the root's",
    r"TF_NUM_INTRAOP_THREADS=": "trains all again; tests/pipeline/test_pipeline.py has runs without DVC's run cache",
    r"dvc exp run .*synth\.seed": "trains all again; tests/pipeline/test_pipeline.py changes a parameter of each stage",
}


def blocks(page: str) -> list[tuple[str, str]]:
    """A page's blocks of code in order: language and text, less the indentation of a list that it is in."""
    found = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", PAGES[page], re.DOTALL | re.MULTILINE)
    return [(language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)) for indent, language, text in found]


def commands(block: str) -> list[str]:
    lines = block.splitlines()
    assert all(line.startswith("$ ") for line in lines), lines
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in lines]


def commands_of(page: str) -> list[str]:
    return [command for language, text in blocks(page) if language == "console" for command in commands(text)]


def runs_elsewhere(command: str) -> bool:
    return any(re.match(pattern, command) for pattern in ELSEWHERE)


def runs_here(page: str) -> bool:
    scripts = any(language == "python" for language, _ in blocks(page))
    return scripts or not all(map(runs_elsewhere, commands_of(page)))


@pytest.fixture
def project(first_run: FirstRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A clone after its first run, with what a page's reader has besides: a released model, and photographs."""
    copy = first_run.pipeline.copy(tmp_path / "project")
    models = copy.folder / "models"
    shutil.copytree(models / "fused", copy.folder / "released" / "plates")
    shutil.copytree(copy.folder / "data" / "plates" / "test", copy.folder / "photographs")
    with (copy.folder / ".git" / "info" / "exclude").open("a") as excluded:
        excluded.write("/released/\n/photographs/\n/plate.jpg\n")
    shutil.copy(ROOT / "examples" / "plate.jpg", copy.folder)
    for name in subprocess.check_output(["git", "ls-files", "pipelines/plates"], cwd=ROOT, text=True).splitlines():
        (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy.folder / name)
    commit_another_machines_run(copy)
    monkeypatch.chdir(copy.folder)
    return copy


def commit_another_machines_run(project: Pipeline) -> None:
    """Commit the run as one whose trained outputs have other bytes, which are nowhere; the workspace stays."""
    lock, metrics = (project.folder / name for name in ("dvc.lock", "metrics/classifier.json"))
    mine = {path: path.read_bytes() for path in (lock, metrics)}
    content = yaml.safe_load(mine[lock])
    for stage in content["stages"].values():
        for entry in [*stage["deps"], *stage["outs"]]:
            if entry["path"].startswith(("models/", "metrics/")):
                md5, dot, folder = entry["md5"].partition(".")
                entry["md5"] = md5[::-1] + dot + folder
    lock.write_text(yaml.safe_dump(content, sort_keys=False))
    numbers = json.loads(mine[metrics])
    metrics.write_text(json.dumps(numbers | {"test_accuracy": numbers["test_accuracy"] + 0.001}))
    project.commit("A run on another machine")
    for path, own in mine.items():
        path.write_bytes(own)


@pytest.mark.parametrize("page", list(filter(runs_here, PAGES)))
def test_every_block_of_a_page_runs_in_the_order_given(page: str, project: Pipeline) -> None:
    for language, text in blocks(page):
        if language == "python":
            assert run_script(text), "it prints what it read"
        for command in commands(text) if language == "console" else []:
            if not runs_elsewhere(command):
                if command in BEFORE:
                    BEFORE[command](project)
                check(project, command, run(project, command))


def run_script(text: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(text, "page", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def run(project: Pipeline, command: str) -> str:
    """Run a command, `platefuse` in this process: starting TensorFlow takes longer than most of what it does."""
    words = shlex.split(command)
    if words[0] != "platefuse":
        ended = project.run(*words)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        status = main(words[1:])
    assert status == 0, f"{command}\n{printed.getvalue()}"
    return printed.getvalue()


def check(project: Pipeline, command: str, output: str) -> None:
    """Compare what a command did with what the pages say of it."""
    if command.startswith("dvc "):
        assert not re.search("ERROR|WARNING|[Ff]ailed", output), f"{command}\n{output}"
    if command.startswith("dvc exp run ") and "--queue" not in command and "--run-all" not in command:
        changed = {project.stage_of(section) for section in re.findall(r"-S (\w+)\.", command)}
        assert {*ran(output), *from_run_cache(output)} == set().union(*map(project.followers, changed))
    elif command == "dvc params diff":
        assert "params.yaml" in output
    elif command == "dvc metrics diff":
        assert "metrics/classifier.json" not in output, "no page changes its stage before this command"
    elif command == "dvc checkout dvc.yaml":
        with project.repo() as repo:
            assert not repo.status(["dvc.yaml"])
    elif command == "dvc exp show --only-changed":
        assert "shorter" in output
    elif command == "git merge shorter-branch":
        assert project.value("detector.epochs") == 10
    elif command == "dvc exp run --run-all":
        assert ran(output) or from_run_cache(output)
    elif command == "dvc repro":
        assert set(ran(output)) <= {"evaluate"}, "both sides' trainings are in the cache"
    elif command.startswith("python examples/"):
        model, image = shlex.split(command)[2:]
        _, text, confidence = run(project, f"platefuse read {image} --model {model}").split("\t")
        assert output.split()[0] == text != ""
        assert float(output.split()[1]) == pytest.approx(float(confidence), abs=1e-4)
    elif command == "git commit --no-edit":
        assert "up to date" in project.dvc("repro")
        assert project.git("status", "--short") == ""


FIRST_COMMIT = 'git commit -m "This machine\'s run" dvc.lock metrics'


def expect_its_proposal(project: Pipeline) -> None:
    """Compare the first commit's command with what `make repro` ends with."""
    assert FIRST_COMMIT in project.run("python", "tools/compare_run.py", ".").stdout


def make_a_conflict(project: Pipeline) -> None:
    """Merge the run of another machine, which changed a parameter, as one's own branch did."""
    project.restore()
    ours = project.git("branch", "--show-current").strip()
    project.git("branch", "other")
    for branch, parameter, value in (("other", "evaluate.pictured", 3), (ours, "fuse.score_threshold", 0.95)):
        project.git("checkout", "-q", branch)
        project.restore()
        project.change(parameter, value)
        project.dvc("repro")
        if branch == "other":
            commit_another_machines_run(project)
            project.git("checkout", "-q", ".")
        else:
            project.commit(f"Change {parameter}")
    merge = project.run("git", "merge", "other")
    assert merge.returncode != 0
    assert "dvc.lock" in project.git("diff", "--name-only", "--diff-filter=U")


def follow_the_recipe_of_own_plates(project: Pipeline) -> None:
    """Edit dvc.yaml and params.yaml as the page says.

    So few images need larger shares. Of the stages `synth` alone is left, which reads the folder: trainings take long.
    """
    edits = [yaml.safe_load(text.replace("…", "")) for language, text in blocks(OWN_PLATES) if language != "console"]
    [stage], [params] = ([edit for edit in edits if key in edit] for key in ("deps", "synth"))
    (project.folder / "params.yaml").write_text(
        yaml.safe_dump(yaml.safe_load(project.params.read_text()) | params, sort_keys=False)
    )
    project.change("synth.val_share", 0.34)
    project.change("synth.test_share", 0.34)
    content = yaml.safe_load((project.folder / "dvc.yaml").read_text())
    synth = content["stages"]["synth"]
    synth["deps"] = stage["deps"] + synth["deps"]
    synth["params"] = stage["params"]
    (project.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"synth": synth}}, sort_keys=False))


OWN_PLATES = "docs/your-own-plates.md"
BEFORE = {
    FIRST_COMMIT: expect_its_proposal,
    "git checkout --ours dvc.lock metrics": make_a_conflict,
    "dvc exp run --queue -S detector.seed=2": follow_the_recipe_of_own_plates,
}


# --- commands that run elsewhere, and those in the text


def test_what_runs_commands_elsewhere_exists() -> None:
    everywhere = [command for page in PAGES for command in commands_of(page)]
    for pattern, reason in ELSEWHERE.items():
        assert any(re.match(pattern, command) for command in everywhere), f"no page has {pattern!r} any more"
        for path in re.findall(r"(?:tests|\.ci)/[\w./]*\w", reason):
            assert (ROOT / path).exists(), reason


TAKES_IN_EVERY_PIPELINE = r"dvc (dag|checkout|pull|plots show|plots diff|metrics show|exp apply \S+)$"


@pytest.mark.parametrize("page", PAGES)
def test_no_command_takes_in_pipelines_that_never_ran(page: str) -> None:
    assert not [command for command in commands_of(page) if re.match(TAKES_IN_EVERY_PIPELINE, command)]


def test_every_extra_that_is_to_be_installed_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    lists = [found for text in PAGES.values() for found in re.findall(r"(?:platefuse|\.whl)\[([\w,]+)\]", text)]
    asked = {extra for found in lists for extra in found.split(",")}
    assert {"onnx", "export"} <= asked <= extras.keys()


def options_in_text() -> Iterator[tuple[str, str]]:
    """Subcommand and option of each `platefuse …` on a page."""
    for page, text in PAGES.items():
        if page != "CHANGELOG.md":  # which names what is gone
            prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
            for words in [*re.findall(r"`(platefuse [^`]+)`", prose), *commands_of(page)]:
                named = re.match(r"platefuse ([a-z]+)", words)
                for option in re.findall(r" (--[a-z][a-z-]*)", words) if named else []:
                    yield named[1], option


@pytest.mark.parametrize(("command", "option"), sorted(set(options_in_text())))
def test_every_option_is_one_that_the_command_explains(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", capsys.readouterr().out)


# --- pages


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 160


def test_the_index_lists_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", PAGES["docs/README.md"]))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    prose = re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", prose):
        if not link.startswith("http"):
            name, _, anchor = link.partition("#")
            target = (ROOT / page).parent / name if name else ROOT / page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link
