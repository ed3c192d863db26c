"""The records of a real server, both directions, in any chunks."""

from ast import literal_eval

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msr_adapter.wire import (
    Ack,
    Broken,
    Channel,
    Clients,
    Connected,
    Data,
    Decoder,
    Directory,
    Event,
    Listing,
    Parameter,
    ParameterNotice,
    ParameterValues,
    Tls,
    Unknown,
    Warn,
    WireEvent,
    samples,
)
from msr_adapter.wire.commands import Command, CommandReader, TooLong
from tests.msr_adapter.records import NAMES, Session, notes, sessions

ALL = [pytest.param(s, id=f"{name}-{i}") for name in NAMES for i, s in enumerate(sessions(name))]
cuts = st.lists(st.integers(1, 700), min_size=1, max_size=30)


def decode(data: bytes, sizes: list[int] | None = None) -> list[WireEvent]:
    decoder = Decoder()
    events = [event for piece in pieces(data, sizes) for event in decoder.feed(piece)]
    assert decoder.pending == b""
    return events


def pieces(data: bytes, sizes: list[int] | None) -> list[bytes]:
    """The data cut into pieces of these sizes, over and over."""
    made: list[bytes] = []
    position = 0
    while position < len(data):
        size = sizes[len(made) % len(sizes)] if sizes else len(data)
        made.append(data[position : position + size])
        position += size
    return made


def read_commands(data: bytes, sizes: list[int] | None = None) -> list[Command]:
    reader = CommandReader()
    return [command for piece in pieces(data, sizes) for command in reader.feed(piece)]


def decoded(name: str, which: int = 0) -> list[WireEvent]:
    return decode(sessions(name)[which].server)


def channels_of(events: list[WireEvent]) -> dict[int, Channel]:
    items = [i for e in events if isinstance(e, Listing) for i in e.items] + [
        e for e in events if isinstance(e, Channel)
    ]
    return {c.index: c for c in items if isinstance(c, Channel) and c.layout}


@pytest.mark.parametrize("session", ALL)
def test_every_byte_is_understood(session: Session) -> None:
    events = decode(session.server)

    assert not [e for e in events if isinstance(e, Broken | Unknown)]
    assert isinstance(events[0], Connected)
    assert sum(isinstance(e, Data) for e in events) == session.server.count(b"</data>")
    assert sum(isinstance(e, Ack) for e in events) == session.server.count(b"<ack ")


@pytest.mark.parametrize("session", ALL)
def test_every_byte_is_understood_byte_by_byte(session: Session) -> None:
    assert decode(session.server, [1]) == decode(session.server)


@pytest.mark.parametrize("session", ALL)
@settings(max_examples=20)
@given(sizes=cuts)
def test_events_do_not_depend_on_chunks(session: Session, sizes: list[int]) -> None:
    assert decode(session.server, sizes) == decode(session.server)


@pytest.mark.parametrize("session", ALL)
def test_commands_are_read_as_the_server_read_them(session: Session) -> None:
    """The server acknowledged exactly the ids that we read, in that order."""
    if len(session.client) > 8000:
        return  # the one below
    tls = b"<tls" in session.server
    commands = read_commands(session.client)
    ids = [c.id.decode("latin-1") for c in commands if c.id]

    assert ids == [e.id for e in decode(session.server) if isinstance(e, Ack)]
    assert tls == any(c.name == b"starttls" for c in commands)


@pytest.mark.parametrize("session", ALL)
@settings(max_examples=10)
@given(sizes=cuts)
def test_commands_do_not_depend_on_chunks(session: Session, sizes: list[int]) -> None:
    if len(session.client) < 8000:
        assert read_commands(session.client, sizes) == read_commands(session.client)


def test_a_long_element_closes_the_session() -> None:
    (long,) = (s for s in sessions("10-malformed") if len(s.client) > 8000)

    with pytest.raises(TooLong):
        read_commands(long.client, [536])


def test_greeting() -> None:
    hello = decoded("01-greeting-ping")[0]

    assert hello == Connected(
        "labdemo",
        "1.0.3",
        "vm",
        (6, 0, 10),
        frozenset(
            {"pushparameters", "binparameters", "eventchannels", "statistics", "pmtime", "aic", "messages"}
            | {"polite", "list", "tls"}
        ),
    )


def test_ids_come_back_as_they_went() -> None:
    ids = [e.id for e in decoded("10-malformed") if isinstance(e, Ack)]

    assert ids[:6] == ["1", "2", "3", "4", "7", "8/"]
    assert ids[6:8] == ["&#65;&<>\"'", "\xb0\xc3\xa9"]
    assert "13/>\n<ping id=" in ids


def test_statistics() -> None:
    clients = [e for e in decoded("01-greeting-ping") if isinstance(e, Clients)]

    assert [c.id for c in clients] == ["", "s", ""]
    assert clients[0].clients[0].name == "labpc (127.0.0.1:58094)"
    assert clients[0].clients[0].application == "demo <1>"
    assert clients[0].clients[0].connected_us == 1795221366457227


