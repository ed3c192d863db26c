from pathlib import Path

import pytest

from tests.logger.store.checks.damage import change, flip, found, make


def test_a_whole_store_has_nothing_to_say(tmp_path: Path) -> None:
    assert found(make(tmp_path)) == {}


@pytest.mark.parametrize(
    ("part", "sql"),
    [
        ("samples", "SELECT body FROM piece WHERE level < 98 ORDER BY id LIMIT 1"),
        ("samples", "SELECT body FROM piece WHERE level = 99 AND n < 32"),
        ("samples", "SELECT summary FROM piece WHERE summary IS NOT NULL LIMIT 1"),
        ("roll-ups", "SELECT body FROM rollup WHERE level = 0 LIMIT 1"),
        ("traffic and records", "SELECT body FROM segment WHERE codec = 0 LIMIT 1"),
        ("traffic and records", "SELECT body FROM segment WHERE codec = 1 LIMIT 1"),
        ("traffic and records", "SELECT payload FROM record"),
    ],
)
@pytest.mark.parametrize("at", [1, 7, 20])
def test_a_flipped_bit_is_found(tmp_path: Path, part: str, sql: str, at: int) -> None:
    path = make(tmp_path)
    flip(path, sql, at)
    assert part in found(path)


def test_without_a_checksum_what_a_piece_says_is_held_against_its_rows(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE piece SET crc = NULL")
    assert found(path) == {}
    change(path, "UPDATE piece SET t_max = t_max + 1 WHERE id = (SELECT min(id) FROM piece)")
    second = "(SELECT id FROM piece WHERE n >= 32 ORDER BY id LIMIT 1, 1)"
    change(path, f"UPDATE piece SET summary = zeroblob(32) WHERE id = {second}")  # noqa: S608
    change(path, "UPDATE piece SET body = x'0102' WHERE id = (SELECT max(id) FROM piece)")

    texts = "\n".join(found(path)["samples"])

    assert "its first or last time is not what it says" in texts
    assert "its summary is not what its rows say" in texts
    assert "oven1, rows" in texts
    assert "cannot be read" in texts
