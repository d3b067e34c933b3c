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

# What has no public name; the converter to LiteRT is made with them.
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

# .h5 is chosen because its bytes repeat; .keras holds dates.
warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")

__all__ = [
    "Dropout",
    "SavedModel",
    "convert_variables_to_constants_v2",
    "keras",
    "learning_rate",
    "make_deterministic",
    "tf",
]


def learning_rate(rate: float, decay: Literal["none", "cosine"], steps: int) -> Any:
    """Give an optimiser's learning rate: constant, or falling to 0 over `steps` batches along half a cosine."""
    return rate if decay == "none" else keras.optimizers.schedules.CosineDecay(rate, steps)


class Dropout(keras.layers.Dropout):
    """Keras' dropout, with a generator whose state can be read and set; a file of it is one of Keras' own.

    Keras' state is hidden in a kernel, and a training that goes on could not go on with it. The masks are those that
    Keras draws, once `make_deterministic` was called with the same seed.

    Attributes:
        generator: draws the masks; its state is int64 [3]: the low and high half of a counter, and a key.
    """

    def __init__(self, rate: float, seed: int, **options: Any) -> None:
        super().__init__(rate, seed=seed, **options)
        self.generator = tf.random.Generator.from_state([0, seed + 1, seed], "philox")

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Drop a share of the features and enlarge the others in training; give them as they are otherwise."""
        if not training:
            return tf.identity(inputs)
        return tf.nn.experimental.general_dropout(inputs, self.rate, self.generator.uniform)


def make_deterministic(seed: int) -> None:
    """Seed Python's, numpy's and TensorFlow's generators and have TensorFlow use repeatable kernels only.

    Call it before a model is built. Same seed, same machine: the same weights to the last bit.
    """
    keras.backend.clear_session()  # Keras numbers the layers it names, and the names are in the files
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
