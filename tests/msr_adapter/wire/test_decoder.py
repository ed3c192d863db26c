"""The server's faults (protocol sections 1 and 13), one at a time; the records are in test_transcripts."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from msr_adapter.wire import (
    Ack,
    Broadcast,
    Broken,
    Channel,
    Clients,
    Connected,
    Data,
    Decoder,
    Event,
    Listing,
    Parameter,
    ParameterNotice,
    Unknown,
    Warn,
    WireEvent,
)

CHANNEL = (
    b'<channel index="%d" name="/a/%d" alias="%b" comment="%b" datasize="8" typ="TDBL_LIST" anz="3" cnum="3" rnum="1"'
    b' orientation="VECTOR" text="%b" bufsize="10" task="1" HZ="333.333"%b/>\r\n'
)
FRAME = b'<data level="0" time="1.000000">\r\n <time d="AQAAAAAAAAA="/>\r\n <F c="3" d="7"/>\r\n</data>\r\n'


def channel(index: int, text: bytes, more: bytes = b"") -> bytes:
    return CHANNEL % (index, index, text, text, text, more)


def feed(data: bytes, size: int = 1 << 20) -> list[WireEvent]:
    decoder = Decoder()
    return [e for i in range(0, len(data), size) for e in decoder.feed(data[i : i + size])]


def sane(text: bytes) -> bool:
    """Not a text that looks like the rest of an element: nobody could tell those apart."""
    return not re.search(rb'" *[A-Za-z_][\w.:-]*="|" */?>\r\n|\w="', b'="' + text + b'" ')


any_text = st.lists(
    st.sampled_from(
        [
            b'"',
            b"<",
            b">",
            b"&",
            b"\r",
            b"\n",
            b"\r\n",
            b" ",
            b"=",
            b"/>",
            b"</channels>",
            b"a",
            b"\xb0",
            b"\xc2\xb0",
            b"'",
        ]
    )
).map(b"".join)


@given(text=any_text, size=st.integers(1, 40))
@example(text=b'says "hi" <b> & more\nline2', size=1)
@example(text=b'5" pipe', size=7)
@example(text=b'"', size=3)
def test_unescaped_text_harms_nobody_else(text: bytes, size: int) -> None:
    assume(sane(text))
    data = b'<channels id="1">\r\n ' + channel(0, b"") + b" " + channel(1, text) + b" " + channel(2, b"")
    data += b'</channels>\r\n<ack id="1"/>\r\n'

    events = feed(data, size)

    (listing, ack) = events
    assert isinstance(listing, Listing)
    assert ack == Ack("1")
    assert [c.index for c in listing.items if isinstance(c, Channel)] == [0, 1, 2]
    odd = listing.items[1]
    assert isinstance(odd, Channel)
    assert (odd.name, odd.hz, odd.task, odd.bufsize) == (b"/a/1", 333.333, 1, 10)
    assert odd.layout is not None
    assert odd.layout.shape == (3,)
    assert odd.comment == text
    assert odd.alias == text


@given(text=any_text, size=st.integers(1, 40))
@example(text=b'a "quoted" plant', size=1)
@example(text=b'5" line', size=1)
def test_the_greeting_does_not_wait_for_more(text: bytes, size: int) -> None:
    assume(sane(text))
    data = b'<connected name="MSR" host="vm" app="%b" appversion="%b" version="393226" features="list,tls"/>\r\n'

    events = feed(data % (text, text), size)

    assert len(events) == 1
    assert isinstance(events[0], Connected)
    assert events[0].version == (6, 0, 10)
    assert events[0].features == {"list", "tls"}


@pytest.mark.parametrize(
    "text",
    [
        b'x" index="7" name="/other" typ="TINT" datasize="4" cnum="9" HZ="1" bufsize="7" task="4',
        b'uses name="b" index="5" typ="TINT" cnum="9" task="4" HZ="7"',
        b'a link: <a href="x">\n and more',
        b'" typ="',
    ],
)
def test_a_comment_cannot_replace_what_the_server_says(text: bytes) -> None:
    (got, after) = feed(channel(5, text) + channel(6, b""))

    assert isinstance(got, Channel)
    assert isinstance(after, Channel)
    assert (got.index, got.name, got.typ, got.hz, got.task, got.bufsize) == (5, b"/a/5", "TDBL_LIST", 333.333, 1, 10)
    assert got.layout is not None
    assert got.layout.shape == (3,)
    assert after.index == 6


@given(junk=st.binary(max_size=60), size=st.integers(1, 30))
def test_never_raises_and_finds_back(junk: bytes, size: int) -> None:
    """Whatever comes, the element after the next line end is found (unless an element with free text swallows it)."""
    assume(not re.search(rb"<[A-Za-z_/]", junk))

    events = feed(junk + b'\r\n<ack id="x"/>\r\n', size)

    assert events[-1] == Ack("x")
    assert all(isinstance(e, Broken) for e in events[:-1])


@given(
    st.lists(
        st.sampled_from([b"<", b"<data ", b" ", b"</data>", b'"', b">", b"/>", b"\r\n", b"channel", b" id=", b"\xff"])
    )
)
def test_no_bytes_make_it_raise(parts: list[bytes]) -> None:
    data = b"".join(parts)

    assert feed(data) == feed(data, 1)


def test_elements_that_are_nonsense_are_named() -> None:
    events = feed(b'<channel index="x" name="/a"/>\r\n<channel index="1"/>\r\n<b> & more\r\n<pu/>\r\n<ack id="1"/>\r\n')

    assert [type(e) for e in events] == [Broken, Broken, Broken, Broken, Ack]


def test_a_lost_end_of_a_list_is_found() -> None:
    events = feed(b'<channels id="1">\r\n ' + channel(1, b"") + b'<ack id="1"/>\r\n' + FRAME)

    assert [type(e) for e in events] == [Listing, Ack, Data]


def test_unknown_elements_and_attributes() -> None:
    events = feed(
        b'<saslauth mechlist="PLAIN" id="3">\r\n</saslauth>\r\n'
        b'<connected name="MSR" login="mandatory" quux="1"/>\r\n'
        b'<listing>\r\n <novelty a="1"/>\r\n <dir path="/a&amp;b" seen="0"/>\r\n</listing>\r\n'
        b'<crit_error name="/x" prio="1" seq="4" text="too &lt;hot&gt;" state="1" time="12.000001"/>\r\n'
        b'<reset name="/x" seq="5" time="13.0"/>\r\n'
    )

    assert events[0] == Unknown("saslauth", (("mechlist", b"PLAIN"), ("id", b"3")), "3")
    assert isinstance(events[1], Connected)
    assert events[1].login == "mandatory"
    assert isinstance(events[2], Listing)
    assert [getattr(i, "path", b"") for i in events[2].items] == [b"/a&b"]
    assert events[3] == Event("crit_error", b"/x", True, 12_000_001, text=b"too <hot>", seq=4)
    assert events[4] == Event("reset", b"/x", False, 13_000_000, seq=5)


def test_members_of_compounds_have_children_that_say_nothing() -> None:
    data = (
        b'<parameters>\r\n <parameter index="1" name="/s/a" datasize="4" typ="TINT" value="3">\r\n'
        b'  <field name="a" offset="0" datasize="4" typ="TINT"/>\r\n </parameter>\r\n'
        b' <parameter index="2" name="/s/b" datasize="4" typ="COMPOUND" flags="263" mtime="1.5" value="4"/>\r\n'
        b"</parameters>\r\n"
    )

    (listing,) = feed(data)

    assert isinstance(listing, Listing)
    first, second = listing.items
    assert isinstance(first, Parameter)
    assert isinstance(second, Parameter)
    assert (first.value, first.is_element) == (b"3", False)
    assert (second.layout, second.typ, second.mtime_us, second.is_element) == (None, "COMPOUND", 1_500_000, True)


def test_notices_broadcasts_and_clients() -> None:
    events = feed(
        b'<pu index="4"/>\r\n'
        b'<broadcast time="1.000001" text="a &amp; b"/>\r\n<warn text="No write access" id="1"/>\r\n'
        b"<clients/>\r\n"
    )

    assert events == [
        ParameterNotice(4),
        Broadcast(1_000_001, b"", b"a & b"),
        Warn("No write access", id="1"),
        Clients(()),
    ]


@pytest.mark.parametrize(
    "frame",
    [
        b'<data time="1.0" level="0" group="7">\r\n <time d="AQAAAAAAAAA="/>\r\n <F c="3" d="7"/>\r\n</data>\r\n',
        b'<data group="7" level="0" time="1.0" new="x">\n<time d="AQAAAAAAAAA=" e=""/>\n<F d="7" c="3"/>\n</data>\n',
        b'<data group="7">\r\n <time d="AQAAAAAAAAA="/>\r\n <F c="3" d="7"/>\r\n <G c="4" d="8"/>\r\n</data>\r\n',
        b'<data group="7">\r\n <time d="AQAAAAAAAAA="/>\r\n <F c="3" d="7"/>\r\n <G a="4" b="8"/>\r\n</data>\r\n',
        b'<data group="7">\r\n <note x="y"/>\r\n <F c="3" d="7"/>\r\n <time d="AQAAAAAAAAA="/>\r\n</data>\r\n',
    ],
)
def test_frames_in_another_order_are_the_same(frame: bytes) -> None:
    (data,) = feed(frame)

    assert isinstance(data, Data)
    assert (list(data.t_ns), data.columns, data.group) == ([1], ((3, b"7"),), 7)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.replace(b"AQAAAAAAAAA=", b"AQ=="),
        FRAME.replace(b'c="3"', b'c="x"'),
        FRAME.replace(b'<time d="AQAAAAAAAAA="/>', b""),
        FRAME.replace(b'level="0"', b'level="0"').replace(b"<data ", b'<data group="x" '),
    ],
)
def test_a_broken_frame_is_one_broken_frame(frame: bytes) -> None:
    assert [type(e) for e in feed(frame + FRAME)] == [Broken, Data]


def test_frames_without_content() -> None:
    assert feed(b'<data level="0" time="1.0"/>\r\n' + FRAME)[-1:] == feed(FRAME)


def test_a_frame_in_many_pieces_is_searched_once() -> None:
    """Half a megabyte in 536-byte segments: a search from the start each time would look at 250 MB."""

    class Counting(bytearray):
        looked = 0

        def find(self, *args: object) -> int:
            found = super().find(*args)  # type: ignore[arg-type]
            if args[0] == b"</data>":
                Counting.looked += (found if found >= 0 else len(self)) - int(args[1])  # type: ignore[call-overload]
            return found

    decoder = Decoder()
    decoder._buffer = Counting()
    frame = FRAME.replace(b' <F c="3" d="7"/>\r\n', b"".join(b' <F c="%d" d="7"/>\r\n' % n for n in range(20_000)))
    segments = [frame[i : i + 536] for i in range(0, len(frame), 536)]
    events = [e for segment in segments for e in decoder.feed(segment + b"") or []]

    assert [type(e) for e in events] == [Data]
    assert Counting.looked < 3 * len(frame)


def test_an_endless_element_is_given_up() -> None:
    decoder = Decoder(max_element=1000)

    events = decoder.feed(b'<data level="0">' + b"x" * 2000)

    assert [type(e) for e in events] == [Broken]
    assert decoder.feed(b'\r\n<ack id="1"/>\r\n') == [Ack("1")]


def test_a_server_of_another_kind() -> None:
    assert [type(e) for e in feed(b"SSH-2.0-OpenSSH_9.6\r\n")] == [Broken]
