from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge.simulators.journal import Entry, Journal, read_journal


@given(st.lists(st.binary(max_size=30), max_size=5))
def test_any_bytes_come_back(tmp_path_factory: object, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("j") / "journal"  # type: ignore[attr-defined]
    journal = Journal(path, clock=lambda: 1.5)
    journal.write("i1", ">", lines)
    journal.close()

    assert list(read_journal(path)) == [Entry(1_500_000, "i1", ">", line) for line in lines]


def test_it_appends_and_a_cut_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for word in (b"one", b"two"):
        journal = Journal(path)
        journal.write("i1", "<", [word])
        journal.close()
    path.write_text(path.read_text() + "17952\ti1\t<\tthr")

    assert [e.data for e in read_journal(path)] == [b"one", b"two"]


def test_without_a_path_it_writes_nowhere() -> None:
    journal = Journal(None)
    journal.write("i1", "<", [b"x"])
    journal.close()
