"""Who is alive: wills, silence, edges, clocks."""

from typing import Any

import pytest

from bridge_ws.presence import Clock, Life, presence, supersedes
from broker.messages import EdgeStatus, Status


def status(state: str = "online", boot: str = "b1", conn: int = 1, ts: int | None = 1, **more: Any) -> Status:
    return Status(state=state, boot=boot, conn=conn, ts=ts, **more)  # type: ignore[arg-type]


def edge(state: str = "online", **more: Any) -> Life:
    life = Life()
    life.told(EdgeStatus(state=state, boot="e", ts=1, **more), 0, None)  # type: ignore[arg-type]
    return life


def own(state: str = "online", **more: Any) -> Life:
    life = Life()
    life.told(status(state, **more), 0, None)
    return life


@pytest.mark.parametrize(
    ("new", "believed"),
    [
        (status("lost", "b1", 1, None), False),  # a will of an earlier connection
        (status("lost", "b1", 2, None), True),
        (status("lost", "b0", 9, None), False),
        (status("online", "b1", 3), True),
        (status("online", "b1", 1), False),
        (status("online", "b2", 1), True),
        (status("online", "b0", 1), True),  # its clock went back before it started again
        (status("lost", "b2", 1, None), True),
    ],
)
def test_an_old_word_is_not_believed(new: Status, believed: bool) -> None:
    assert supersedes(new, status(boot="b1", conn=2)) is believed


def test_the_first_word_is_believed() -> None:
    assert supersedes(status("lost", ts=None), None)


@pytest.mark.parametrize(
    ("instrument", "its_edge", "state", "reason"),
    [
        (own(), edge(), "online", ""),
        (own("degraded", reason="warming up"), edge(), "degraded", "warming up"),
        (own("offline", reason="unplugged"), edge("lost"), "offline", "unplugged"),
        (own(), edge("lost"), "lost", "its edge pi is lost"),
        (own(), edge("offline", reason="update"), "offline", "its edge pi is offline: update"),
        (own(), None, "online", ""),
        (own(), edge("degraded"), "online", ""),
        (own("lost", ts=None), None, "lost", ""),
    ],
)
def test_an_instrument_is_alive_only_with_its_edge(
    instrument: Life, its_edge: Life | None, state: str, reason: str
) -> None:
    got, why = presence(instrument, its_edge, "pi", 1000)

    assert got == state
    assert why.startswith(reason)


def test_silence_is_lost() -> None:
    life = own()

    assert presence(life, None, "", 90_000)[0] == "online"
    assert presence(life, None, "", 90_001) == ("lost", "silent for more than 90 s")


def test_any_word_breaks_the_silence() -> None:
    life = own()
    life.heard(50_000)

    assert presence(life, None, "", 140_000)[0] == "online"


def test_a_silent_edge_takes_its_instruments_along() -> None:
    life = own()
    life.heard(60_000)

    assert presence(life, edge(), "pi", 91_000)[0] == "lost"


def test_a_retained_status_counts_from_when_it_was_said() -> None:
    life = Life()
    life.told(status(), 0, 10)  # 80 of its 90 s were over

    assert presence(life, None, "", 10_001)[0] == "lost"


def test_silence_while_we_were_deaf_does_not_count() -> None:
    life = own()
    life.excuse(500_000)

    assert presence(life, None, "", 580_000)[0] == "online"


def test_data_without_any_status_is_online() -> None:
    life = Life()
    life.heard(0)

    assert presence(life, None, "", 10)[0] == "online"


def test_age_is_counted_from_the_senders_own_time() -> None:
    clock = Clock()
    clock.heard(1000, 1040, "b")
    clock.heard(2000, 2010, "b")

    assert clock.age_ms(2010) == 0
    assert clock.age_ms(5010) == 3000
    assert clock.wrong_ms is None


def test_an_old_value_sent_now_is_old() -> None:
    clock = Clock()
    clock.heard(1000, 1010, "b")
    clock.heard(2000, 9010, "b")  # it hung somewhere for seven seconds

    assert clock.age_ms(9010) == 7000


@pytest.mark.parametrize("wrong", [-3_600_000, 5_000])
def test_a_wrong_clock_is_named_and_does_not_make_values_old(wrong: int) -> None:
    clock = Clock()
    for k in range(5):
        clock.heard(1e6 + 1000 * k, 1e6 + 1000 * k + wrong, "b")

    assert clock.wrong_ms == wrong
    assert clock.age_ms(1e6 + 4000 + wrong) == 0


def test_a_new_boot_may_have_set_its_clock() -> None:
    clock = Clock()
    clock.heard(1000, 1000, "b1")
    clock.heard(1000, 3_601_000, "b2")

    assert clock.age_ms(3_601_000) == 0
    assert clock.wrong_ms == 3_600_000


def test_no_age_before_the_first_sample() -> None:
    assert Clock().age_ms(5) is None
