"""The simulated server beside the records of the real one; both read by the same eyes as the adapter."""

import re

import pytest

from msr_adapter.simulator.catalogue import Texts
from msr_adapter.wire import (
    Ack,
    Broadcast,
    Broken,
    Channel,
    Clients,
    Connected,
    Directory,
    Listing,
    Parameter,
    ParameterNotice,
    ParameterValues,
    Ping,
    Tls,
    Unknown,
    Warn,
    requests,
)
from msr_adapter.wire.commands import TooLong
from tests.msr_adapter.records import sessions
from tests.msr_adapter.simulator.rig import Rig

_VOLATILE = re.compile(rb'\(127\.0\.0\.1:\d+\)|connectedtime="[\d.]+"')


@pytest.mark.parametrize(("name", "which"), [("10-malformed", 0), ("01-greeting-ping", 0)])
def test_answers_are_those_of_the_real_server_byte_by_byte(name: str, which: int) -> None:
    rig, record = Rig(), sessions(name)[which]
    real = record.server.partition(b"\r\n")[2]  # without the greeting

    rig.b.session.close()
    ours = b"".join(rig.a.raw(data) for side, data in record.rows if side == "C")

    ours, real = (_VOLATILE.sub(b"", text) for text in (ours, real))
    assert ours == real


def test_greeting() -> None:
    rig = Rig()
    rig.a.session.greet(b"plant", b"vm")

    (hello,) = rig.a.hear()

    assert isinstance(hello, Connected)
    assert (hello.app, hello.version, "list" in hello.features, hello.login) == ("plant", (6, 0, 10), True, "")


def test_lists_are_understood_without_a_remainder() -> None:
    rig = Rig()

    (channels, ack) = rig.a.say(requests.read_channels("1"))
    (parameters, _) = rig.a.say(requests.read_parameters("2"))

    assert ack == Ack("1")
    assert isinstance(channels, Listing)
    assert isinstance(parameters, Listing)
    assert [c.index for c in channels.items if isinstance(c, Channel)] == list(range(len(rig.world.model.signals)))
    for item, signal in zip(channels.items, rig.world.model.signals, strict=True):
        assert isinstance(item, Channel)
        assert (item.name, item.layout, item.task, item.comment) == (
            signal.name,
            signal.layout,
            signal.task,
            signal.comment,
        )
    assert [p.layout for p in parameters.items if isinstance(p, Parameter)] == [
        p.layout for p in rig.world.model.parameters
    ]


