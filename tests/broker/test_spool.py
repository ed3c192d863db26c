"""The spool on a real disk: what is written is there after any end of the process, and room is made honestly."""

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.config import ConfigError
from broker.messages import Hold
from broker.segment import Segment, Writer
from broker.shelf import Shelf
from broker.spool import Record, Spool, Stream

KIND = 1


def stamp_of(kind: int, body: bytes) -> tuple[int, int] | None:
    """In these tests a body is ``<µs> <filling>``."""
    return int(body.split()[0]), 0


def open_spool(folder: Path, boot: str = "b1", limit: int = 10_000_000, segment_bytes: int = 2_000) -> Spool:
    return Spool(folder, boot, stamp_of=stamp_of, limit=limit, segment_bytes=segment_bytes)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path)
    yield spool
    spool.close()


def fill(spool: Spool, rows: int, source: str = "i1", stream: Stream = "samples", length: int = 50) -> None:
    for _ in range(rows):
        body = b"%d %s" % (spool.next(source, stream), b"x" * length)
        spool.append(source, stream, KIND, body)


def numbers(spool: Spool, source: str = "i1", boot: str = "b1", first: int = 0, end: int = 10**9) -> list[int]:
    return [r.seq for r in spool.read(source, "samples", boot, first, end, 10**9) or ()]


def read(spool: Spool, stream: Stream, first: int, end: int, limit: int = 10**9) -> list[Record]:
    records = spool.read("i1", stream, "b1", first, end, limit)
    assert records is not None
    return records


def abandon(spool: Spool) -> None:
    """End as a kill -9 does: nothing is finished, the lock goes with the process."""
    for writer in spool._active.values():
        writer.close()
    spool._lock.close()


# --- what is written is there -----------------------------------------------------------------------------------------


def test_gives_back_what_was_written_in_order_across_segments(spool: Spool) -> None:
    fill(spool, 100)

    records = read(spool, "samples", 20, 80)

    assert [r.seq for r in records] == list(range(20, 80))
    assert records[0].body == b"20 " + b"x" * 50
    assert len(spool._shelf.segments) >= 3


def test_keeps_sources_and_streams_apart(spool: Spool) -> None:
    fill(spool, 30, "i1")
    fill(spool, 20, "i2")
    fill(spool, 10, "i1", "events")

    assert (len(numbers(spool, "i1")), len(numbers(spool, "i2"))) == (30, 20)
    assert [r.seq for r in read(spool, "events", 0, 99)] == list(range(10))
    assert spool.sources() == {"i1", "i2"}


def test_read_stops_at_its_limit_but_gives_at_least_one(spool: Spool) -> None:
    fill(spool, 10)

    assert len(read(spool, "samples", 0, 10, 160)) == 3
    assert len(read(spool, "samples", 0, 10, 1)) == 1


def test_a_record_of_many_rows_is_found_by_each_of_them(spool: Spool) -> None:
    spool.append("i1", "samples", KIND, b"0", rows=100)
    spool.append("i1", "samples", KIND, b"100", rows=50)

    assert spool.next("i1", "samples") == 150
    assert [(r.seq, r.end) for r in read(spool, "samples", 99, 101)] == [(0, 100), (100, 150)]
    assert [r.seq for r in read(spool, "samples", 100, 101)] == [100]


def test_a_tag_is_remembered_with_each_record(spool: Spool) -> None:
    for tag in ("a", "a", "b", "a"):
        spool.append("i1", "samples", KIND, b"0", tag=tag)

    assert [r.tag for r in read(spool, "samples", 0, 4)] == ["a", "a", "b", "a"]


def test_everything_is_there_after_a_proper_end_and_after_none(tmp_path: Path) -> None:
    first = open_spool(tmp_path, "b1")
    fill(first, 70)
    first.close()
    second = open_spool(tmp_path, "b2")
    fill(second, 30)
    abandon(second)

    third = open_spool(tmp_path, "b3")

    assert numbers(third, boot="b1") == list(range(70))
    assert numbers(third, boot="b2") == list(range(30))
    assert third.hold("i1", "samples") == [Hold(boot="b1", first=0, next=70), Hold(boot="b2", first=0, next=30)]
    third.close()


