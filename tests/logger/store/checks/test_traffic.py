from pathlib import Path

from tests.logger.store.checks.damage import change, found, make


def test_a_segment_holds_what_it_says(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE segment SET n = n + 1, crc = NULL WHERE id = (SELECT max(id) FROM segment)")
    (text,) = found(path)["traffic and records"]
    assert text.endswith("it does not hold what it says")


def test_a_description_can_be_read(tmp_path: Path) -> None:
    path = make(tmp_path)
    change(path, "UPDATE meta SET payload = x'7b'")
    (text,) = found(path)["traffic and records"]
    assert text.startswith("oven1: its description")
