"""Releases: what tools/release.py pins is in the store and nothing else; a clone pulls and reads it."""

import contextlib
import hashlib
import json
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dvc.config import NoRemoteError
from dvc.exceptions import CheckoutError
from dvc.repo import Repo

from platefuse.cli.main import main
from platefuse.inference.metadata import read_metadata
from platefuse.inference.reader import Reader
from tests.helpers.imports import ROOT
from tests.helpers.pipeline import Pipeline
from tests.helpers.reader import digits, save_rule_reader

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")  # of DVC's own making

FOLDERS = {"digits": ".", "plates": "pipelines/plates", "photographs": "pipelines/photographs"}
NETWORKS = {"detector.h5", "classifier.h5"}  # beside a released model; a model of photographs has one more
MODELS = ["fused", "detector.h5", "classifier.h5", "plate_detector.h5"]
METRICS = {"exact_match": 0.75, "detector": {"recall": 0.125}}


def issues(root: Path) -> list[str]:
    """Objects pinned in a project's released/*.dvc that released/store lacks or has with other content."""
    found = []
    for pin in sorted((root / "released").glob("*.dvc")):
        [out] = yaml.safe_load(pin.read_text())["outs"]
        folder = _object(root, out["md5"])
        found += _differences(folder, out["md5"].removesuffix(".dir"), pin.name)
        for entry in json.loads(folder.read_text()) if folder.is_file() else []:
            found += _differences(_object(root, entry["md5"]), entry["md5"], f"{pin.stem}/{entry['relpath']}")
    return found


def _object(root: Path, md5: str) -> Path:
    return root / "released" / "store" / "files" / "md5" / md5[:2] / md5[2:]


def _differences(file: Path, md5: str, name: str) -> list[str]:
    if not file.is_file():
        return [f"{name} is not in the store"]
    same = hashlib.md5(file.read_bytes()).hexdigest() == md5
    return [] if same else [f"{name} is another file in the store"]


def test_what_is_pinned_here_is_in_the_store():
    assert issues(ROOT) == []


def stored(root: Path) -> set[str]:
    """The checksums of all objects in a project's store."""
    objects = root / "released" / "store" / "files" / "md5"
    return {path.parent.name + path.name for path in objects.glob("*/*")}


def pinned(root: Path) -> set[str]:
    """The checksums that a project's released/*.dvc pin, those of the folders' files among them."""
    found = set()
    for pin in (root / "released").glob("*.dvc"):
        [out] = yaml.safe_load(pin.read_text())["outs"]
        found |= {out["md5"], *(entry["md5"] for entry in json.loads(_object(root, out["md5"]).read_text()))}
    return found


def test_the_networks_of_the_released_plates_make_a_reader_of_other_formats(tmp_path: Path):
    [out] = yaml.safe_load((ROOT / "released" / "plates.dvc").read_text())["outs"]
    for entry in json.loads(_object(ROOT, out["md5"]).read_text()):
        file = tmp_path / "plates" / entry["relpath"]
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_object(ROOT, entry["md5"]), file)
    assert main(["fuse", str(tmp_path / "plates"), str(tmp_path / "plates-br"), "--set", "formats=[br]"]) == 0
    before, after = (read_metadata(tmp_path / name) for name in ("plates", "plates-br"))
    assert before["formats"] == []
    since = {"deskew": False, "temperature": 1.0, "alternatives": 0}  # newer than the released models
    assert after == since | before | {"formats": ["LLL0000", "LLL0L00"]}


def test_nothing_but_releases_is_pushed_to_the_store():
    for path in [ROOT / "dvc.yaml", *ROOT.glob("pipelines/*/dvc.yaml")]:
        for stage in yaml.safe_load(path.read_text(encoding="utf-8"))["stages"].values():
            for out in stage.get("outs", []):
                assert isinstance(out, dict) and next(iter(out.values())).get("push") is False, f"{path}: {out}"


# --- a release


