from pathlib import Path

from logger.store import rebuild
from logger.store.writer import Store
from tests.logger.store.checks.damage import change, counted, found, make
from tests.logger.support import T_MS, open_store


def test_roll_ups_are_what_their_rows_say(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "DELETE FROM rollup WHERE level = 0 AND id NOT IN (SELECT id FROM rollup_open)")

    wrong = found(path)

    assert set(wrong) == {"roll-ups"}
    assert any("oven1, roll-up of 0.1 s" in text for text in wrong["roll-ups"])
    assert any("oven1, roll-up of 1 s" in text for text in wrong["roll-ups"])


def test_what_was_gathered_counts_once(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "INSERT INTO rollup_open SELECT source, level, id FROM rollup WHERE level = 0 LIMIT 1")
    assert set(found(path)) == {"roll-ups"}


def repaired(store: Store) -> None:
    store.rebuild()
    while store.tend(T_MS, 2**62).more:
        pass


def test_they_are_made_again_from_the_rows(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE rollup SET body = x'00', crc = 7")
    assert set(found(path)) == {"roll-ups"}
    store = open_store(tmp_path)
    repaired(store)
    assert found(path) == {}


def test_while_they_are_made_again_it_says_so(tmp_path: Path) -> None:
    path = make(tmp_path)
    store = open_store(tmp_path)
    store.rebuild()
    assert rebuild.pending(store._db)
    (text,) = found(path)["roll-ups"]
    assert "made again" in text


def test_where_rows_have_expired_roll_ups_may_know_more_but_not_less(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "INSERT INTO expired SELECT book, seq, seq + n FROM piece ORDER BY seq LIMIT 1")
    change(path, "DELETE FROM piece WHERE seq = (SELECT min(seq) FROM piece)")
    counted(path)
    assert found(path) == {}
    store = open_store(tmp_path)
    repaired(store)
    assert found(path) == {}
    store.close()
    change(path, "DELETE FROM rollup WHERE level = 0 AND id > 2")
    assert set(found(path)) == {"roll-ups"}


def test_sizes_are_counted_right(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE account SET bytes = bytes + 1 WHERE what = 'traffic'")
    (text,) = found(path)["roll-ups"]
    assert text.startswith("the traffic are")
    repaired(open_store(tmp_path))
    assert found(path) == {}
