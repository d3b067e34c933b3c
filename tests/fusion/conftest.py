"""Networks and the SavedModel made of them, one for all tests of fusion."""

from pathlib import Path

import pytest

from tests.helpers.once import once
from tests.helpers.small_models import save_small_networks


@pytest.fixture(scope="session")
def networks(shared: Path) -> Path:
    """A pipeline's models/ after its run: both networks, and fused/, made with `WITH_FORMATS`."""
    return once(shared / "small-networks", save_small_networks)
