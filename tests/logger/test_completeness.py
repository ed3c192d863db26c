from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from logger.completeness import NO_STATUS, SILENCE_MS, Account, Away, Heard, Missing, away, split, within
from logger.ledger import AT_SENDER, OVERFLOW

GAP = Missing("b", 10, 20, OVERFLOW, 1000, 2000)


def test_missing_numbers_lie_evenly_between_their_neighbours() -> None:
    assert within(GAP, 0, 1000) is None
    assert within(GAP, 0, 3000) == GAP
    first, second = within(GAP, 0, 1250), within(GAP, 1250, 5000)
    assert first == Missing("b", 10, 12, OVERFLOW, 1000, 1250)
    assert second == Missing("b", 12, 20, OVERFLOW, 1250, 2000)


def test_without_a_span_they_lie_at_their_instant() -> None:
    at = Missing("b", 0, 5, OVERFLOW, 1000, 1000)
    assert within(at, 0, 1000) is None
    assert within(at, 1000, 1001) == at


@given(st.integers(0, 50), st.integers(1, 1000), st.integers(0, 500), st.lists(st.integers(0, 1000), max_size=8))
def test_over_adjoining_times_the_counts_add_up(a: int, n: int, span: int, cuts: list[int]) -> None:
    gap = Missing("b", a, a + n, OVERFLOW, 200, 200 + span)
    borders = [-1, *sorted(cuts), 2000]
    parts = [p for x, y in pairwise(borders) if x < y and (p := within(gap, x, y)) is not None]
    assert [k for p in parts for k in range(p.a, p.b)] == list(range(a, a + n))


def test_what_is_still_to_come_is_not_lost() -> None:
    coming = Missing("b", 20, 25, AT_SENDER, 2000, 3000)
    assert split([GAP, coming]) == ([GAP], [coming])
    account = Account("i", 0, 1, stored=5, late=1, set_aside=0, missing=[GAP], coming=[coming], away=[], expired=2)
    assert (account.lost, account.expected, account.complete) == (10, 22, False)
    assert Account("i", 0, 1, stored=5, late=0, set_aside=3, missing=[], coming=[], away=[]).complete


def said(t_ms: int, state: str, reason: str = "", boot: str = "b1", conn: int = 1) -> Heard:
    return Heard(t_ms, state, reason, boot, conn)


def test_away_is_when_it_did_not_say_online() -> None:
    heard = [
        said(900, "online"),
        said(2000, "offline", "unplugged"),
        said(32_000, "offline", "unplugged"),
        said(50_000, "online"),
    ]
    assert away(heard, 1000, 60_000) == [Away(2000, 50_000, "offline", "unplugged")]
    assert away(heard, 10_000, 20_000) == [Away(10_000, 20_000, "offline", "unplugged")]


def test_silence_is_not_known_but_offline_stays_offline() -> None:
    heard = [said(0, "online"), said(SILENCE_MS + 60_000, "online"), said(SILENCE_MS + 61_000, "lost")]
    assert away(heard, 0, 10**6) == [
        Away(SILENCE_MS, SILENCE_MS + 60_000, "unknown", NO_STATUS),
        Away(SILENCE_MS + 61_000, 10**6, "lost", ""),
    ]
    late = SILENCE_MS + 5
    assert away([], 5, late) == [Away(5, late, "unknown", NO_STATUS)]
    assert away([said(late, "online")], 5, late + 4) == [Away(5, late, "unknown", NO_STATUS)]


def test_a_first_status_may_be_on_its_way_as_long_as_any_other() -> None:
    assert away([], 5, 9) == away([said(7, "online")], 5, 9) == away([said(SILENCE_MS, "online")], 5, 10**5) == []


def test_the_late_will_of_an_old_session_says_nothing() -> None:
    heard = [said(0, "online"), said(10, "online", conn=2), said(20, "lost", conn=1), said(30, "online", boot="b2")]
    assert away([*heard, said(40, "lost", boot="b1", conn=9)], 0, 100) == []
