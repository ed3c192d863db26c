"""Every store a test has opened is closed when it ends, also when it fails."""

from collections.abc import Iterator

import pytest

from tests.logger import support


@pytest.fixture(autouse=True)
def stores_are_closed() -> Iterator[None]:
    yield
    for store in support.opened:
        store.close()
    support.opened.clear()
