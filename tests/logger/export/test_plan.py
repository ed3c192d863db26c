from pathlib import Path

import pytest

from logger.export.ask import Ask, ExportError
from logger.export.plan import NothingThere, Plan, plan
from logger.store import History
from tests.logger.export.support import make
from tests.logger.support import T_US, open_store


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path)


def planned(database: Path, ask: Ask) -> Plan:
    with History(database) as history:
        return plan(history, ask)


def test_everything_there_is(database: Path) -> None:
    found = planned(database, Ask())
    assert (found.from_us, found.to_us) == (T_US, T_US + 39_001)
    assert [(s.instrument, s.from_us, s.to_us) for s in found.scopes] == [
        ("oven1", T_US, T_US + 3_001),
        ("vib1", T_US, T_US + 39_001),
    ]


def test_a_run_has_its_time_and_its_instruments(database: Path) -> None:
    found = planned(database, Ask(run="melt-7"))
    assert (found.from_us, found.to_us, [s.instrument for s in found.scopes]) == (T_US + 1000, T_US + 4000, ["oven1"])
    assert [s.instrument for s in planned(database, Ask(run="melt-7", instruments=("*",))).scopes] == ["oven1", "vib1"]


def test_patterns(database: Path) -> None:
    assert [s.instrument for s in planned(database, Ask(instruments=("v*", "oven?"))).scopes] == ["oven1", "vib1"]
    with pytest.raises(NothingThere, match=r"no samples of 'x\*'; instruments: oven1, vib1"):
        planned(database, Ask(instruments=("x*", "oven1")))


def test_a_time_without_samples_is_an_empty_table_not_a_mistake(database: Path) -> None:
    assert planned(database, Ask(from_us=T_US + 10**9, to_us=T_US + 10**10)).scopes == []
    assert planned(database, Ask(to_us=T_US - 10**9)).scopes == []


def test_what_does_not_exist(database: Path, tmp_path: Path) -> None:
    for ask in (Ask(run="nope"), Ask(channels=("nope",))):
        with pytest.raises(NothingThere):
            planned(database, ask)
    with pytest.raises(ExportError):
        planned(database, Ask(zone="nope"))
    (tmp_path / "new").mkdir()
    open_store(tmp_path / "new").close()
    with pytest.raises(NothingThere, match="there are no instruments yet"):
        planned(tmp_path / "new" / "labwire.db", Ask())
