"""What we say, read with the server's ear."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msr_adapter.wire import Layout, WireError, requests
from msr_adapter.wire.commands import Command, CommandReader
from msr_adapter.wire.layout import TYPES

DOUBLE = Layout(TYPES["TDBL"])
idents = st.text(st.characters(min_codepoint=1, max_codepoint=255), min_size=1, max_size=20)
names = st.binary(min_size=1, max_size=40).filter(lambda b: b"\x00" not in b)
unsigned = st.integers(0, 2**32 - 1)


def heard(request: bytes) -> Command:
    """The one command that the server reads out of it."""
    (command,) = CommandReader().feed(request)
    assert request.endswith(b"\n")
    return command


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (requests.ping, b"ping"),
        (requests.read_channels, b"rk"),
        (requests.read_parameters, b"rp"),
        (requests.read_parameter_values, b"rpv"),
        (requests.synchronise, b"xsad"),
        (requests.unsubscribe, b"xsod"),
        (requests.read_statistics, b"rs"),
        (requests.message_history, b"message_history"),
        (requests.broadcast, b"broadcast"),
        (requests.starttls, b"starttls"),
    ],
)
def test_ids_are_heard_as_they_were_said(make: Callable[[str], bytes], name: bytes) -> None:
    @given(idents)
    def check(ident: str) -> None:
        command = heard(make(ident))
        assert (command.name, command.id) == (name, ident.encode("latin-1"))

    check()


@given(names, idents)
def test_any_name_can_be_asked_for(name: bytes, ident: str) -> None:
    for request in (requests.read_channel(ident, name), requests.read_parameter(ident, name)):
        assert heard(request).text(b"name") == name
    assert heard(requests.write_parameter(ident, name, DOUBLE, [1.0])).text(b"name") == name


@given(unsigned)
def test_indices_are_never_octal(index: int) -> None:
    assert heard(requests.read_channel("1", index)).unsigned(b"index") == index
    assert heard(requests.subscribe("1", [index], reduction=max(index, 1))).unsigned(b"reduction") == max(index, 1)


@pytest.mark.parametrize("index", [-1, 2**32])
def test_indices_that_would_wrap_are_refused(index: int) -> None:
    with pytest.raises(WireError):
        requests.read_channel("1", index)


def test_remote_host_says_who_we_are() -> None:
    command = heard(requests.remote_host("1", name='a "b"', application="labwire <1> é", write=True))

    assert command.text(b"name") == b'a "b"'
    assert command.text(b"applicationname") == "labwire <1> é".encode()
    assert command.text(b"access") == b"allow"
    assert not command.truth(b"polite")


@pytest.mark.parametrize(("write", "access"), [(None, None), (False, b"0"), (True, b"allow")])
def test_access_is_asked_for_only_when_wanted(write: bool | None, access: bytes | None) -> None:
    command = heard(requests.remote_host("1", name="n", application="a", write=write, polite=True))

    assert command.text(b"access") == access
    assert command.truth(b"polite")


def test_flags() -> None:
    both = heard(requests.read_parameter("1", 3))
    neither = heard(requests.read_parameter("1", 3, short=False, in_hex=False))

    assert (both.truth(b"short"), both.truth(b"hex")) == (True, True)
    assert (neither.truth(b"short"), neither.truth(b"hex")) == (False, False)
    assert heard(requests.read_channel("1", 3, short=True)).truth(b"short")


@pytest.mark.parametrize("path", [b"", b"/", b"/a&amp;b", b"/x>y", b'/say "hi"', b"/it's", b"/\xb0", b"/a b"])
def test_paths_are_taken_as_they_stand(path: bytes) -> None:
    assert heard(requests.list_directory("1", path)).text(b"path") == path


def test_a_path_with_both_quotes_cannot_be_asked_for() -> None:
    with pytest.raises(WireError, match="both kinds of quotes"):
        requests.list_directory("1", b"/\"'")


def test_subscriptions() -> None:
    command = heard(requests.subscribe("7", [0, 1, 64], reduction=10, blocksize=100, group=3, quiet=True))

    assert command.text(b"channels") == b"0,1,64"
    assert [command.unsigned(k) for k in (b"reduction", b"blocksize", b"group")] == [10, 100, 3]
    assert command.text(b"coding") == b"Base64"
    assert command.truth(b"quiet")


def test_subscriptions_to_changes_and_ascii() -> None:
    changes = heard(requests.subscribe_changes("7", [5], reduction=1))
    ascii_ = heard(requests.subscribe("7", [5], reduction=1, binary=False))

    assert (changes.truth(b"event"), changes.text(b"blocksize"), changes.text(b"group")) == (True, None, None)
    assert (ascii_.text(b"coding"), ascii_.unsigned(b"precision")) == (None, 17)


@pytest.mark.parametrize(("reduction", "blocksize"), [(0, 1), (1, 0), (1, 2**32 - 1), (1, 10_001)])
def test_what_would_stop_or_kill_the_server_is_refused(reduction: int, blocksize: int) -> None:
    with pytest.raises(WireError):
        requests.subscribe("1", [1], reduction=reduction, blocksize=blocksize)


def test_nothing_to_subscribe() -> None:
    with pytest.raises(WireError):
        requests.subscribe("1", [], reduction=1)
    assert heard(requests.unsubscribe("1", [4, 5], group=2)).text(b"channels") == b"4,5"


@given(st.lists(st.integers(0, 10**6), max_size=4000))
def test_long_lists_are_cut_to_what_the_server_takes(channels: list[int]) -> None:
    pieces = list(requests.cut(channels))

    assert [c for piece in pieces for c in piece] == channels
    for piece in pieces:
        made = requests.subscribe("i" * 40, piece, reduction=2**32 - 1, blocksize=10_000, group=2**32 - 1, quiet=True)
        assert len(made) <= requests.MAX_REQUEST
    if channels:
        assert len(pieces) <= 1 + sum(len(str(c)) + 1 for c in channels) // 7590


def test_an_uncut_list_is_refused() -> None:
    with pytest.raises(WireError, match="8190"):
        requests.subscribe("1", range(1000, 3000), reduction=1)


@given(st.sampled_from(list(TYPES.values())), st.data())
def test_writes_are_exact(kind: object, data: st.DataObject) -> None:
    layout = Layout(kind, (4,))  # type: ignore[arg-type]
    low, high = layout.type.limits or (-(2**20), 2**20)
    values: Sequence[int] = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=3))

    command = heard(requests.write_parameter("1", 9, layout, values, start=1))

    assert command.unsigned(b"startindex") == 1
    image = bytes.fromhex((command.text(b"hexvalue") or b"").decode())
    assert len(image) == len(values) * layout.type.size
    if not layout.type.is_float:
        size = layout.type.size
        got = [int.from_bytes(image[i : i + size], "little", signed=low < 0) for i in range(0, len(image), size)]
        assert got == values


@pytest.mark.parametrize(("start", "values"), [(0, [1] * 5), (3, [1, 2]), (4, [1]), (-1, [1]), (0, [])])
def test_the_neighbour_is_never_overwritten(start: int, values: list[int]) -> None:
    with pytest.raises(WireError):
        requests.write_parameter("1", 9, Layout(TYPES["TUCHAR"], (4,)), values, start=start)


def test_a_large_parameter_may_be_written_whole() -> None:
    layout = Layout(TYPES["TDBL"], (5000,))

    request = requests.write_parameter("1", 9, layout, [1.0] * 5000, many=True)

    (command,) = CommandReader(limit=1024 + 4 * layout.size).feed(request)
    assert len(command.text(b"hexvalue") or b"") == 80_000
    assert command.truth(b"aic")