def test_every_type_and_shape_is_listed() -> None:
    listed = channels_of(decoded("02-listings"))

    layouts = {i: (c.layout.typ, c.layout.shape) for i, c in listed.items() if c.layout}
    assert [layouts[i][0] for i in range(65, 75)] == [
        *("TCHAR", "TUCHAR", "TSHORT", "TUSHORT", "TINT", "TUINT", "TLINT", "TULINT", "TCHAR", "TFLT")
    ]
    assert layouts[75] == ("TDBL_LIST", (8,))
    assert layouts[76] == ("TDBL_MATRIX", (3, 4))
    assert layouts[77] == ("TUSHORT_MATRIX", (6, 4))
    assert layouts[80] == ("TDBL", ())
    assert (listed[89].hz, listed[96].task, listed[90].has_children) == (100.0, 1, True)
    assert listed[87].name == b"/Rig/Special/a<b>&\"c'd"
    assert listed[64].comment == b"cycle counter"


def test_values_of_single_channels_and_parameters() -> None:
    events = decoded("02-listings")
    channels = [e for e in events if isinstance(e, Channel)]
    parameters = [e for e in events if isinstance(e, Parameter)]

    assert (channels[0].value, channels[0].time_us) == (b"3012", 1795221369065315)
    assert channels[2].layout is None
    assert channels[2].typ == ""
    assert parameters[2].hexvalue == b"000000000000F03F"
    assert parameters[2].id == "h"
    matrix = parameters[3]
    assert matrix.layout is not None
    assert list(samples.from_hex(matrix.layout, matrix.hexvalue or b"")) == [11, 12, 13, 21, 22, 23]
    (values,) = (e for e in events if isinstance(e, ParameterValues))
    assert len(values.values) == 22
    assert values.values[4] == b"1,2,3,4,5"


def test_listings_and_directories() -> None:
    (root, *_, nothing) = (e for e in decoded("02-listings") if isinstance(e, Listing) and e.kind == "listing")

    assert root.items == (Directory(b"/Rig"), Directory(b"/Taskinfo"))
    assert nothing.items == ()


def test_ascii_frames() -> None:
    layouts = {i: c.layout for i, c in channels_of(decoded("02-listings")).items()}
    frames = [e for e in decoded("03-stream-ascii") if isinstance(e, Data)]
    every = next(f for f in frames if len(f.columns) == 17)

    for index, text in every.columns:
        layout = layouts[index]
        assert layout is not None
        values = samples.from_text(layout, text, 2)
        assert samples.to_text(values) == text
    assert every.columns[7] == (71, b"-34896609280000,-35755602739200")


def test_base64_frames_as_the_record_notes_them() -> None:
    layouts = {i: c.layout for i, c in channels_of(decoded("02-listings")).items()}
    frame = next(e for e in decoded("04-stream-base64") if isinstance(e, Data))
    columns = dict(frame.columns)
    noted = {n.split()[0]: literal_eval(n[n.index("(") :]) for n in notes("04-stream-base64") if n.startswith("c=")}

    assert tuple(frame.t_ns) == (1795221382234915718, 1795221382335402488, 1795221382434321785)
    assert len(noted) == 9
    for name in noted:
        layout = layouts[int(name[2:])]
        assert layout is not None
        assert tuple(samples.from_base64(layout, columns[int(name[2:])], 3)) == noted[name]


def test_frames_of_changes_and_groups() -> None:
    changes = [e for e in decoded("05-stream-events") if isinstance(e, Data)]
    groups = [e.group for e in decoded("06-groups-tasks-blocks") if isinstance(e, Data)]

    assert all(e.on_change and len(e.t_ns) == 1 for e in changes)
    assert changes[1].columns == ((81, b"1"), (82, b"0"))
    assert groups[:5] == [7, 8, 7, 8, 8]


def test_messages_notices_and_complaints() -> None:
    events = decoded("09-events-messages-broadcast", 1)
    messages = [e for e in events if isinstance(e, Event)]
    refused = next(e for e in decoded("07-parameter-write", 1) if isinstance(e, Warn))

    assert messages[0] == Event("info", b"/Rig/Event/Info", True, 1795221420283316)
    assert messages[3] == Event("error", b"/Rig/Event/Limits", True, 1795221420283316, element=2)
    assert [m.severity for m in messages[:5]] == ["info", "warn", "error", "error", "crit_error"]
    assert [m.id for m in messages[10:]] == ["h"] * 10
    assert ParameterNotice(18) in events
    assert refused == Warn("No write access", id="1")


def test_latin_1_names_stay_bytes() -> None:
    events = decoded("12-latin1")
    listing = next(e for e in events if isinstance(e, Listing))

    assert [getattr(i, "name", b"") for i in listing.items].count(b"/Rig/Special/Temp\xb0C") == 1
    assert next(e for e in events if isinstance(e, Parameter)).name == b"/Rig/Param/Temp\xb0C"


def test_elements_of_split_vectors_are_marked() -> None:
    listings = [e for e in decoded("11-splitvectors-prefix", 1) if isinstance(e, Listing)]
    whole = {i.name: i for i in listings[0].items if isinstance(i, Channel)}

    assert whole[b"/rig1/Rig/Array/Vec8"].has_children
    assert whole[b"/rig1/Rig/Array/Mat3x4/1/2"].layout is not None


def test_starttls_is_the_last_thing_said_in_the_clear() -> None:
    assert decoded("13-starttls")[-1] == Tls()
