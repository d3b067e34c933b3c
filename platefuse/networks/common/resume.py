"""Resumable training, bit-identical to training without an interruption."""

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
from platefuse.runner.progress import EpochProgress

_CHECKPOINT = "last_epoch.npz"


def fit(
    model: keras.Model,
    batches: Callable[[int], tf.data.Dataset],
    epochs: int,
    folder: Path,
    **options: Any,
) -> dict[str, list[float]]:
    """Train a compiled model with Keras' `fit` and checkpoints per epoch.

    A checkpoint is written after every epoch. A checkpoint holds every variable that training changes, and the history
    so far. The variables are the weights, the statistics of batch normalisation, the optimiser's moments and step
    count, and the states of dropout's generators.

    Progress goes to the error output.

    Args:
        model: compiled, with a Keras optimiser.
        batches: from the number of finished epochs to the data that an uninterrupted training would use next.
        epochs: how many in total.
        folder: this training's own checkpoint folder, from `run_folder`.
        options: for Keras' `fit`.

    Returns:
        Keras' history of all epochs: a list with one value per epoch for each quantity.
    """
    file = folder / _CHECKPOINT
    history = _restore(file, model)
    done = len(history["loss"]) if history else 0
    if done:
        print(f"Resuming after epoch {done} of {epochs}.", file=sys.stderr, flush=True)

    def save_epoch(epoch: int, logs: dict[str, float]) -> None:
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        _save(file, model, history)

    checkpoint = keras.callbacks.LambdaCallback(on_epoch_end=save_epoch)
    with EpochProgress(epochs) as progress:
        callbacks = [checkpoint, _ShowProgress(progress)]
        model.fit(batches(done), initial_epoch=done, epochs=epochs, callbacks=callbacks, verbose=0, **options)
    return history


class _ShowProgress(keras.callbacks.Callback):
    def __init__(self, progress: EpochProgress) -> None:
        super().__init__()
        self._progress = progress

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._progress.begin_epoch(epoch + 1, self.params["steps"])

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._progress.step()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._progress.end_epoch(epoch + 1, logs)


def run_folder(checkpoint_dir: Path, params: Params, data: Sequence[np.ndarray | str]) -> Path:
    """Name a training's checkpoint folder by everything that its result depends on.

    A training with other parameters, data, code or hardware therefore never uses its checkpoints.

    Args:
        checkpoint_dir: the stage's checkpoints.
        params: the training's parameters.
        data: training and validation data.

    Returns:
        `checkpoint_dir` / a hash of params, data, loaded code, packages, processor, threads and kernels.
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
    return checkpoint_dir / digest.hexdigest()[:32]


def _sources() -> list[Path]:
    """Files of the running script and of platefuse's loaded modules."""
    package = Path(__file__).parents[2]
    files = [Path(file) for module in [*sys.modules.values()] if (file := getattr(module, "__file__", None))]
    script = getattr(sys.modules["__main__"], "__file__", None)
    return sorted({file for file in files if file.is_relative_to(package)} | ({Path(script)} if script else set()))


def _packages() -> list[str]:
    """Versions of the loaded packages.

    Others, installed meanwhile, must not discard a checkpoint.
    """
    loaded = [(name, getattr(module, "__dict__", {})) for name, module in [*sys.modules.items()] if "." not in name]
    return [
        sys.version,
        *sorted(f"{name} {content['__version__']}" for name, content in loaded if "__version__" in content),
    ]


def _machine() -> list[str]:
    """Processor, cores and TensorFlow's settings, which determine the order of additions."""
    settings = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("TF_", "OMP_"))]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    return sorted({*settings, f"{cores} cores", *(line for line in lines if line.startswith(("model name", "flags")))})


def _variables(model: keras.Model) -> list[tf.Variable]:
    """Every variable that training changes."""
    model.optimizer.build(model.trainable_variables)  # does nothing the second time
    dropouts = [layer.generator.state for layer in model.layers if isinstance(layer, Dropout)]
    return [*model.weights, *model.optimizer.variables, *dropouts]


def _save(file: Path, model: keras.Model, history: dict[str, list[float]]) -> None:
    arrays = {f"variable/{index}": variable.numpy() for index, variable in enumerate(_variables(model))}
    arrays |= {f"history/{name}": np.array(values, np.float64) for name, values in history.items()}
    with atomic_write(file) as draft:
        np.savez(draft, **arrays)


def _restore(file: Path, model: keras.Model) -> dict[str, list[float]]:
    """Restore a model and return its history; {} without a usable checkpoint."""
    if not file.exists():
        return {}
    variables = _variables(model)
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = [content[f"variable/{index}"] for index in range(len(variables))]
            names = [name for name in content.files if name.startswith("history/")]
            history = {name.removeprefix("history/"): content[name].tolist() for name in names}
        if [(a.shape, a.dtype) for a in arrays] != [(tuple(v.shape), v.dtype.as_numpy_dtype) for v in variables]:
            raise ValueError("it belongs to another model")
    except Exception as error:  # a damaged archive raises nearly anything
        print(f"{file} cannot be used ({error}): training starts from the beginning.", file=sys.stderr)
        return {}
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return history


def write_curves(path: Path, history: dict[str, list[float]]) -> None:
    """Write Keras' history as CSV, one row per epoch, starting with 1."""
    names = sorted(history)
    rows = zip(*(history[name] for name in names), strict=True)
    write_csv(path, ["epoch", *names], [[i, *(f"{v:.6g}" for v in row)] for i, row in enumerate(rows, 1)])
