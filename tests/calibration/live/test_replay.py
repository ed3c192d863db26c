"""Stored samples: CSV as people make it, and as an export is."""

from pathlib import Path

import pytest

from calibration import procedure as procedures
from calibration.live.plan import Source
from calibration.live.replay import ReplayError, facts, read
from tests.calibration.live.bench import SMALL

ITEM, REFERENCE = Source("bath1", "pt100"), Source("ref1", "temp")


def file(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_by_their_plain_names(tmp_path: Path) -> None:
    made = read(
        [file(tmp_path, "time,item,reference,temperature\n1795219200.5,20.010,20.0000,21.5\n")], ITEM, REFERENCE
    )
    ((owner, row),) = made.rows
    assert (owner, row.t, row.values) == ("", 1795219200.5, {"pt100": "20.010", "temp": "20.0000", "temperature": 21.5})


def test_an_export_as_it_is(tmp_path: Path) -> None:
    text = (
        "# labwire export\n"
        "time (UTC),t_us,boot,seq,pt100 (°C),pt100:quality,pt100:cal,pt100_raw (°C),temp (°C)\n"
        "2026-11-21T00:00:01Z,1795219201000000,b,1,19.95,,K-1,20.0,20.1\n"
        "2026-11-21T00:00:00Z,1795219200000000,b,0,19.94,bad,K-1,19.99,\n"
    )
    rows = [row for _, row in read([file(tmp_path, text)], ITEM, REFERENCE).rows]
    assert [row.t for row in rows] == [1795219200.0, 1795219201.0]
    assert rows[1].values["pt100_raw"] == "20.0"
    assert (rows[0].q, rows[0].cal) == ({"pt100": "bad"}, {"pt100": "K-1"})
    assert "temp" not in rows[0].values


def test_two_files_with_a_channel_of_the_same_name(tmp_path: Path) -> None:
    item = file(tmp_path, "time;temp\n2026-11-21T00:00:00Z;20.01\n", "a.csv")
    reference = file(tmp_path, "time,temp\n2026-11-21T00:00:00.2Z,20.00\n", "b.csv")
    rows = read([item, reference], Source("bath1", "temp"), REFERENCE).rows
    assert [(owner, row.values) for owner, row in rows] == [("bath1", {"temp": "20.01"}), ("ref1", {"temp": "20.00"})]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column is called time"),
        ("a,b\n1,2\n", "no column is called time or t_us; there are a, b"),
        ("time,item\nyesterday,1\n", "neither a day nor a time"),
        ("time,item\n", "there are no samples"),
        ("time,temperature\n1795219200,warm\n", "could not convert"),
    ],
)
def test_what_cannot_be_replayed(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ReplayError, match=why):
        read([file(tmp_path, text)], ITEM, REFERENCE)
    with pytest.raises(ReplayError, match="cannot be read"):
        read([tmp_path / "nothing.csv"], ITEM, REFERENCE)


def test_what_an_instrument_would_say_of_itself(tmp_path: Path) -> None:
    rules = procedures.read(SMALL)
    made = read([file(tmp_path, "time,item,reference,pt100:cal\n1795219200,1,2,K-1\n")], ITEM, REFERENCE)
    known = facts(made, ITEM, REFERENCE, rules)
    assert known.metas["bath1"].channels["pt100"].unit == "°C"
    assert known.marks["bath1"] == {"pt100": "K-1"}
    lone = read([file(tmp_path, "time,item\n1795219200,1\n")], ITEM, REFERENCE)
    with pytest.raises(ReplayError, match="no column is called reference or temp"):
        facts(lone, ITEM, REFERENCE, rules)


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    one = read([file(tmp_path, "time,item\n1795219200,1\n")], ITEM, REFERENCE)
    other = read([file(tmp_path, "time,item\n1795219200,1.0\n")], ITEM, REFERENCE)
    assert len(one.sha256) == 64
    assert one.sha256 != other.sha256
