from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logger.when import WhenError, iso, parse

NOW = 1_795_219_199_000_000


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("90s", NOW - 90_000_000),
        ("2h", NOW - 7_200_000_000),
        ("1.5m", NOW - 90_000_000),
        (" 7d ", NOW - 604_800_000_000),
        ("1w", NOW - 604_800_000_000),
        ("2026-11-20T23:59:59Z", NOW),
        ("2026-11-21T00:59:59.000250+01:00", NOW + 250),
    ],
)
def test_instants(text: str, us: int) -> None:
    assert parse(text, NOW) == us


def test_without_a_zone_it_is_local_time() -> None:
    assert parse("2026-11-20 14:00", NOW) == int(datetime(2026, 11, 20, 14).astimezone().timestamp() * 1_000_000)


@pytest.mark.parametrize("text", ["", "yesterday", "2x", "h", "-3h", "2026-13-01"])
def test_anything_else_says_what_was_expected(text: str) -> None:
    with pytest.raises(WhenError, match="2h, 7d"):
        parse(text, NOW)


@given(st.integers(0, 2**43 * 1000))
def test_iso_keeps_the_microsecond(t_us: int) -> None:
    assert parse(iso(t_us), NOW) == t_us
    assert datetime.fromisoformat(iso(t_us)).tzinfo == UTC
