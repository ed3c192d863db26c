from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from calibration.register.due import Due
from calibration.register.ics import calendar, escaped, folded

STAMP = datetime(2026, 11, 21, 8, tzinfo=UTC)
LINE = Due("item", "pt3", date(2027, 11, 20), "ok", date(2026, 11, 20), "K-1", "Heraeus, 4711", "oven1", "temp")
NEVER = Due("item", "pt4", None, "never", None, "", "")


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_due_day_is_a_whole_day() -> None:
    lines = unfolded(calendar([LINE, NEVER], STAMP, "Lab; 1"))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    for wanted in (
        "VERSION:2.0",
        "X-WR-CALNAME:Lab\\; 1",
        "UID:item-pt3@labwire",
        "DTSTAMP:20261121T080000Z",
        "DTSTART;VALUE=DATE:20271120",
        "DTEND;VALUE=DATE:20271121",
        "SUMMARY:Calibration due: pt3",
        "DESCRIPTION:Heraeus\\, 4711\\, last: K-1 of 2026-11-20",
        "LOCATION:oven1/temp",
    ):
        assert wanted in lines


def test_the_same_event_keeps_its_name_when_it_moves() -> None:
    later = Due(**{**{f: getattr(LINE, f) for f in LINE.__slots__}, "day": date(2028, 1, 1)})
    uids = [[part for part in unfolded(calendar([d], STAMP, "")) if part.startswith("UID")] for d in (LINE, later)]
    assert uids[0] == uids[1]


@given(st.text(max_size=300))
def test_lines_are_folded_and_whole(text: str) -> None:
    line = "SUMMARY:" + escaped(text)
    data = folded(line)
    assert all(len(part) <= 75 for part in data[:-2].split(b"\r\n"))
    assert data.endswith(b"\r\n")
    assert data.replace(b"\r\n ", b"")[:-2].decode() == line
    assert "\n" not in escaped(text)
