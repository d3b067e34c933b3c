"""Where a training may go on from, and where not; that it ends with the same bytes is tested beside each training."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from platefuse.networks.common import resume
from platefuse.networks.common.keras2 import Dropout, keras, make_deterministic, tf
from tests.helpers.small_models import CLASSIFIER
from tests.helpers.stopping import StoppedError, stopping_at

DATA = [np.arange(6, dtype=np.uint8).reshape(2, 3), "ab"]


def fit(folder, epochs=3) -> tuple[list[np.ndarray], dict[str, list[float]], list[int]]:
    """Train a model; give its weights, the history, and after how many epochs it took the batches up."""
    make_deterministic(1)
    image = keras.Input((4,))
    features = keras.layers.BatchNormalization()(keras.layers.Dense(5)(image))
    model = keras.Model(image, keras.layers.Dense(2)(Dropout(0.3, 1)(features)))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    rng = np.random.default_rng(0)
    rows = tf.data.Dataset.from_tensor_slices((rng.normal(size=(9, 4)), rng.normal(size=(9, 2)))).batch(4)
    taken_up: list[int] = []

    def batches(done: int) -> tf.data.Dataset:
        taken_up.append(done)
        return rows

    history = resume.fit(model, batches, epochs, folder)
    return model.get_weights(), history, taken_up


def equal(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a training that was not stopped, and what `fit` gave."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, fit(folder)


@pytest.fixture
def checkpoint(trained, tmp_path) -> Path:
    """A copy of the only file that this training has kept."""
    (file,) = trained[0].iterdir()
    return Path(shutil.copy(file, tmp_path))


def test_a_stopped_training_is_taken_up_after_its_last_finished_epoch(trained, tmp_path, capsys):
    whole = trained[1]
    assert (whole[2], len(whole[1]["loss"])) == ([0], 3)
    for mark in ("epoch 1 of 3", "epoch 2 of 3"):
        with pytest.raises(StoppedError), stopping_at(mark):
            fit(tmp_path / "stopped")
    weights, history, taken_up = fit(tmp_path / "stopped")
    assert taken_up == [2]
    assert "Resuming after epoch 2 of 3." in capsys.readouterr().err
    assert equal(weights, whole[0])
    assert history == whole[1]


@pytest.mark.parametrize("damage", ["cut", "no archive", "empty", "of another model"])
def test_a_damaged_checkpoint_is_let_be_and_said_so(trained, checkpoint, capsys, damage):
    whole, file, content = trained[1], checkpoint, checkpoint.read_bytes()
    if damage == "of another model":
        with np.load(file) as arrays:
            np.savez(file.with_name("other.npz"), **{name: arrays[name][None] for name in arrays.files})
        file.with_name("other.npz").replace(file)
    else:
        file.write_bytes({"cut": content[:-40], "no archive": b"numbers", "empty": b""}[damage])
    weights, history, taken_up = fit(file.parent)
    assert f"{file} cannot be used (" in capsys.readouterr().err
    assert taken_up == [0]
    assert equal(weights, whole[0]) and history == whole[1]


def test_no_object_is_ever_unpickled_from_a_checkpoint(trained, checkpoint, capsys):
    np.savez(checkpoint, **{"variable/0": np.array([print], dtype=object)})
    assert equal(fit(checkpoint.parent)[0], trained[1][0])
    assert "allow_pickle=False" in capsys.readouterr().err


def folder_of(tmp_path, **changes) -> str:
    values = {"params": CLASSIFIER, "data": DATA} | changes
    return resume.run_folder(tmp_path, values["params"], values["data"]).name


@pytest.mark.parametrize(
    "changes",
    [
        {"params": CLASSIFIER.model_copy(update={"epochs": 2})},
        {"data": [DATA[0].copy() + 1, "ab"]},
        {"data": [DATA[0].reshape(3, 2), "ab"]},
        {"data": [DATA[0].view(np.int8), "ab"]},
        {"data": [DATA[0], "ba"]},
        {"data": ["ab", DATA[0]]},
    ],
    ids=str,
)
def test_other_parameters_and_other_data_have_another_folder(tmp_path, changes):
    assert folder_of(tmp_path, **changes) != folder_of(tmp_path) == folder_of(tmp_path)


@pytest.mark.parametrize("name", ["TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS"])
def test_other_threads_and_kernels_have_another_folder(tmp_path, monkeypatch, name):
    before = folder_of(tmp_path)
    monkeypatch.setenv(name, "7")
    assert folder_of(tmp_path) != before


def test_another_version_of_what_is_loaded_has_another_folder(tmp_path, monkeypatch):
    before = folder_of(tmp_path)
    monkeypatch.setattr(np, "__version__", "1.0")
    assert folder_of(tmp_path) != before


def test_every_module_that_is_loaded_counts():
    names = {path.name for path in resume._sources()}
    assert {"resume.py", "keras2.py", "atomic.py", "params.py"} <= names
