"""Training that goes on from its last finished epoch, and ends with the bytes of one that was never stopped."""

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.core.params import Params
from platefuse.networks.common.keras2 import Dropout, keras, tf
from platefuse.runner.atomic import atomic_write, write_csv

_FILE = "last_epoch.npz"


def fit(
    model: keras.Model,
    batches: Callable[[int], tf.data.Dataset],
    epochs: int,
    checkpoint: Path,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Any,
) -> dict[str, list[float]]:
    """Train a compiled model as Keras' `fit` does, and write down after every epoch what it takes to go on from there.

    That is every variable that training changes: the weights with the statistics of batch normalisation, the
    optimiser's moments and its count of steps, where dropout's generators are; and the history so far.

    Args:
        model: compiled; its optimiser one of Keras'.
        batches: gives what to train on after so many epochs, as an uninterrupted training would get it from there on.
        epochs: how many in all.
        checkpoint: a folder for what this training alone may go on from: `run_folder`.
        callbacks, options: for Keras' `fit`.

    Returns:
        Keras' history of all epochs: quantities by name, each float a whole epoch.
    """
    file = checkpoint / _FILE
    history = _restore(file, model)
    done = len(history["loss"]) if history else 0
    if done:
        print(f"Going on after epoch {done} of {epochs}.", file=sys.stderr, flush=True)

    def keep(epoch: int, logs: dict[str, float]) -> None:
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        _save(file, model, history)

    last = keras.callbacks.LambdaCallback(on_epoch_end=keep)
    model.fit(batches(done), initial_epoch=done, epochs=epochs, callbacks=[*callbacks, last], **options)
    return history


def run_folder(folder: Path, params: Params, data: Sequence[np.ndarray | str]) -> Path:
    """Name a folder by all that a training's bytes depend on: a training of anything else never looks into it.

    Args:
        folder: the stage's checkpoints.
        params: the training's parameters.
        data: what is trained and validated on.

    Returns:
        `folder` / a hash of these, of the code that is loaded, of the packages, and of processor, threads and kernels.
    """
    digest = hashlib.sha256(params.model_dump_json().encode())
    for item in data:
        if isinstance(item, str):
            digest.update(f"{len(item)} characters {item}".encode())
        else:
            digest.update(f"{item.dtype.str} {item.shape}".encode())
            digest.update(np.ascontiguousarray(item).data)
    for source in _sources():
        digest.update(f"{source.name} {source.stat().st_size} ".encode() + source.read_bytes())
    digest.update(repr([*_packages(), *_machine()]).encode())
    return folder / digest.hexdigest()[:32]


def _sources() -> list[Path]:
    """The script and the modules of ours that are loaded."""
    ours = Path(__file__).parents[2]
    files = [Path(file) for module in [*sys.modules.values()] if (file := getattr(module, "__file__", None))]
    script = getattr(sys.modules["__main__"], "__file__", None)
    return sorted({file for file in files if file.is_relative_to(ours)} | ({Path(script)} if script else set()))


def _packages() -> list[str]:
    """Versions of what is loaded: another package that is installed meanwhile must not cost hours."""
    loaded = [(name, getattr(module, "__dict__", {})) for name, module in [*sys.modules.items()] if "." not in name]
    return [
        sys.version,
        *sorted(f"{name} {content['__version__']}" for name, content in loaded if "__version__" in content),
    ]


def _machine() -> list[str]:
    """What the order of additions depends on: the processor, how many cores there are, and TensorFlow's settings."""
    settings = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("TF_", "OMP_"))]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    return sorted({*settings, f"{cores} cores", *(line for line in lines if line.startswith(("model name", "flags")))})


def _variables(model: keras.Model) -> list[tf.Variable]:
    model.optimizer.build(model.trainable_variables)  # does nothing if it is
    dropouts = [layer.generator.state for layer in model.layers if isinstance(layer, Dropout)]
    return [*model.weights, *model.optimizer.variables, *dropouts]


def _save(file: Path, model: keras.Model, history: dict[str, list[float]]) -> None:
    arrays = {f"variable/{index}": variable.numpy() for index, variable in enumerate(_variables(model))}
    arrays |= {f"history/{name}": np.array(values, np.float64) for name, values in history.items()}
    with atomic_write(file) as draft:
        np.savez(draft, **arrays)


def _restore(file: Path, model: keras.Model) -> dict[str, list[float]]:
    """Bring the model to where it was saved, and give the history until then; nothing of either without a file."""
    if not file.exists():
        return {}
    variables = _variables(model)
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = [content[f"variable/{index}"] for index in range(len(variables))]
            names = [name for name in content.files if name.startswith("history/")]
            history = {name.removeprefix("history/"): content[name].tolist() for name in names}
        if [(a.shape, a.dtype) for a in arrays] != [(tuple(v.shape), v.dtype.as_numpy_dtype) for v in variables]:
            raise ValueError("it is of another model")
    except Exception as error:  # a damaged archive raises nearly anything
        print(f"{file} cannot be used ({error}): training starts anew.", file=sys.stderr)
        return {}
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return history


def write_curves(path: Path, history: dict[str, list[float]]) -> None:
    """Write Keras' history as CSV: a row an epoch, from 1, a column a quantity."""
    names = sorted(history)
    rows = zip(*(history[name] for name in names), strict=True)
    write_csv(path, ["epoch", *names], [[i, *(f"{v:.6g}" for v in row)] for i, row in enumerate(rows, 1)])
