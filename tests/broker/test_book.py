import contextlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.book import KEEP_S, Book, BookError
from broker.messages import TERMINAL, Reply, ReplyState


def reply(id_: str = "c1", state: ReplyState = "accepted", ts: int = 1000) -> Reply:
    return Reply(id=id_, state=state, ts=ts, name="tare")


class Clocks:
    """The wall clock and the monotonic one, set by hand."""

    def __init__(self, wall: float = 1_795_219_199.0) -> None:
        self.wall = wall
        self.run = 100.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.run += seconds

    def open(self, path: Path, max_ids: int = 1000) -> Book:
        return Book(path, clock=lambda: self.wall, monotonic=lambda: self.run, max_ids=max_ids)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "commands.journal"


@contextlib.contextmanager
def full_disk(free: int, path: Path) -> Iterator[None]:
    """Files may not grow beyond the journal's size and ``free`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_new_id_is_unknown_an_accepted_one_known(path: Path) -> None:
    with Book(path) as book:
        assert book.known("c1") is None

        book.accept(reply())

        assert book.known("c1") == reply()
        assert book.unfinished() == [reply()]


def test_the_last_state_is_what_is_known(path: Path) -> None:
    with Book(path) as book:
        book.accept(reply())
        book.update(reply(state="running"))
        assert book.known("c1") == reply(state="running")
        book.finish(reply(state="done"))

        assert book.known("c1") == reply(state="done")
        assert book.unfinished() == []


def test_everything_survives_a_restart(path: Path) -> None:
    with Book(path) as book:
        for id_ in ("c1", "c2", "c3"):
            book.accept(reply(id_))
        book.finish(reply("c2", "done"))
        book.finish(reply("refused", "rejected"))

    with Book(path) as book:
        assert book.unfinished() == [reply("c1"), reply("c3")]
        assert book.known("c2") == reply("c2", "done")
        assert book.known("refused") == reply("refused", "rejected")


def test_a_running_command_is_unfinished_after_a_restart(path: Path) -> None:
    with Book(path) as book:
        book.accept(reply())
        book.update(reply(state="running"))

    with Book(path) as book:
        assert [r.id for r in book.unfinished()] == ["c1"]


def test_a_running_reply_of_an_unknown_command_is_nothing(path: Path) -> None:
    with Book(path) as book:
        book.update(reply(state="running"))

        assert book.known("c1") is None


def test_ids_are_forgotten_after_ten_minutes(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.accept(reply())
        book.finish(reply(state="done"))
        clocks.pass_(KEEP_S)
        assert book.known("c1") == reply(state="done")

        clocks.pass_(0.1)

        assert book.known("c1") is None


def test_ten_minutes_go_on_over_a_restart(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.finish(reply("early", "done"))
        clocks.pass_(300)
        book.finish(reply("late", "done"))

    clocks.pass_(301)
    with clocks.open(path) as book:
        assert book.known("early") is None
        assert book.known("late") == reply("late", "done")


def test_an_unfinished_command_is_never_forgotten(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.accept(reply())
        clocks.pass_(10 * KEEP_S)
        assert book.known("c1") == reply()

    clocks.pass_(10 * KEEP_S)
    with clocks.open(path) as book:
        assert book.unfinished() == [reply()]


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_jumping_clock_forgets_nothing_early(path: Path, jump: float) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.finish(reply(state="done"))
        clocks.wall += jump

        assert book.known("c1") == reply(state="done")


def test_a_clock_set_back_over_a_restart_forgets_nothing_early(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.finish(reply(state="done"))

    clocks.wall -= 86_400
    with clocks.open(path) as book:
        clocks.pass_(KEEP_S)
        assert book.known("c1") == reply(state="done")


def test_more_ids_than_the_book_holds_are_refused(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path, max_ids=2) as book:
        book.accept(reply("c1"))
        book.accept(reply("c2"))
        with pytest.raises(BookError, match="already remembers 2 commands"):
            book.accept(reply("c3"))
        book.finish(reply("c1", "done"))
        book.finish(reply("c2", "done"))

        clocks.pass_(KEEP_S + 1)
        book.accept(reply("c3"))

        assert book.known("c3")


def test_the_journal_is_shortened_and_keeps_what_counts(path: Path) -> None:
    clocks = Clocks()
    with clocks.open(path) as book:
        book.accept(reply("slow"))
        for k in range(5000):
            book.finish(reply(f"c{k}", "rejected"))
            clocks.pass_(1)

        assert path.stat().st_size < 3000 * 120
        assert not list(path.parent.glob("*.new"))

    with clocks.open(path) as book:
        assert book.unfinished() == [reply("slow")]
        assert book.known("c4999")
        assert book.known("c4399") is None


# --- the disk ---------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 2000), tail=st.binary(max_size=40))
def test_a_torn_tail_loses_only_what_was_torn(tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes) -> None:
    path = tmp_path_factory.mktemp("book") / "journal"
    ends: list[int] = []
    with Book(path) as book:
        for k in range(10):
            book.accept(reply(f"c{k}"))
            ends.append(path.stat().st_size)
    data = path.read_bytes()[:cut]
    path.write_bytes(data + tail)

    whole = [k for k, end in enumerate(ends) if end <= len(data)]
    with Book(path) as book:
        for k in whole:
            assert book.known(f"c{k}"), k
        book.accept(reply("next"))

    with Book(path) as book:
        for k in whole:
            assert book.known(f"c{k}"), k
        assert book.known("next")


def test_a_damaged_record_costs_only_itself(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Book(path) as book:
        for id_ in ("c1", "c2", "c3"):
            book.accept(reply(id_))
    path.write_bytes(path.read_bytes().replace(b'"c2"', b'"cX"'))

    with Book(path) as book:
        assert [r.id for r in book.unfinished()] == ["c1", "c3"]
        assert "1 damaged record" in caplog.text


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"nowhere/journal cannot be opened: No such file"):
        Book(tmp_path / "nowhere" / "journal")


@pytest.mark.parametrize("free", [0, 1, 20, 100])
def test_a_full_disk_refuses_the_command_and_leaves_the_journal_whole(path: Path, free: int) -> None:
    with Book(path) as book:
        book.accept(reply("before"))
        size = path.stat().st_size
        with full_disk(free, path):
            with pytest.raises(BookError, match=r"commands.journal cannot be written: File too large"):
                book.accept(reply("refused" * 20))
            assert book.known("refused" * 20) is None
            assert path.stat().st_size == size
        book.accept(reply("after"))

    with Book(path) as book:
        assert [r.id for r in book.unfinished()] == ["before", "after"]


def test_what_finished_on_a_full_disk_is_written_later(path: Path) -> None:
    with Book(path) as book:
        book.accept(reply("c1"))
        with full_disk(5, path), pytest.raises(BookError):
            book.finish(reply("c1", "done"))
        assert book.known("c1") == reply("c1", "done")
        book.accept(reply("c2"))

    with Book(path) as book:
        assert book.known("c1") == reply("c1", "done")
        assert book.unfinished() == [reply("c2")]


def test_a_disk_too_full_to_shorten_the_journal_goes_on_with_the_old_one(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks()
    path.with_suffix(".journal.new").mkdir()  # nothing can be written there
    with clocks.open(path, max_ids=5000) as book:
        for k in range(1500):
            book.finish(reply(f"c{k}", "rejected"))

        assert caplog.text.count("could not be shortened") == 1
        assert book.known("c0")
        assert book.known("c1499")


KILLED = """
import sys
from pathlib import Path
from broker.book import Book
from broker.messages import Reply
book = Book(Path(sys.argv[1]))
for k in range(10**9):
    book.accept(Reply(id=f"c{k}", state="accepted", ts=k))
    print(k, flush=True)
    if k % 2:
        book.finish(Reply(id=f"c{k}", state="done", ts=k))
"""


def test_kill_9_loses_nothing_that_was_accepted(path: Path) -> None:
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(300)]
            process.kill()
            said += process.stdout.readlines()

        with Book(path) as book:
            last = int([line for line in said if line.endswith(b"\n")][-1])
            for k in range(last):
                known = book.known(f"c{k}")
                assert known is not None
                assert (known.state in TERMINAL) == bool(k % 2)
            assert book.known(f"c{last}")