def stages(prefix: str) -> str:
    """A pipeline in miniature: its models are copies of what lies in the root's folder `trained`."""
    made = [f"models/{name}" for name in MODELS]
    train = {
        "cmd": f"mkdir -p models data && cp {prefix}trained/*.h5 models && touch data/plates",
        "deps": [f"{prefix}trained"],
        "outs": [{path: {"push": False}} for path in (*made[1:], "data/plates")],
    }
    fuse = {"cmd": f"cp -r {prefix}trained/fused models", "deps": made[1:], "outs": [{made[0]: {"push": False}}]}
    evaluate = {"cmd": "true", "deps": [made[0], "data/plates"]}
    return yaml.safe_dump({"stages": {"train": train, "fuse": fuse, "evaluate": evaluate}})


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A project whose pipelines have run and were released, with a model in miniature."""
    project = Pipeline.make(tmp_path_factory.mktemp("release") / "project")
    save_rule_reader(project.folder / "trained" / "fused")
    for network in MODELS[1:]:  # a release looks into none
        (project.folder / "trained" / network).write_text(f"The {network} in miniature")
    for path in FOLDERS.values():
        folder, prefix = project.folder / path, "" if path == "." else "../../"
        shutil.rmtree(folder / "metrics", ignore_errors=True)
        (folder / "metrics").mkdir(parents=True)
        (folder / "metrics" / "evaluation.json").write_text(json.dumps(METRICS))
        (folder / "dvc.yaml").write_text(stages(prefix))
        (folder / ".gitignore").write_text("/models\n/data\n")
    with pytest.MonkeyPatch.context() as patch:  # DVC is called here rather than started, which takes a second a time
        for name, value in project.environment.items():
            patch.setenv(name, value)
        patch.chdir(project.folder)
        with Repo() as repo:
            repo.reproduce(all_pipelines=True)
        project.commit("The pipelines have run")
        assert release() == 0
        project.commit("The release")
        yield project


def release(*names: str) -> int:
    """Run the project's own tools/release.py and give its exit status."""
    status: int = runpy.run_path("tools/release.py")["main"](names)
    return status


@pytest.fixture
def workspace(released: Pipeline) -> Iterator[Pipeline]:
    """The project, for tests that change it; it is brought back."""
    yield released
    released.git("checkout", "-q", "--", ".")
    released.git("clean", "-fdq")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_release_is_the_model_with_its_networks_metrics_and_commit(released: Pipeline, name: str):
    files = content(released.folder / "released" / name)
    metadata = json.loads(files.pop("release.json"))
    expected = NETWORKS | ({"plate_detector.h5"} if name == "photographs" else set())
    networks = {network: files.pop(network).decode() for network in list(files) if network.endswith(".h5")}
    assert networks == {network: f"The {network} in miniature" for network in expected}
    assert files == content(released.folder / "trained" / "fused")
    assert metadata == {
        "pipeline": FOLDERS[name],
        "commit": released.git("rev-parse", "HEAD~").strip(),
        "licence": "Apache-2.0",
        "metrics": {"evaluation": METRICS},
    }


def test_what_a_release_pins_is_in_the_store(released: Pipeline):
    assert {pin.stem for pin in (released.folder / "released").glob("*.dvc")} == set(FOLDERS)
    assert issues(released.folder) == []


def test_the_store_has_what_is_pinned_and_nothing_else(workspace: Pipeline):
    """A release of one model alone removes what an older one has left, and keeps the other model."""
    old = _object(workspace.folder, "0" * 32)
    old.parent.mkdir()
    old.write_text("Of an older release")
    assert release("plates") == 0
    assert not old.parent.exists()
    assert stored(workspace.folder) == pinned(workspace.folder) != set()
    assert issues(workspace.folder) == []


def test_a_store_that_lacks_what_is_pinned_is_not_pruned(workspace: Pipeline, capsys: pytest.CaptureFixture[str]):
    [out] = yaml.safe_load((workspace.folder / "released" / "digits.dvc").read_text())["outs"]
    _object(workspace.folder, out["md5"]).unlink()
    before = stored(workspace.folder)
    assert release("plates") == 1
    assert "which released/digits.dvc pins" in capsys.readouterr().err
    assert stored(workspace.folder) == before


def test_a_file_that_the_store_lacks_or_has_otherwise_is_found(workspace: Pipeline):
    [out] = yaml.safe_load((workspace.folder / "released" / "plates.dvc").read_text())["outs"]
    entries = json.loads(_object(workspace.folder, out["md5"]).read_text())
    objects = {entry["relpath"]: _object(workspace.folder, entry["md5"]) for entry in entries}
    objects["saved_model.pb"].unlink()
    objects["release.json"].chmod(0o644)
    objects["release.json"].write_text("{}")
    assert set(issues(workspace.folder)) >= {
        "plates/saved_model.pb is not in the store",
        "plates/release.json is another file in the store",
    }


def test_a_clone_pulls_a_release_and_reads_with_it(released: Pipeline):
    clone = released.folder.parent / "clone"
    released.git("clone", "-q", str(released.folder), str(clone))
    with contextlib.chdir(clone), Repo() as repo:
        repo.pull(["released/plates"])
    assert not (clone / "released" / "digits").exists()
    [reading] = Reader(clone / "released" / "plates").read_images([digits("173")])
    assert reading.text == "173"


