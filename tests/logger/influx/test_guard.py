from pathlib import Path

from logger.influx.cursor import FILE_NAME, Cursor
from logger.influx.guard import Unwritten


def test_only_what_is_written_may_go(tmp_path: Path) -> None:
    guard = Unwritten(tmp_path)
    assert guard("oven1", "b1", 0, 10), "without a cursor nothing is written"
    cursor = Cursor(tmp_path / FILE_NAME)
    cursor.advance([(("oven1", "b1"), 0, 10), (("oven1", "b1"), 20, 30)])

    assert not guard("oven1", "b1", 0, 10)
    assert not guard("oven1", "b1", 22, 25)
    assert guard("oven1", "b1", 5, 11)
    assert guard("oven1", "b1", 10, 20)
    assert guard("oven1", "b2", 0, 1)
    cursor.close()
