"""Every reason not to begin, and what is fixed when a run does."""

from pathlib import Path
from typing import Any

import pytest

from broker.calibration import Calibration, Correction
from broker.messages import Channel, Meta
from calibration.live.plan import Source
from calibration.live.start import NotBegun, begin, digits, instruments
from calibration.record import CertificatePoint, Item
from tests.calibration.live.bench import SMALL, small
from tests.calibration.live.lab import ANNA, METAS, TOPICS, facts, register, wanted

CURVE = Calibration(id="K-1", correction=Correction(type="poly", x0=40.0, scale=20.0, coef=[-0.05, 0.001]))


def test_what_is_fixed(tmp_path: Path) -> None:
    setup = begin(register(tmp_path / "cal"), wanted(), facts(), TOPICS)
    assert (setup.source, setup.reference) == (Source("bath1", "pt100", 3), Source("ref1", "temp", 4))
    assert (setup.item.id, setup.item.channel, [s.id for s in setup.standards]) == ("pt-7", "bath1/pt100", ["ref1"])
    assert (setup.applied, setup.deviations, setup.room) == (None, [], "")
    assert setup.begin == "2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"procedure": "spam"}, "the procedure cannot be used"),
        ({"item": "lab/bath1/spam"}, "has no channel 'spam'; it has pt100"),
        ({"item": "lab/bath1/power"}, "is in W, the procedure in °C"),
        ({"item": "lab/oven/temp"}, "nothing is known of oven"),
        ({"item": "lab/Bad Name"}, "not a valid name"),
        ({"item": "lab/ref1/temp"}, "cannot be its own reference"),
        ({"item": "manual"}, "--item-id, or labwire cal item install"),
        ({"item_id": "spam"}, "pt-7 sits at bath1/pt100, not spam"),
        ({"item": "manual", "item_id": "spam"}, "there is no item 'spam'"),
        ({"reference": "manual"}, "--standard ID"),
        ({"standards": ["spam"]}, "ref1 sits at ref1/temp, not spam"),
        ({"reference": "manual", "standards": ["ref1@25"]}, "the procedure has 20, 40, 60, 30"),
        ({"reference": "manual", "standards": ["ref1@20"]}, "no standard is named for 40, 60, 30"),
        ({"procedure": small('"pt25"', '"spam"')}, "of class pt25, T-1 asks for spam"),
        ({"procedure": small('class = "pt25"', 'class = "pt25"\nmax_U = 0.001')}, "U = 0.01"),
        ({"procedure": small('class = "pt25"', 'class = "pt25"\nmax_age_days = 30')}, "allows 30"),
        ({"procedure": small("abs = 0.2", "abs = 0.005")}, "no pass is possible; --force REASON"),
        ({"procedure": small("degree = 0", "degree = 3")}, "contradicts itself: 3 points are too few"),
        ({"procedure": small("min_nu = 9", "min_nu = 99")}, "contradicts itself"),
    ],
)
def test_it_does_not_begin(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(NotBegun) as told:
        begin(register(tmp_path / "cal"), wanted(**changes), facts(), TOPICS)
    assert why in str(told.value)


def test_overdue_retired_or_uncertified_standards(tmp_path: Path) -> None:
    overdue = register(tmp_path / "a", due="2026-11-20")
    with pytest.raises(NotBegun, match="was due on 2026-11-20"):
        begin(overdue, wanted(), facts(), TOPICS)
    retired = register(tmp_path / "b")
    retired.retire("ref1", "", ANNA)
    with pytest.raises(NotBegun, match="retired"):
        begin(retired, wanted(standards=["ref1"]), facts(), TOPICS)
    points = [CertificatePoint(x="0", U="0.01"), CertificatePoint(x="50", U="0.01")]
    short = register(tmp_path / "c", U=None, points=points)
    with pytest.raises(NotBegun, match="certified from 0 to 50, not at 60"):
        begin(short, wanted(), facts(), TOPICS)


def test_a_forced_run_says_so_in_its_record(tmp_path: Path) -> None:
    tight = wanted(procedure=small("abs = 0.2", "abs = 0.005"), force="only to see")
    deviations = begin(register(tmp_path / "cal"), tight, facts(), TOPICS).deviations
    assert deviations
    assert all("no pass is possible: only to see" in text for text in deviations)


def test_a_standard_for_each_point(tmp_path: Path) -> None:
    named = [f"ref1@{point}" for point in (20, 40, 60, 30)]
    buffers = wanted(reference="manual", standards=named, procedure=small("min_nu = 9", "min_nu = 6"))
    setup = begin(register(tmp_path / "cal"), buffers, facts(), TOPICS)
    assert setup.used == {"20": ["ref1"], "40": ["ref1"], "60": ["ref1"], "30": ["ref1"]}


def test_fewer_readings_where_a_person_types_them(tmp_path: Path) -> None:
    few = wanted(reference="manual", standards=["ref1"])
    with pytest.raises(NotBegun, match="6 degrees of freedom, repeatability needs 9"):
        begin(register(tmp_path / "cal"), few, facts(), TOPICS)


def test_the_correction_in_force_is_what_the_samples_name(tmp_path: Path) -> None:
    made, marks = register(tmp_path / "cal"), {"bath1": {"pt100": "K-1"}, "ref1": {}}
    setup = begin(made, wanted(), facts(marks=marks, in_force={"bath1": {"pt100": CURVE}}), TOPICS)
    assert setup.applied is not None
    assert (setup.applied.certificate, setup.applied.coef) == ("K-1", ["-0.05", "0.001"])
    assert begin(made, wanted(), facts(in_force={"bath1": {"pt100": CURVE}}), TOPICS).applied is None
    with pytest.raises(NotBegun, match="corrected by K-1, which the register does not know"):
        begin(made, wanted(), facts(marks=marks), TOPICS)


def test_a_correction_on_top_of_another_is_refused(tmp_path: Path) -> None:
    marks = {"bath1": {"pt100": "K-1"}, "ref1": {}}
    twice = wanted(procedure=SMALL.replace('unit = "°C"', 'unit = "°C"\nsignal = "corrected"'))
    with pytest.raises(NotBegun, match="correct twice"):
        begin(register(tmp_path / "cal"), twice, facts(marks=marks, in_force={"bath1": {"pt100": CURVE}}), TOPICS)


def test_a_calibration_that_changes_nothing_is_in_nobodys_way(tmp_path: Path) -> None:
    plain = Calibration(id="K-2")
    marks = {"bath1": {"pt100": "K-2"}, "ref1": {}}
    setup = begin(
        register(tmp_path / "cal"), wanted(), facts(marks=marks, in_force={"bath1": {"pt100": plain}}), TOPICS
    )
    assert (setup.applied, setup.plain) == (None, ["K-2"])


def test_the_instruments_it_listens_to() -> None:
    room = small("temperature = [18, 28]", 'temperature = [18, 28]\ntopic = "lab/env1/data"')
    assert instruments(wanted(procedure=room), TOPICS) == ["bath1", "env1", "ref1"]
    assert instruments(wanted(procedure=room, environment="manual", item="manual"), TOPICS) == ["ref1"]


def test_a_channel_is_guessed_only_where_there_is_one(tmp_path: Path) -> None:
    two = {**METAS, "bath1": Meta(channels={"a": Channel(unit="°C"), "b": Channel(unit="°C")})}
    with pytest.raises(NotBegun, match="say which channel of bath1: a, b"):
        begin(register(tmp_path / "cal"), wanted(), facts(metas=two), TOPICS)


def test_the_instrument_tells_a_resolution_the_register_does_not_know(tmp_path: Path) -> None:
    made = register(tmp_path / "cal")
    assert begin(made, wanted(), facts(), TOPICS).item.d == "0.001"
    made.change_item(Item(id="pt-7"), ANNA)
    assert begin(made, wanted(), facts(), TOPICS).item.d == "0.001"
    made.change_item(Item(id="pt-7", d="0.05"), ANNA)
    assert begin(made, wanted(), facts(), TOPICS).item.d == "0.05"


def test_digits_come_from_the_resolution() -> None:
    assert [digits(Channel(resolution=r)) for r in (0.0001, 0.5, 1.0, 10.0, None)] == [4, 1, 0, 0, 0]
