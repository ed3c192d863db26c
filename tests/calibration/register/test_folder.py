"""A power cut at any moment leaves the folder before the change or after it."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from calibration import chain
from calibration.register.errors import RegisterError
from calibration.register.folder import HEAD, LEDGER, PENDING, Folder, Step, sha256

T = "2026-11-21T08:00:00Z"


class Cut(Exception):
    """The power went."""


def step(n: int) -> Step:
    return Step("event", f"i{n}", file="events.jsonl", line=b"line %d\n" % n, also={f"papers/{n}.pdf": b"%d" % n})


def both(n: int) -> list[Step]:
    """An appended line, another one in the same file, and a file written over."""
    return [step(n), step(n + 1), Step("record", "r", 1, file="records/r.json", content=b"content %d" % n)]


def state(folder: Folder) -> dict[str, bytes]:
    return {
        p.relative_to(folder.path).as_posix(): p.read_bytes()
        for p in folder.path.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    }


def test_a_change_is_chained_and_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    first, second, third = folder.commit(both(1), T)
    assert folder.head() == third.hash
    assert chain.read(folder.ledger(), head=folder.head()) == [first, second, third]
    assert (first.record, third.record) == (sha256(b"line 1"), sha256(b"content 1"))
    assert (tmp_path / "events.jsonl").read_bytes() == b"line 1\nline 2\n"
    assert (tmp_path / "papers" / "2.pdf").read_bytes() == b"2"
    assert not (tmp_path / PENDING).exists()
    folder.commit([step(3)], T)
    assert (tmp_path / "events.jsonl").read_bytes() == b"line 1\nline 2\nline 3\n"


def cuts(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[None]:
    """The power goes before the ``at``-th time something is made to last."""
    count = 0
    real = os.fsync

    def fsync(handle: int) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise Cut
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield


@pytest.mark.parametrize("at", range(1, 30))
def test_a_power_cut_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    plain, cut = Folder(tmp_path / "plain"), Folder(tmp_path / "cut")
    for folder in (plain, cut):
        folder.path.mkdir()
        folder.commit(both(1), T)
    before = state(cut)
    plain.commit(both(3), T)
    for _ in cuts(monkeypatch, at):
        with contextlib.suppress(Cut):
            cut.commit(both(3), T)
    with Folder(cut.path).writing():
        pass
    assert state(cut) in (before, state(plain))
    Folder(cut.path).commit([step(9)], T)
    chain.read(cut.ledger(), head=cut.head())


@pytest.mark.parametrize("torn", range(7))
def test_a_torn_line_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torn: int) -> None:
    folder = Folder(tmp_path)
    folder.commit([step(1)], T)
    for _ in cuts(monkeypatch, 3):
        with contextlib.suppress(Cut):
            folder.commit([step(2)], T)
    assert (tmp_path / PENDING).exists()
    (tmp_path / "events.jsonl").write_bytes(b"line 1\n" + b"line 2\n"[:torn])
    with folder.writing():
        pass
    assert (tmp_path / "events.jsonl").read_bytes() == b"line 1\nline 2\n"
    assert len(chain.read(folder.ledger(), head=folder.head())) == 2


def test_a_bent_intent_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / PENDING).write_bytes(b'{"writes":3}')
    with pytest.raises(RegisterError, match="not what the register wrote"):
        folder.commit([step(1)], T)


def test_a_file_that_grew_meanwhile_is_not_cut(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.commit([step(1)], T)
    with pytest.raises(RegisterError, match="while nobody held the lock"):
        folder._write_at("events.jsonl", 2, b"x")


@pytest.mark.parametrize(("ledger", "head"), [(b"", None), (None, b"0" * 64), (b"{}\n", None), (b'{"seq":0}\n', None)])
def test_nothing_is_added_to_a_chain_that_does_not_hold(
    tmp_path: Path, ledger: bytes | None, head: bytes | None
) -> None:
    folder = Folder(tmp_path)
    folder.commit([step(1)], T)
    if ledger is not None:
        (tmp_path / LEDGER).write_bytes(ledger)
    if head is not None:
        (tmp_path / HEAD).write_bytes(head)
    with pytest.raises(RegisterError, match="labwire cal verify"):
        folder.commit([step(2)], T)


def test_writing_may_be_nested(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.writing(), folder.writing():
        folder.commit([step(1)], T)
    assert len(folder.ledger()) == 1


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.commit([step(1)], T)
    with (tmp_path / LEDGER).open("ab") as file:
        file.write(b'{"half')
    assert len(folder.ledger()) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="cannot be written"), Folder(tmp_path / "none").writing():
        pass


def test_readers_wait_for_a_writer_and_need_no_lock_of_their_own(tmp_path: Path) -> None:
    folder, order = Folder(tmp_path), list[str]()
    with folder.reading():
        order.append("a copy has no lock")

    def read() -> None:
        with Folder(tmp_path).reading():
            order.append("read")

    with folder.writing():
        reader = threading.Thread(target=read)
        reader.start()
        folder.commit([step(1)], T)
        order.append("written")
    reader.join()
    assert order == ["a copy has no lock", "written", "read"]
