"""Training without graphs: building one takes longer than a few small batches do."""

import contextlib
import warnings
from collections.abc import Iterator

from platefuse.networks.common.keras2 import tf


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Run TensorFlow's functions operation by operation; data pipelines keep their graphs."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Even though the `tf.config.experimental_run_functions_eagerly`")
            yield
    finally:
        tf.config.run_functions_eagerly(False)
