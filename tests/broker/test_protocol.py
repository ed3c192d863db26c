"""Bytes to packets and back, whatever the boundaries of the chunks."""

import itertools

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker import protocol
from broker.protocol import Hello, Inbox, Outgoing, Packet, PublishPacket, Refused, Subscription, Will

PUBLISHES = st.builds(
    Outgoing,
    topic=st.sampled_from(["a", "a/b", "°C/µ/" + "x" * 200]),
    payload=st.binary(max_size=300),
    qos=st.sampled_from([0, 1]),
    retain=st.booleans(),
    expiry_s=st.none() | st.integers(0, 2**32 - 1),
    response_topic=st.none() | st.just("answers"),
    correlation=st.none() | st.binary(max_size=20),
)


def feed(inbox: Inbox, data: bytes) -> list[Packet]:
    """All of ``data``, in pieces no larger than the inbox asks for."""
    packets: list[Packet] = []
    while data:
        space = inbox.space()
        piece, data = data[: len(space)], data[len(space) :]
        space[: len(piece)] = piece
        packets += inbox.filled(len(piece))
    return packets


def as_sent(packet: Packet) -> Outgoing:
    assert isinstance(packet, PublishPacket)
    return Outgoing(
        packet.topic,
        packet.payload,
        packet.qos.value,
        packet.retain,
        packet.message_expiry_interval,
        packet.response_topic,
        packet.correlation_data,
    )


@given(messages=st.lists(PUBLISHES, max_size=8), data=st.data(), capacity=st.integers(8, 200))
def test_the_same_packets_whatever_the_chunks(messages: list[Outgoing], data: st.DataObject, capacity: int) -> None:
    stream = b"".join(protocol.encode(m, k + 1 if m.qos else None) for k, m in enumerate(messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    inbox = Inbox(capacity=capacity)

    packets: list[Packet] = []
    for begin, end in itertools.pairwise([0, *cuts, len(stream)]):
        packets += feed(inbox, stream[begin:end])

    assert [as_sent(p) for p in packets] == messages
    assert not inbox.malformed


@given(messages=st.lists(PUBLISHES, min_size=1, max_size=5))
def test_the_same_packets_byte_by_byte(messages: list[Outgoing]) -> None:
    stream = b"".join(protocol.encode(m, 7 if m.qos else None) for m in messages)
    inbox = Inbox(capacity=16)

    packets = [p for k in range(len(stream)) for p in feed(inbox, stream[k : k + 1])]

    assert [as_sent(p) for p in packets] == messages


# The codec's panic writes a trace to standard error when text is not UTF-8; the bytes here make that rare.
@given(good=st.lists(PUBLISHES, max_size=3), garbage=st.binary(min_size=1, max_size=60).filter(bytes.isascii))
def test_garbage_never_raises_and_spoils_nothing_before_it(good: list[Outgoing], garbage: bytes) -> None:
    stream = b"".join(protocol.encode(m, 1 if m.qos else None) for m in good)
    inbox = Inbox(capacity=32)

    packets = feed(inbox, stream + garbage)

    assert [as_sent(p) for p in packets[: len(good)]] == good


# The codec prints the decode error of text that is not UTF-8.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x00\x00", "PacketType"),
        (b"\x30\xff\xff\xff\xff\xff", "variable byte"),
        (b"\x32\x05\x00\x02\xff\xfe\x00", "UTF-8"),
        (b"\x30\x04\x00\x09ab", "remaining length"),
        (b"\x20\x02\x00\x01", "ConnAckReasonCode"),
        (b"\x30\x80\x80\x80\x10", "at most"),
    ],
)
def test_malformed_bytes_are_named_and_end_it(data: bytes, said: str) -> None:
    inbox = Inbox()

    assert feed(inbox, data) == []
    assert said in inbox.malformed
    assert feed(inbox, protocol.PINGREQ) == []
    assert feed(inbox, b"\0" * 300_000) == []


def test_a_large_packet_makes_the_buffer_grow_once_and_shrink_again() -> None:
    message = Outgoing("a", bytes(1_000_000))
    stream = protocol.encode(message, 1) + protocol.PINGREQ
    inbox = Inbox(capacity=1000)

    assert [as_sent(p) for p in feed(inbox, stream[:-2])] == [message]
    assert len(inbox.space()) == 1000
    assert len(feed(inbox, stream[-2:])) == 1


