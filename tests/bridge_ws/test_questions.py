"""Questions to the history: spans, and log entries as JSON."""

import base64

import pytest

from bridge_ws.answers import ApiError
from bridge_ws.questions import Span, log_line, span
from logger.store import LogEntry


def test_points_choose_a_round_step() -> None:
    assert span(0, 3_600_000, 1200, None) == Span(0, 3_600_000, 5_000_000)


def test_a_given_step_is_kept() -> None:
    assert span(0, 1000, 1200, 250) == Span(0, 1000, 250_000)


@pytest.mark.parametrize(("from_ms", "to_ms"), [(5, 4), (-1, 4), (float("nan"), 4), (0, float("inf"))])
def test_times_are_checked(from_ms: float, to_ms: float) -> None:
    with pytest.raises(ApiError):
        span(from_ms, to_ms, 100, None)


def test_sample_sets_stand_by_their_numbers() -> None:
    entry = LogEntry(5, "t", 1, False, 99, None, boot="b", seq=7, n=3, late=True, digest="abcd")

    assert log_line(entry) == {
        "ts": 5,
        "topic": "t",
        "qos": 1,
        "retain": False,
        "length": 99,
        "boot": "b",
        "seq": 7,
        "n": 3,
        "late": True,
        "hash": "abcd",
    }


def test_payloads_are_text_or_base64() -> None:
    text, other = LogEntry(5, "t", 0, True, 2, "°".encode()), LogEntry(5, "t", 0, True, 1, b"\xff", readable=False)

    assert log_line(text)["payload"] == "°"
    assert base64.b64decode(log_line(other)["payload_base64"]) == b"\xff"
    assert log_line(other)["readable"] is False
