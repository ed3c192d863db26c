from pathlib import Path

import pytest

from tests.labwire.doctor.planted import Planted
from tests.support.broker import TestBroker


@pytest.fixture
def planted(mosquitto: TestBroker, tmp_path: Path) -> Planted:
    """A laboratory whose broker runs; nothing is wrong yet."""
    folder = tmp_path / "lab"
    folder.mkdir()
    return Planted(folder, mosquitto.port)
