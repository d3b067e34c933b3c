"""Keras 2, which keras-retinanet needs, and the seeds of all random generators.

Import `keras` and `tf` from here, never from tensorflow: Keras 2 must be chosen before TensorFlow loads.
"""

import os
import warnings
from typing import Any, Literal

from platefuse.runner.notices import notices_dropped

os.environ["TF_USE_LEGACY_KERAS"] = "1"
# Else a keras.json in the home folder could change every number, and Keras would write one, even into a folder named ~.
os.environ["KERAS_HOME"] = os.devnull

with notices_dropped():
    import tensorflow as tf
    from tensorflow import keras

# These have no public names; TensorFlow's own converter to LiteRT uses them.
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

# .h5 files are reproducible; .keras files contain dates.
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
    """Make a learning rate: constant, or cosine decay to 0.

    The decay takes `steps` batches.
    """
    return rate if decay == "none" else keras.optimizers.schedules.CosineDecay(rate, steps)


class Dropout(keras.layers.Dropout):
    """Keras' dropout with a generator whose state can be saved and restored.

    Keras hides the state in a kernel, so a resumed training could not restore it. The masks are the same as Keras'
    after `make_deterministic` with the same seed. In a file it is an ordinary Dropout layer.

    Attributes:
        generator: draws the masks; its state is int64 [3]: the low and high half of a counter, and a key.
    """

    def __init__(self, rate: float, seed: int, **options: Any) -> None:
        super().__init__(rate, seed=seed, **options)
        self.generator = tf.random.Generator.from_state([0, seed + 1, seed], "philox")

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Drop features and scale up the others, in training only."""
        if not training:
            return tf.identity(inputs)
        return tf.nn.experimental.general_dropout(inputs, self.rate, self.generator.uniform)


def make_deterministic(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and use deterministic kernels only.

    Call it before building a model. On one machine the same seed then gives bit-identical weights.
    """
    keras.backend.clear_session()  # restarts the numbers in layer names, which are stored in the files
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