def test_one_channel_has_a_value_now() -> None:
    rig = Rig()
    rig.wait(1000)

    (got,) = rig.a.acked(requests.read_channel("1", b"/Counter/C0000"))
    (short,) = rig.a.acked(requests.read_channel("2", b"/Counter//C0000/", short=True))

    assert isinstance(got, Channel)
    assert got.value == b"999"
    assert got.time_us is not None
    assert abs(got.time_us - rig.now_ns // 1000) <= 1000
    assert isinstance(short, Channel)
    assert (short.layout, short.id) == (None, "2")


@pytest.mark.parametrize("request_", [requests.read_channel("1", b"/no"), requests.read_channel("1", 9999)])
def test_unknown_names_have_only_an_ack(request_: bytes) -> None:
    assert Rig().a.acked(request_) == []


def test_directories() -> None:
    rig = Rig()

    (root,) = rig.a.acked(requests.list_directory("1", b"/"))
    (special,) = rig.a.acked(requests.list_directory("2", b"/Special"))
    (nothing,) = rig.a.acked(requests.list_directory("3", b"/no"))

    assert isinstance(root, Listing)
    assert isinstance(special, Listing)
    assert isinstance(nothing, Listing)
    assert Directory(b"/Plant") in root.items
    parent = next(i for i in special.items if isinstance(i, Channel) and i.name == b"/Special/Parent")
    assert parent.has_children
    assert Directory(b"/Special/two slashes") in special.items
    assert nothing.items == ()
    assert rig.a.acked(b'<list id="4"/>') == []


def test_all_values_at_once() -> None:
    (values,) = Rig().a.acked(requests.read_parameter_values("1"))

    assert isinstance(values, ParameterValues)
    assert b"1,2,3,4,5" in values.values


def test_writing_needs_access_and_everybody_is_told() -> None:
    rig = Rig()
    write = b'<wp name="/Test/Param/Gain" value="2" id="1"/>'

    assert rig.a.acked(write) == [Warn("No write access", id="1")]
    rig.a.say(requests.remote_host("2", name="n", application="a", write=True))
    assert rig.a.acked(write) == []
    rig.wait(40)

    gain = rig.world.model.parameter(b"/Test/Param/Gain")
    assert gain is not None
    assert ParameterNotice(gain.index) in rig.a.hear()
    assert ParameterNotice(gain.index) in rig.b.hear()
    assert rig.a.numbers(b"/Test/Param/Gain") == [2.0]
    assert rig.a.read(b"/Test/Param/Gain").mtime_us > 0


def test_a_refused_write_tells_only_the_writer() -> None:
    rig = Rig()
    rig.a.say(b"<remote_host access=allow>")

    rig.a.acked(b'<wp name="/Test/Param/Limited" value="11" id="1"/>')
    rig.wait(40)

    assert any(isinstance(e, ParameterNotice) for e in rig.a.hear())
    assert rig.b.hear() == []
    assert rig.a.numbers(b"/Test/Param/Limited") == [5.0]
    assert rig.a.read(b"/Test/Param/Limited").mtime_us == 0


def test_notices_of_asynchronous_input_are_late_and_polite_sessions_hear_none() -> None:
    rig = Rig()
    rig.a.say(b"<remote_host access=allow>")
    rig.b.say(b"<remote_host polite=1>")

    rig.a.say(b'<wp index="0" value="20" aic="1"/><broadcast text="x"/>')
    rig.wait(160)
    early = rig.a.hear()
    rig.wait(40)

    assert [type(e) for e in early] == [Broadcast]
    assert rig.a.hear() == [ParameterNotice(0)]
    assert rig.b.hear() == []


def test_access_stays_when_it_is_not_mentioned_and_names_go() -> None:
    rig = Rig()
    rig.a.say(requests.remote_host("1", name="pc", application="x", write=True))
    rig.a.say(b"<remote_host/>")

    (clients,) = rig.a.acked(requests.read_statistics("2"))

    assert isinstance(clients, Clients)
    assert [(c.name, c.application) for c in clients.clients] == [
        ("127.0.0.1:1", "unknown"),
        ("127.0.0.1:2", "unknown"),
    ]
    assert rig.a.session.who.write


def test_messages_come_once_a_second_and_stay_in_the_history() -> None:
    rig = Rig()
    rig.a.say(b'<remote_host access="allow"/><wp name="/Test/Param/EventSet" value="1,1,0,0,1,1"/>')
    rig.wait(1040)

    (_, *messages) = rig.a.hear()
    rig.b.hear()
    history = rig.b.acked(requests.message_history("h"))

    words = [(m.severity, m.name, m.element, m.state) for m in messages]  # type: ignore[union-attr]
    assert words == [
        ("info", b"/Test/Event/Info", None, True),
        ("warn", b"/Test/Event/Warn", None, True),
        ("error", b"/Test/Event/Limits", 2, True),
        ("crit_error", b"/Test/Event/Crit", None, True),
    ]
    assert [m.id for m in history] == ["h"] * 4  # type: ignore[union-attr]


def test_unescaped_and_latin_1_texts_are_read_all_the_same() -> None:
    rig = Rig(texts=Texts(latin1=True, unescaped=True))

    (listing, _) = rig.a.say(requests.read_channels("1"))

    assert isinstance(listing, Listing)
    assert [c.name for c in listing.items if isinstance(c, Channel)] == [s.name for s in rig.world.model.signals]
    temperature = next(c for c in listing.items if isinstance(c, Channel) and c.name == b"/Special/Temp\xb0C")
    assert temperature.comment == b'says "degree sign, UTF-8 or latin-1" <b> & 5" more\nsecond line'


def test_starttls_and_its_ack() -> None:
    rig = Rig()

    assert rig.a.say(requests.starttls("9")) == [Tls()]
    assert rig.a.session.starttls
    rig.a.session.secured()
    assert rig.a.hear() == [Ack("9")]


def test_a_login_nobody_can_do() -> None:
    from msr_adapter.simulator.session import Session

    rig = Rig()
    locked = Session(rig.world, rig.office, 3, "x", locked=True)
    locked.greet(b"plant", b"vm")
    greeting = locked.take()
    locked.receive(requests.read_channels("1") + requests.ping("2"))

    assert b' login="mandatory"' in greeting
    assert locked.take() == b'<ack id="1"/>\r\n<ping id="2"/>\r\n<ack id="2"/>\r\n'


def test_the_limit_grows_with_the_largest_parameter() -> None:
    with pytest.raises(TooLong):
        Rig().a.say(b'<ping x="' + b"a" * 9000 + b'"/>')


def test_nothing_of_it_is_broken_or_unknown() -> None:
    rig = Rig()

    events = rig.a.say(requests.ping("1") + requests.read_channels("2") + b"<echo value=1 id=3>")

    assert not [e for e in events if isinstance(e, Broken | Unknown)]
    assert Ping("1") in events
