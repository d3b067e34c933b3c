"""Additions of keras2 to Keras 2."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from platefuse.networks.common.keras2 import Dropout, keras, make_deterministic
from tests.helpers.imports import ROOT


def test_keras_neither_reads_nor_writes_settings_in_the_home_folder(tmp_path):
    settings = tmp_path / "~" / ".keras" / "keras.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"floatx": "float16", "epsilon": 0.1}')
    script = "from platefuse.networks.common.keras2 import keras as k; print(k.backend.floatx(), k.backend.epsilon())"
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_HOME"}
    environment = kept | {"HOME": "~", "PYTHONPATH": str(ROOT)}  # so it is expanded where no home folder is known
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.stdout.split() == ["float32", "1e-07"], run.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [settings]


def trained(layer: keras.layers.Layer, seed: int) -> keras.Model:
    """Train a model with this dropout for two passes; the last batch is smaller."""
    image = keras.Input((6,))
    model = keras.Model(image, keras.layers.Dense(3)(layer(keras.layers.Dense(20)(image))))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    rng = np.random.default_rng(seed)
    model.fit(rng.normal(size=(21, 6)), rng.normal(size=(21, 3)), batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_dropout_is_keras_own_to_the_bit_and_its_file_too(seed, tmp_path):
    models = []
    for dropout in (Dropout, keras.layers.Dropout):
        make_deterministic(seed)
        models.append(trained(dropout(0.4, seed=seed), seed))
        models[-1].save(tmp_path / f"{len(models)}.h5", include_optimizer=False)
    for ours, theirs in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()
    with h5py.File(tmp_path / "1.h5") as file:
        assert "Dropout" in [
            layer["class_name"] for layer in json.loads(file.attrs["model_config"])["config"]["layers"]
        ]


def test_dropout_lets_all_through_when_nothing_is_trained():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(Dropout(0.5, 1)(values, training=False), values)
    assert (Dropout(0.5, 1)(values, training=True).numpy() == 0).sum() > 1
