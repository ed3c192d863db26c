import logging
from pathlib import Path

import pytest

from edge.raised import Raised


def test_an_alarm_outlives_the_process_until_it_is_cleared(tmp_path: Path) -> None:
    path = tmp_path / "raised.json"
    Raised(path).note("balance1")

    later = Raised(path)

    assert not later.clear("stirrer1")
    assert later.clear("balance1")
    assert not later.clear("balance1")
    assert not Raised(path).clear("balance1")


def test_without_a_file_it_is_remembered_while_the_process_lives() -> None:
    raised = Raised()
    raised.note("i1")

    assert raised.clear("i1")
    assert not Raised().clear("i1")


def test_a_file_that_cannot_be_used_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "raised.json"
    path.write_text("{")
    with caplog.at_level(logging.ERROR, "edge.raised"):
        assert not Raised(path).clear("i1")
        Raised(tmp_path / "no" / "raised.json").note("i1")

    assert ["cannot be read" in r.getMessage() for r in caplog.records] == [True, False]
    assert "cannot be written" in caplog.records[1].getMessage()
