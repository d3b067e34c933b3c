"""The README's promise about outside files: our code hands them to nothing that would run them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from platefuse.core.errors import PlatefuseError
from platefuse.core.params_yaml import _ParameterLoader
from platefuse.data.plate_set import read_plate_set
from tests.helpers.imports import ROOT

SOURCES = sorted(
    path
    for folder in ("platefuse", "stages", "tools", "benchmarks", "tests/fuzz")
    for path in (ROOT / folder).rglob("*.py")
)
RUNS_WHAT_IT_READS = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}
# Full names of calls that run, or may run, what they are given; and those that unpack by names out of an archive.
FORBIDDEN = {
    *("eval", "exec", "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "shutil.unpack_archive"),
}
UNPACKS = {"extract", "extractall"}
SAFE_ALL_THE_SAME = {
    ("platefuse/synthesis/licence/dataset.py", "calls Image.open without formats"),  # of bytes that it has just made
    ("platefuse/networks/common/h5.py", "calls keras.models.load_model"),  # after it has checked what the file asks for
}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a file and what is called, as it is written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def argument(call: ast.Call, name: str) -> object:
    """The constant that a call gives to the argument of that name."""
    return next((ast.literal_eval(given.value) for given in call.keywords if given.arg == name), None)


def issues(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"imports {name}" for name in names if name.split(".")[0] in RUNS_WHAT_IT_READS]
    for name, call in calls(path):
        last = name.split(".")[-1]
        found += [f"calls {name}"] if name in FORBIDDEN or ("." in name and last in UNPACKS) else []
        if name in ("np.load", "numpy.load") and argument(call, "allow_pickle") is not False:
            found.append("calls np.load without allow_pickle=False")
        if any(given.arg == "shell" for given in call.keywords):
            found.append(f"{name} with shell")
        if last == "load_model":  # runs what a network's file brings
            found.append(f"calls {name}")
        if name == "Image.open" and not any(given.arg == "formats" for given in call.keywords):
            found.append("calls Image.open without formats")  # for some of them Pillow starts other programs
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_runs_what_it_reads(path: Path) -> None:
    safe = {issue for file, issue in SAFE_ALL_THE_SAME if ROOT / file == path}
    assert set(issues(path)) == safe


def test_the_loader_of_parameters_makes_nothing_but_data() -> None:
    assert issubclass(_ParameterLoader, yaml.SafeLoader)
    assert _ParameterLoader.yaml_constructors == yaml.SafeLoader.yaml_constructors
    assert not _ParameterLoader.yaml_multi_constructors


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from marshal import loads",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, Loader)",
        "subprocess.run(command, shell=True)",
        "zipfile.ZipFile(path).extractall(folder)",
        "keras.models.load_model(path)",
        "Image.open(path)",
        "eval(text)",
    ],
)
def test_a_module_that_does_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(line)
    assert len(issues(tmp_path / "module.py")) == 1


def test_what_is_downloaded_has_a_checksum() -> None:
    asks = re.compile(r"urlopen|urlretrieve|requests\.|http\.client\.HTTP|pooch\.")
    asking = [path for path in SOURCES if asks.search(path.read_text())]
    assert [path.relative_to(ROOT).as_posix() for path in asking] == [
        "platefuse/synthesis/mnist.py"  # tests/synthesis/test_mnist.py: an altered download is refused and not kept
    ]


@pytest.mark.parametrize("name", ["../x.png", "/tmp/x.png", "images/../../x.png", ".."])
@pytest.mark.parametrize("file", ["annotations.csv", "truth.csv"])
def test_no_row_leads_out_of_its_folder(tmp_path: Path, file: str, name: str) -> None:
    for other, content in {
        "annotations.csv": "{},,,,,\n",
        "truth.csv": "image,text\n{},\n",
        "classes.csv": "1,0\n",
    }.items():
        (tmp_path / other).write_text(content.format(name if other == file else "a.png"))
    with pytest.raises(PlatefuseError, match="is not the path of an image inside"):
        read_plate_set(tmp_path)