def test_a_clone_pulls_every_release_but_no_output_of_a_pipeline(released: Pipeline):
    clone = released.folder.parent / "full-clone"
    released.git("clone", "-q", str(released.folder), str(clone))
    with contextlib.chdir(clone), Repo() as repo:
        repo.pull([f"released/{name}.dvc" for name in FOLDERS])  # as `make pull` does
        with pytest.raises(CheckoutError):
            repo.pull()
        repo.pull(allow_missing=True)
    assert all((clone / "released" / name).is_dir() for name in FOLDERS)
    assert not (clone / "models" / "fused").exists()


def test_a_bare_push_adds_nothing_to_a_release(released: Pipeline):
    before = content(released.folder / "released" / "store")
    with Repo() as repo:
        assert repo.push() == 0
    assert content(released.folder / "released" / "store") == before


def test_a_push_of_ones_own_images_does_not_reach_the_store(released: Pipeline):
    clone = released.folder.parent / "clone-with-images"
    released.git("clone", "-q", str(released.folder), str(clone))
    before = content(clone / "released" / "store")
    (clone / "photographs").mkdir()
    (clone / "photographs" / "private.png").write_bytes(b"private")
    with contextlib.chdir(clone), Repo() as repo:
        repo.add(["photographs"])
        with pytest.raises(NoRemoteError):
            repo.push()
    assert content(clone / "released" / "store") == before


def test_a_second_release_changes_no_byte(released: Pipeline):
    before = content(released.folder / "released")
    assert release() == 0
    assert content(released.folder / "released") == before
    assert released.git("status", "--porcelain") == ""


def refusal(project: Pipeline, capsys: pytest.CaptureFixture[str]) -> str:
    before = content(project.folder / "released")
    assert release() == 1
    assert content(project.folder / "released") == before, "refused after it had begun"
    return capsys.readouterr().err


def test_a_change_that_is_not_committed_is_refused(workspace: Pipeline, capsys: pytest.CaptureFixture[str]):
    (workspace.folder / "params.yaml").write_text("fuse: {}\n")
    assert "release: params.yaml is not as committed" in refusal(workspace, capsys)


@contextlib.contextmanager
def without(path: Path) -> Iterator[None]:
    """Set a file or folder aside that git does not see."""
    lost = path.rename(path.with_name(f"lost-{path.name}"))
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
        lost.rename(path)


def test_a_release_needs_the_models_of_its_own_pipeline_alone(released: Pipeline):
    plates, cache = released.folder / "pipelines" / "plates", released.folder / ".dvc" / "cache"
    with contextlib.ExitStack() as lost:
        for path in (*(released.folder / "models" / name for name in MODELS), plates / "data", cache):
            lost.enter_context(without(path))
        assert release("plates") == 0
    assert released.git("status", "--porcelain") == ""


@pytest.mark.parametrize("model", MODELS)
def test_a_model_that_is_missing_is_named(released: Pipeline, model: str, capsys: pytest.CaptureFixture[str]):
    with without(released.folder / "pipelines" / "plates" / "models" / model):
        message = refusal(released, capsys)
    assert f"release: plates: fuse is not as in dvc.lock: pipelines/plates/models/{model} (deleted)" in message
    assert "Run `make plates`, commit" in message


def test_a_model_that_is_not_the_locked_one_is_named(released: Pipeline, capsys: pytest.CaptureFixture[str]):
    fused = released.folder / "models" / "fused"
    with without(fused):
        save_rule_reader(fused)
        (fused / "platefuse.json").write_text("{}")
        message = refusal(released, capsys)
    assert "release: digits: fuse is not as in dvc.lock: models/fused (modified)" in message


def test_metrics_of_another_model_are_refused(workspace: Pipeline, capsys: pytest.CaptureFixture[str]):
    lock = workspace.folder / "dvc.lock"
    content = yaml.safe_load(lock.read_text())
    content["stages"]["evaluate"]["deps"][1]["md5"] = "0" * 32 + ".dir"
    lock.write_text(yaml.safe_dump(content))
    workspace.git("commit", "-qam", "Evaluated before it was fused again")
    message = refusal(workspace, capsys)
    workspace.git("reset", "-q", "--hard", "HEAD~")
    assert "release: digits: two stages of dvc.lock have different checksums for models/fused" in message


def test_an_unknown_name_is_refused(released: Pipeline, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        release("article")
    assert "NAME article: expected one of digits, plates, photographs" in capsys.readouterr().err
