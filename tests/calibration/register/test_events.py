import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.record import Item
from calibration.register import RegisterError
from calibration.register import events as ev
from tests.calibration.register.bench import ANNA, GAUGE

T = "2026-11-21T08:00:00Z"
ALL: list[ev.Event] = [
    ev.ItemAdded(id="a", t=T, by=ANNA, item=Item(id="a", d="0.010"), months=6),
    ev.Installed(id="a", t=T, by=ANNA, instrument="oven1", channel="temp", at=T),
    ev.Removed(id="a", t=T, by=ANNA, at=T, reason="broken"),
    ev.Retired(id="a", t=T, by=ANNA, at=T),
    ev.StandardAdded(id="gauge", t=T, by=ANNA, standard=GAUGE),
    ev.ExternalAdded(id="a", t=T, by=ANNA, external=ev.External(certificate="D", date="2026-01-01", passed=False)),
    ev.CheckDefined(id="a", t=T, by=ANNA, plan=ev.CheckPlan(name="n", nominal="0", warning="1", action="2")),
]


@pytest.mark.parametrize("event", ALL, ids=lambda e: type(e).__name__)
def test_an_event_is_one_line_and_read_again(event: ev.Event) -> None:
    line = ev.line(event)
    assert line.count(b"\n") == 1
    assert ev.read(line, 1) == event


def test_there_is_a_line_of_each_kind() -> None:
    assert {type(event) for event in ALL} == set(ev.Event.__args__)


@given(st.binary(max_size=80))
def test_any_other_line_is_refused(data: bytes) -> None:
    with pytest.raises(RegisterError, match="line 7"):
        ev.read(data, 7)


@pytest.mark.parametrize(
    "change",
    [(b'"0.010"', b"0.010"), (b'"a"', b'"a/b"'), (b"item-added", b"item-lost"), (b'"months":6', b'"months":0')],
)
def test_a_field_of_the_wrong_kind_is_refused(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(RegisterError):
        ev.read(ev.line(ALL[0]).replace(*change), 1)
