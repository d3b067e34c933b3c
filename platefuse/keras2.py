"""The one place that chooses Keras 2 (which keras-retinanet is written for), and that seeds everything.

Import `keras` and `tf` from here, never from tensorflow: the choice must be made before TensorFlow loads.
"""

import os
import warnings
from typing import Any, Literal

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what matters comes as an exception

import tensorflow as tf
from tensorflow import keras

# .h5 is chosen because its bytes repeat; .keras holds dates.
warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")

__all__ = ["keras", "learning_rate", "make_deterministic", "tf"]


def learning_rate(rate: float, decay: Literal["none", "cosine"], steps: int) -> Any:
    """Give an optimiser's learning rate: constant, or falling to 0 over `steps` batches along half a cosine."""
    return rate if decay == "none" else keras.optimizers.schedules.CosineDecay(rate, steps)


def make_deterministic(seed: int) -> None:
    """Seed Python's, numpy's and TensorFlow's generators and have TensorFlow use repeatable kernels only.

    Call it before a model is built. Same seed, same machine: the same weights to the last bit.
    """
    keras.backend.clear_session()  # Keras numbers the layers it names, and the names are in the files
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