@settings(max_examples=60)
@given(cut=st.integers(1, 700), noise=st.binary(max_size=60))
def test_a_torn_tail_costs_only_the_torn_records(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = open_spool(folder, segment_bytes=10_000)
    fill(spool, 10)
    abandon(spool)
    path = next(folder.glob("*.seg"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] + noise)

    again = open_spool(folder, "b2")

    left = numbers(again)
    assert left == list(range(len(left)))
    assert len(left) >= 10 - 1 - cut // 70
    again.close()


def test_a_damaged_record_is_missing_and_its_neighbours_are_not(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 100)
    spool.close()
    path = sorted(tmp_path.glob("*.seg"))[1]
    data = bytearray(path.read_bytes())
    data[data.index(b"xxxx") + 1] ^= 1
    path.write_bytes(data)

    again = open_spool(tmp_path, "b2")

    assert len(numbers(again)) == 99
    again.close()


def test_a_kill_while_room_is_made_cannot_hide_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after the oldest file is gone, before anything else is written."""

    class Killed(BaseException):
        pass

    def free(shelf: Shelf, segment: Segment) -> None:
        segment.path.unlink()
        raise Killed

    spool = open_spool(tmp_path, limit=10_000)
    fill(spool, 60)
    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "free", free)
        with pytest.raises(Killed):
            fill(spool, 200)
    abandon(spool)

    with contextlib.closing(open_spool(tmp_path, "b2")) as after:
        (held,) = after.hold("i1", "samples")
        assert held.first > 0
        assert held.lost == held.first


def test_a_kill_9_loses_nothing(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.broker.test_spool import fill, open_spool\n"
        "spool = open_spool(Path(sys.argv[1]))\nfill(spool, 500)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])

    assert done.returncode == -9
    again = open_spool(tmp_path, "b2")
    assert numbers(again) == list(range(500))
    again.close()


def test_opening_reads_only_what_is_needed(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=10**9, segment_bytes=400_000)
    fill(spool, 12_000, length=300)
    spool.close()
    before = _bytes_read()

    again = open_spool(tmp_path, "b2")

    assert _bytes_read() - before < 200_000 < again.size / 10
    again.close()


def _bytes_read() -> int:
    text = Path("/proc/self/io").read_text()
    return int(text.split("rchar: ")[1].split()[0])


def test_the_folder_belongs_to_one(tmp_path: Path, spool: Spool) -> None:
    with pytest.raises(ConfigError, match=f"in use by another process .pid {os.getpid()}."):
        open_spool(tmp_path)


# --- room -------------------------------------------------------------------------------------------------------------


def test_committed_records_stay_until_room_is_needed(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 100)
    spool.mark("i1", "samples", "b1", 100)
    assert spool.hold("i1", "samples") == [Hold(boot="b1", first=0, next=100)]

    fill(spool, 200)

    assert spool.size <= 20_000
    assert spool.lost == 0
    assert 0 < spool.hold("i1", "samples")[0].first <= 100
    spool.close()


def test_the_oldest_go_when_nothing_is_committed_and_are_counted(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 1000)

    hold = spool.hold("i1", "samples")[0]
    assert spool.size <= 20_000
    assert (hold.first, hold.next) == (hold.lost, 1000)
    assert spool.lost == hold.first > 700
    assert numbers(spool) == list(range(hold.first, 1000))
    spool.close()


def test_committed_segments_go_before_older_ones_that_are_not(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 20, "slow")
    fill(spool, 20, "i1")
    spool.mark("i1", "samples", "b1", 10**6)

    fill(spool, 500, "i1")

    assert numbers(spool, "slow") == list(range(20))
    assert spool.lost == 0
    spool.close()


def test_a_flood_of_samples_does_not_push_events_out(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=40_000)
    fill(spool, 50, "i1", "events")

    fill(spool, 2000, "i1")

    assert spool.hold("i1", "events") == [Hold(boot="b1", first=0, next=50)]
    spool.close()


def test_a_watermark_that_goes_back_protects_again(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 100)
    spool.mark("i1", "samples", "b1", 100)
    spool.mark("i1", "samples", "b1", 0)

    fill(spool, 300)

    assert spool.lost == spool.hold("i1", "samples")[0].first > 0
    spool.close()


def test_losses_and_watermarks_outlive_the_process(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 500)
    lost = spool.lost
    spool.mark("i1", "samples", "b1", 500)
    spool.close()

    again = open_spool(tmp_path, "b2", limit=20_000)
    assert again.hold("i1", "samples")[0].lost == lost
    fill(again, 100, "i2")

    assert again.lost == lost > 0
    assert again.waiting("i2", "samples") == 100
    again.close()


def test_an_ended_boot_that_lost_everything_is_listed_until_the_logger_has_heard(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, limit=20_000)
    fill(spool, 50)
    spool.close()
    again = open_spool(tmp_path, "b2", limit=20_000)
    fill(again, 500, "i2")
    assert again.hold("i1", "samples") == [Hold(boot="b1", first=50, next=50, lost=50)]

    again.mark("i1", "samples", "b1", 50)

    assert again.hold("i1", "samples") == []
    again.close()


def test_a_hole_is_passed_over_once_everything_before_it_is_stored(spool: Spool) -> None:
    fill(spool, 10)
    spool.lose("i1", "samples", "b1", 4, 6, "too large")
    assert spool.hold("i1", "samples") == [Hold(boot="b1", first=0, next=10, lost=2)]

    spool.mark("i1", "samples", "b1", 4)

    assert spool.hold("i1", "samples") == [Hold(boot="b1", first=6, next=10, lost=2)]
    spool.lose("i1", "samples", "b1", 4, 6, "too large")
    assert spool.lost == 2


def test_hold_begins_where_the_logger_wants_records(spool: Spool) -> None:
    fill(spool, 10)
    before = spool.unseen("i1", "samples")

    spool.mark("i1", "samples", "b1", 7, floor=6)

    assert spool.hold("i1", "samples") == [Hold(boot="b1", first=6, next=10)]
    assert spool.unseen("i1", "samples") != before
    spool.mark("i1", "samples", "b1", 8)
    assert spool.hold("i1", "samples") == [Hold(boot="b1", first=0, next=10)]


def test_a_loss_and_a_new_boot_are_news_and_a_new_record_is_not(spool: Spool) -> None:
    seen = [spool.unseen("i1", "samples")]
    fill(spool, 1)
    seen.append(spool.unseen("i1", "samples"))
    fill(spool, 1)
    assert spool.unseen("i1", "samples") == seen[1] != seen[0]

    spool.lose("i1", "samples", "b1", 0, 1, "too large")

    assert spool.unseen("i1", "samples") not in seen


# --- a disk that does not take it -------------------------------------------------------------------------------------


def test_a_full_disk_is_counted_and_recovers(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(spool, 5)
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", _no_space)

    fill(spool, 3)

    assert spool.failed == 3
    assert "No space left on device" in spool.problem
    monkeypatch.setattr(os, "pwrite", real)
    fill(spool, 2)
    assert spool.problem == ""
    assert numbers(spool) == [0, 1, 2, 3, 4, 8, 9]
    assert spool.next("i1", "samples") == 10


def _no_space(fd: int, data: bytes, offset: int) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_half_written_record_is_overwritten_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 2)
    real = os.pwrite
    sizes = [20]

    def almost_full(fd: int, data: bytes, offset: int) -> int:
        return real(fd, bytes(data)[: sizes.pop()], offset) if sizes else _no_space(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", almost_full)
    fill(spool, 1)
    monkeypatch.setattr(os, "pwrite", real)
    fill(spool, 2)
    abandon(spool)

    again = open_spool(tmp_path, "b2")

    assert numbers(again) == [0, 1, 3, 4]
    again.close()


def test_a_full_disk_takes_the_room_of_what_is_stored_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 100)
    spool.mark("i1", "samples", "b1", 100)
    oldest = spool._shelf.segments[0].path
    real = os.pwrite

    def full_until_something_goes(fd: int, data: bytes, offset: int) -> int:
        if oldest.exists():
            return _no_space(fd, data, offset)
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", full_until_something_goes)
    fill(spool, 1)

    assert spool.failed == 0
    assert numbers(spool)[-1] == 100
    spool.close()


def test_a_writer_leaves_no_file_behind_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pwrite", _no_space)

    with pytest.raises(OSError, match="No space"):
        Writer(tmp_path / "x.seg", 0, "samples", "b1")

    assert list(tmp_path.iterdir()) == []


# --- time -------------------------------------------------------------------------------------------------------------


def test_fold_grows_when_a_stamp_is_not_after_the_last(spool: Spool) -> None:
    assert [spool.stamp("i1", t) for t in (10, 11, 11, 5, 6, 7)] == [0, 0, 1, 2, 2, 2]
    assert spool.stamp("i2", 5) == 0


@pytest.mark.parametrize("properly", [True, False])
def test_the_last_stamp_outlives_the_process(tmp_path: Path, properly: bool) -> None:
    spool = open_spool(tmp_path)
    for t in (100, 200):
        spool.stamp("i1", t)
        spool.append("i1", "samples", KIND, b"%d" % t)
    (spool.close if properly else lambda: abandon(spool))()

    again = open_spool(tmp_path, "b2")

    assert again.stamp("i1", 200) == 1
    again.close()


def test_after_a_kill_no_stream_repeats_a_stamp_that_any_of_its_source_had(tmp_path: Path) -> None:
    """Which of them a record is of nobody has noted; of another source nothing changes."""
    spool = open_spool(tmp_path)
    spool.stamp("i1", 50, stream="/a")
    spool.close()
    spool = open_spool(tmp_path, "b2")
    for t, stream in ((100, "/a"), (300, "/b"), (200, "/a")):
        assert spool.stamp("i1", t, stream=stream) == 0
        spool.append("i1", "samples", KIND, b"%d" % t)
    assert spool.stamp("i2", 70) == 0
    spool.append("i2", "samples", KIND, b"70")
    abandon(spool)

    again = open_spool(tmp_path, "b3")
    assert again.last_stamp("i1") == 300
    again.stamp("i1", 301, stream="/c")
    again.close()  # and that is still known when a run has ended properly in between
    last = open_spool(tmp_path, "b4")

    assert last.stamp("i1", 150, stream="/a") == 1  # the clock was set back meanwhile
    assert last.stamp("i1", 310, stream="/b") == 0
    assert last.stamp("i1", 300, stream="/new") == 1
    assert [last.stamp("i2", t) for t in (71, 71)] == [0, 1]
    last.close()


@given(since=st.integers(-5, 110))
@settings(max_examples=30)
def test_since_finds_the_first_record_that_is_not_older(tmp_path_factory: pytest.TempPathFactory, since: int) -> None:
    spool = open_spool(tmp_path_factory.mktemp("spool"))
    fill(spool, 100)  # the stamp of each is its number

    assert spool.since("i1", "samples", "b1", since) == min(100, max(0, since))
    spool.close()


# --- synchronisation --------------------------------------------------------------------------------------------------


def test_there_is_something_to_synchronise_only_after_a_write(spool: Spool) -> None:
    assert spool.to_sync() is None
    fill(spool, 200)

    sync = spool.to_sync()

    assert sync is not None
    assert sync.run() == ""
    assert spool.to_sync() is None
