from pathlib import Path

from logger.influx.cursor import Cursor

KEY = ("oven1", "boot-1")


def test_ranges_and_marks_are_there_after_a_restart(tmp_path: Path) -> None:
    one = Cursor(tmp_path / "influx.db")
    one.advance([(KEY, 0, 10), (KEY, 20, 30), (("i1", ""), 5, 6)], {"record": "7"})
    one.advance([(KEY, 10, 20)])
    one.close()

    two = Cursor(tmp_path / "influx.db")
    assert list(two.done(KEY)) == [(0, 30)]
    assert list(two.done(("i1", ""))) == [(5, 6)]
    assert two.marks == {"record": "7"}
    two.close()


def test_what_is_forgotten_is_to_be_done_again(tmp_path: Path) -> None:
    cursor = Cursor(tmp_path / "influx.db")
    cursor.advance([(KEY, 0, 10)])
    cursor.forget(KEY, 4)
    cursor.close()

    again = Cursor(tmp_path / "influx.db")
    assert list(again.done(KEY)) == [(0, 4)]
    again.close()


def test_the_first_type_keeps_the_name_also_from_another_process(tmp_path: Path) -> None:
    one, two = Cursor(tmp_path / "influx.db"), Cursor(tmp_path / "influx.db")

    assert one.field("temp", "float") == "temp"
    assert two.field("temp", "int") == "temp:int"
    assert two.field("n", "int") == "n"
    assert one.field("n", "float") == "n:float"
    one.close()
    two.close()