def test_a_large_packet_in_single_bytes_is_looked_at_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every byte, which would make parsing slower than the network."""
    looks: list[int] = []

    def read(view: memoryview) -> tuple[Packet, int]:
        looks.append(len(view))
        return real(view)

    real = mqtt5.read
    monkeypatch.setattr(protocol, "read", read)
    stream = protocol.encode(Outgoing("a", bytes(20_000)), 1)
    inbox = Inbox(capacity=64)

    assert len([p for k in range(len(stream)) for p in feed(inbox, stream[k : k + 1])]) == 1
    assert looks == [2, 3, 4, len(stream)]


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("", "empty"),
        ("a/+/b", "wildcard"),
        ("a/#", "wildcard"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
        ("a\uffff", "control"),
        ("\ud800", "Unicode"),
        ("x" * 65_536, "65536 bytes"),
        ("ä" * 40_000, "80000 bytes"),
        ("/" * 201, "levels"),
    ],
)
def test_topics_nobody_can_publish_on(topic: str, why: str) -> None:
    problem = protocol.outgoing_problem(Outgoing(topic, b""))

    assert isinstance(problem, Refused)
    assert why in problem.reason
    assert problem.reason.isprintable()
    assert len(problem.reason) < 400


@pytest.mark.parametrize(
    "message",
    [
        Outgoing("a", b"", response_topic="a/#"),
        Outgoing("a", b"", correlation=bytes(65_536)),
        Outgoing("a", b"", expiry_s=-1),
        Outgoing("a", b"", expiry_s=2**32),
        Outgoing("a", b"", qos=2),
    ],
)
def test_properties_that_cannot_be_sent(message: Outgoing) -> None:
    assert protocol.outgoing_problem(message) is not None


def test_a_payload_is_bytes() -> None:
    with pytest.raises(TypeError, match="payload for a is str"):
        protocol.outgoing_problem(Outgoing("a", "text"))  # type: ignore[arg-type]


@given(st.text(max_size=50))
def test_what_is_judged_good_can_be_encoded(topic: str) -> None:
    message = Outgoing(topic, b"x", response_topic=topic, correlation=b"", expiry_s=1)
    if protocol.outgoing_problem(message) is None:
        assert as_sent(feed(Inbox(), protocol.encode(message, 1))[0]) == message


@pytest.mark.parametrize("filter_", ["#", "+", "a/+/b/#", "a/b", "/", "$SYS/#"])
def test_filters(filter_: str) -> None:
    assert protocol.filter_problem(filter_) == ""
    assert protocol.subscribe(1, [Subscription(filter_)])


@pytest.mark.parametrize("filter_", ["", "a#", "#/a", "a+/b", "a/b+", "\0", "x" * 65_536])
def test_filters_that_are_none(filter_: str) -> None:
    assert protocol.filter_problem(filter_)


def test_again_sets_the_duplicate_flag_only() -> None:
    message = Outgoing("a/b", b"payload", retain=True, expiry_s=5)

    packet = feed(Inbox(), protocol.again(protocol.encode(message, 99)))[0]

    assert isinstance(packet, PublishPacket)
    assert packet.duplicate
    assert packet.packet_id == 99
    assert as_sent(packet) == message


@given(st.integers(1, 65_535))
def test_puback(packet_id: int) -> None:
    packet = feed(Inbox(), protocol.puback(packet_id))[0]

    assert isinstance(packet, protocol.PubAckPacket)
    assert (packet.packet_id, packet.reason_code.value) == (packet_id, 0)


def test_a_hello_never_shows_its_password() -> None:
    hello = Hello("edge-pi", user="edge-pi", password="hush")

    assert "hush" not in repr(hello)
    assert b"hush" in protocol.connect(hello, None)


def test_connect_says_everything() -> None:
    hello = Hello("edge-pi", user="u", password="p", clean_start=False, session_expiry_s=60, receive_max=7)
    packet, _ = mqtt5.read(memoryview(protocol.connect(hello, Will("a", b"gone", expiry_s=90))))

    assert isinstance(packet, mqtt5.ConnectPacket)
    assert (packet.client_id, packet.username, packet.password) == ("edge-pi", "u", b"p")
    assert (packet.clean_start, packet.session_expiry_interval) == (False, 60)
    assert (packet.keep_alive, packet.receive_max, packet.max_packet_size) == (20, 7, protocol.MAX_PACKET)
    assert packet.will is not None
    assert (packet.will.topic, packet.will.payload, packet.will.retain) == ("a", b"gone", True)
    assert (packet.will.qos.value, packet.will.message_expiry_interval) == (1, 90)


def test_disconnect_carries_its_code() -> None:
    packet = feed(Inbox(), protocol.disconnect(protocol.MALFORMED))[0]

    assert isinstance(packet, protocol.DisconnectPacket)
    assert packet.reason_code.value == 0x81
