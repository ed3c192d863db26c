from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from broker.messages import EdgeStatus, Hold, Status, encode
from broker.runtime import new_boot
from broker.topics import Kind
from logger.completeness import NO_STATUS, SILENCE_MS, Account, Away
from logger.daybook import Daybook, as_json, day_us
from logger.store import History
from logger.store.retention import Retention
from tests.logger.support import BOOT, T_MS, TOPICS, Packet, block, data, open_store, packet, write

UTC = ZoneInfo("UTC")
DAY_MS = 86_400_000
MIDNIGHT_MS = T_MS + 1000
"""T_MS is a second before midnight."""


def status(at_ms: int, state: str = "online", reason: str = "", **more: object) -> Packet:
    return packet(Kind.STATUS, Status(state=state, boot=BOOT, ts=at_ms, reason=reason, edge="pi", **more))  # type: ignore[arg-type]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """1 Hz over midnight: 60 rows stored, 40 lost over midnight, 50 stored (20 of them late), 10 still to come."""
    store = open_store(tmp_path)
    start = MIDNIGHT_MS - 80_000

    def rows(a: int, n: int, *, late: bool = False) -> Packet:
        return block(a, n, {"x": [1.0] * n}, t0_us=(start + a * 1000) * 1000, dt_us=10**6, late=late)

    write(store, status(start), rows(0, 60), at_ms=start)
    write(store, status(start + 100_000, hold=[Hold(BOOT, 100, 160, 40)]), rows(100, 30), at_ms=start + 130_000)
    write(store, rows(130, 20, late=True), at_ms=start + 150_000)
    hold = [Hold(BOOT, 100, 160, 40)]
    write(store, status(start + 150_000, "offline", "unplugged", hold=hold), at_ms=start + 150_000)
    store.close()
    return tmp_path / "labwire.db"


def account(database: Path, from_ms: int, to_ms: int) -> Account:
    with History(database) as history:
        return Daybook(history, TOPICS, (MIDNIGHT_MS + 200_000) * 1000).account("oven1", from_ms * 1000, to_ms * 1000)


def test_two_days_with_a_loss_over_midnight(database: Path) -> None:
    before = account(database, MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS)
    after = account(database, MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)
    assert (before.stored, before.lost, before.late, before.complete) == (60, 20, 0, False)
    assert (after.stored, after.lost, after.late, sum(m.n for m in after.coming)) == (50, 20, 20, 10)
    assert before.expected + after.expected == 160
    assert {m.reason for m in (*before.missing, *after.missing)} == {"overflow"}
    (lost,) = after.missing
    assert (lost.b, lost.from_us, lost.to_us) == (100, MIDNIGHT_MS * 1000, (MIDNIGHT_MS + 20_000) * 1000)


def test_part_of_a_piece(database: Path) -> None:
    part = account(database, MIDNIGHT_MS - 75_500, MIDNIGHT_MS - 70_000)
    assert (part.stored, part.expected) == (5, 5)


def test_when_it_was_not_well(database: Path) -> None:
    after = account(database, MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)
    end = MIDNIGHT_MS + 200_000
    assert after.away[-1] == Away(MIDNIGHT_MS + 70_000, end, "offline", "unplugged")


def test_a_lost_edge_takes_its_instruments_with_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, status(T_MS), data(0), at_ms=T_MS)
    lost = encode(EdgeStatus(state="lost", boot=BOOT))
    write(store, Packet(TOPICS.edge_status("pi"), lost), at_ms=T_MS + 5000)
    write(
        store,
        Packet(TOPICS.edge_status("pi"), encode(EdgeStatus(state="online", boot=BOOT, conn=1))),
        status(T_MS, conn=1),
        at_ms=T_MS + 9000,
    )
    store.close()
    found = account(tmp_path / "labwire.db", T_MS, T_MS + 20_000)
    assert found.away == [Away(T_MS + 5000, T_MS + 9000, "lost", "its edge is lost")]


def test_before_it_existed_it_was_not_away(tmp_path: Path) -> None:
    boot = boot_at(T_MS)
    store = open_store(tmp_path)
    write(
        store,
        packet(Kind.STATUS, Status(state="online", boot=boot, ts=T_MS + SILENCE_MS)),
        data(0, boot=boot, ts=T_MS + 50),
        at_ms=T_MS + SILENCE_MS,
    )
    store.close()
    database = tmp_path / "labwire.db"
    silent = Away(T_MS, T_MS + SILENCE_MS, "unknown", NO_STATUS)
    assert account(database, T_MS - DAY_MS, T_MS + SILENCE_MS + 100).away == [silent]
    assert account(database, T_MS - DAY_MS, T_MS - 1000).away == []


def test_days_of_an_instrument(database: Path) -> None:
    with History(database) as history:
        book = Daybook(history, TOPICS, (MIDNIGHT_MS + 200_000) * 1000)
        assert list(book.days("oven1", UTC)) == [date(2026, 11, 20), date(2026, 11, 21)]
        assert list(book.days("oven1", ZoneInfo("Europe/Berlin"))) == [date(2026, 11, 21)]
        assert list(book.days("nope", UTC)) == []


def test_a_day_in_which_clocks_change_has_another_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert [
        (b - a) / 3.6e9 for a, b in (day_us(date(2026, m, d), berlin) for m, d in ((3, 29), (10, 25), (11, 20)))
    ] == [23, 25, 24]
    assert day_us(date(2026, 11, 21), UTC)[0] == MIDNIGHT_MS * 1000


def test_as_json_numbers_include_their_last(database: Path) -> None:
    said = as_json(account(database, MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS))
    assert said["gaps"][0] | {"boot": ""} == {
        "boot": "",
        "from": 60,
        "to": 79,
        "n": 20,
        "reason": "overflow",
        "from_ms": MIDNIGHT_MS - 21_000,
        "to_ms": MIDNIGHT_MS,
    }
    assert (said["expected"], said["stored"], said["missing"], said["coming"]) == (80, 60, 20, 0)


def boot_at(ms: int) -> str:
    return new_boot(lambda: ms / 1000)


def test_what_retention_took_was_here_and_is_no_gap(tmp_path: Path) -> None:
    boots = [boot_at(T_MS + k * DAY_MS) for k in range(3)]
    store = open_store(tmp_path, retention=Retention(samples_days=1.5))
    for k, boot in enumerate(boots):
        at = T_MS + k * DAY_MS + 1000
        write(store, block(0, 1000, {"x": [1.0] * 1000}, boot=boot, t0_us=at * 1000, dt_us=60 * 10**6), at_ms=at)
    while store.tend(T_MS + 3 * DAY_MS, 2**40).more:
        pass
    store.close()
    with History(tmp_path / "labwire.db") as history:
        book = Daybook(history, TOPICS, (T_MS + 3 * DAY_MS) * 1000)
        accounts = [
            book.account("oven1", *(t * 1000 for t in (T_MS + k * DAY_MS, T_MS + (k + 1) * DAY_MS))) for k in range(3)
        ]
        assert len(list(book.days("oven1", UTC))) == 4
    assert [a.expired > 0 for a in accounts] == [True, True, False]
    assert sum(a.expired + a.stored for a in accounts) == 3000
    assert [a.lost for a in accounts] == [0, 0, 0]
    assert accounts[2].stored == 1000
