"""Due days as an iCalendar file [RFC 5545]: one whole-day event each, which a calendar replaces when it moves."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from calibration.register.due import Due

_WIDTH = 75


def calendar(lines: Iterable[Due], stamp: datetime, lab: str) -> bytes:
    """The file: lines end with CRLF and are folded after 75 octets."""
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//labwire//calibration//EN", "CALSCALE:GREGORIAN"]
    parts += [f"X-WR-CALNAME:{escaped(lab)}"]
    for line in lines:
        parts += _event(line, stamp)
    return b"".join(folded(part) for part in [*parts, "END:VCALENDAR"])


def _event(line: Due, stamp: datetime) -> list[str]:
    if line.day is None:
        return []
    about = ", ".join(filter(None, (line.what, f"last: {line.by} of {line.last}" if line.last else "")))
    return [
        "BEGIN:VEVENT",
        f"UID:{line.kind}-{line.id}@labwire",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{line.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{line.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escaped(f'Calibration due: {line.id}')}",
        *([f"DESCRIPTION:{escaped(about)}"] if about else []),
        *([f"LOCATION:{escaped(f'{line.instrument}/{line.channel}')}"] if line.instrument else []),
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{escaped(f'{line.id} is due')}",
        "TRIGGER:-P14D",
        "END:VALARM",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    """A value of type TEXT."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def folded(line: str) -> bytes:
    """A line of at most 75 octets, continued after a blank, never inside a character."""
    return b"\r\n ".join(_pieces(line)) + b"\r\n"


def _pieces(line: str) -> Iterator[bytes]:
    piece = b""
    room = _WIDTH
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > room:
            yield piece
            piece, room = b"", _WIDTH - 1
        piece += octets
    yield piece
