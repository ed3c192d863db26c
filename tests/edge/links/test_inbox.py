from hypothesis import given
from hypothesis import strategies as st

from edge.links.inbox import Inbox
from tests.edge.support import pieces

LINES = st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"")), max_size=8)
CUTS = st.lists(st.integers(0, 200), max_size=20)


@given(LINES, CUTS)
def test_lines_come_out_whole_whatever_the_pieces(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    inbox, found = Inbox(), []
    for piece in pieces(data, cuts):
        inbox.feed(piece.data, piece.t_us)
        while (line := inbox.take_until(b"\r\n")) is not None:
            found.append(line)

    assert [f.data for f in found] == [line + b"\r\n" for line in lines]
    assert len(inbox) == 0


@given(LINES.filter(bool), CUTS)
def test_a_line_has_the_time_of_the_piece_its_last_byte_came_in(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    inbox = Inbox()
    parts = pieces(data, cuts)
    for piece in parts:
        inbox.feed(piece.data, piece.t_us)
    end = 0
    for _ in lines:
        line = inbox.take_until(b"\r\n")

        assert line is not None
        end += len(line.data)
        reached = 0
        for piece in parts:
            reached += len(piece.data)
            if reached >= end:
                assert line.t_us == piece.t_us
                break


@given(st.binary(min_size=1, max_size=50), CUTS, st.integers(0, 40))
def test_pieces_keep_their_times_also_after_a_part_was_taken(data: bytes, cuts: list[int], taken: int) -> None:
    parts = pieces(data, cuts)
    inbox = Inbox()
    for piece in parts:
        inbox.feed(piece.data, piece.t_us)
    marked = [t for p in parts for t in [p.t_us] * len(p.data)]
    first = data[: taken % len(data) + 1]
    inbox.take_until(first)
    rest = inbox.take_pieces()

    assert b"".join(p.data for p in rest) == data[len(first) :]
    assert [t for p in rest for t in [p.t_us] * len(p.data)] == marked[len(first) :]


def test_more_than_the_limit_drops_the_oldest_and_counts() -> None:
    inbox = Inbox(limit=10)
    inbox.feed(b"0123456789", 1)
    inbox.feed(b"abc\n", 2)

    assert inbox.dropped == 4
    line = inbox.take_until(b"\n")
    assert line is not None
    assert (line.data, line.t_us) == (b"456789abc\n", 2)


def test_clear_gives_what_waits() -> None:
    inbox = Inbox()
    inbox.feed(b"half", 1)
    inbox.feed(b"", 2)

    assert inbox.clear() == b"half"
    assert inbox.clear() == b""
    assert inbox.take_pieces() == []
