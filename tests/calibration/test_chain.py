import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.chain import START, ChainError, Entry, append, canonical, digest, read


def ledger(n: int = 4) -> list[Entry]:
    entries: list[Entry] = []
    for i in range(n):
        last = entries[-1] if entries else None
        who = "anna" if i % 2 else ""
        entries.append(
            append(last, t=f"2026-11-2{i}", event="released", id=f"Ä-{i}", rev=1, record=digest([i]), by=who)
        )
    return entries


def lines() -> list[bytes]:
    return [entry.line() for entry in ledger()]


def test_a_ledger_is_read_again() -> None:
    assert read(lines()) == ledger()
    assert read(lines(), head=ledger()[-1].hash) == ledger()
    assert read([], head=START) == []
    assert ledger()[0].prev == START


def test_a_flipped_bit_anywhere_is_found() -> None:
    head, whole = ledger()[-1].hash, b"".join(lines())
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(ChainError):
            read(bytes(changed).splitlines(keepends=True), head=head)


@pytest.mark.parametrize("gone", range(4))
def test_a_removed_entry_is_found(gone: int) -> None:
    left = lines()
    del left[gone]
    with pytest.raises(ChainError):
        read(left, head=ledger()[-1].hash)


def test_exchanged_and_repeated_entries_are_found() -> None:
    a, b, c, d = lines()
    for wrong in ([a, c, b, d], [a, a, b, c, d], [b, c, d]):
        with pytest.raises(ChainError):
            read(wrong)


def test_a_field_without_content_is_left_out() -> None:
    first, second = lines()[:2]
    assert b'"by"' not in first
    assert b'"by":"anna"' in second
    with pytest.raises(ChainError, match="not in the form"):
        read([first.replace(b'{"dcc"', b'{"by":"","dcc"')])


def test_canonical_form() -> None:
    assert canonical({"b": 1, "a": ["µ", None, True]}) == '{"a":["µ",null,true],"b":1}'.encode()
    for wrong in (1.5, {"a": 0.1}, {1: 2}, object(), "\ud800"):
        with pytest.raises(ChainError):
            canonical(wrong)


@given(st.binary(max_size=60))
def test_any_line_is_refused(line: bytes) -> None:
    with pytest.raises(ChainError):
        read([line])
