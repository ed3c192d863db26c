"""The session without a socket: what goes out, what waits, what is finished and how."""

from concurrent.futures import Future
from typing import Any

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from broker.config import BrokerConfig
from broker.protocol import Inbox, LinkError, Message, NotConnected, Outgoing, Packet, Refused, Subscription, WindowFull
from broker.reasons import Sentences
from broker.session import Session

Done = Future[Any]


def session(*, clean: bool = True, window: int = 500, max_waiting: int = 100, crowd: int = 10) -> Session:
    return Session(Sentences(BrokerConfig(), "x"), clean=clean, window=window, max_waiting=max_waiting, crowd=crowd)


def started(*, present: bool = False, receive_max: int = 65_535, **settings: Any) -> Session:
    made = session(**settings)
    made.begin(mqtt5.ConnAckPacket(session_present=present, receive_max=receive_max))
    return made


def publish(session: Session, payload: bytes = b"", topic: str = "a", **fields: Any) -> Done:
    ticket: Done = Future()
    session.publish(ticket, Outgoing(topic, payload, **fields))
    return ticket


def sent(session: Session) -> list[Packet]:
    data = session.drain()
    inbox = Inbox(capacity=len(data) + 1)
    inbox.space()[: len(data)] = data
    packets = inbox.filled(len(data))
    assert not inbox.malformed
    return packets


def sent_publishes(session: Session) -> list[mqtt5.PublishPacket]:
    return [p for p in sent(session) if isinstance(p, mqtt5.PublishPacket)]


def puback(session: Session, packet_id: int | None, code: mqtt5.PubAckReasonCode | None = None) -> None:
    assert packet_id is not None
    session.handle([mqtt5.PubAckPacket(packet_id, reason_code=code or mqtt5.PubAckReasonCode.SUCCESS)])


def arrive(session: Session, packet_id: int | None, payload: bytes = b"") -> None:
    qos = mqtt5.QoS.AT_MOST_ONCE if packet_id is None else mqtt5.QoS.AT_LEAST_ONCE
    session.handle([mqtt5.PublishPacket("a", payload, qos=qos, packet_id=packet_id)])


def error(ticket: Done) -> BaseException | None:
    return ticket.exception(timeout=0)


# --- publishing ---


def test_without_a_connection_a_publish_fails_at_once() -> None:
    assert isinstance(error(publish(session())), NotConnected)


def test_a_ticket_is_done_at_puback() -> None:
    s = started()
    ticket = publish(s, b"1")
    (packet,) = sent_publishes(s)

    assert not ticket.done()
    puback(s, packet.packet_id)
    assert ticket.done()
    assert error(ticket) is None


def test_qos_0_is_done_when_it_is_on_its_way() -> None:
    s = started()

    assert publish(s, qos=0).done()
    assert [p.packet_id for p in sent_publishes(s)] == [None]


def test_beyond_the_window_messages_wait_in_order_and_then_there_is_no_room() -> None:
    s = started(window=2, max_waiting=3)
    tickets = [publish(s, b"%d" % k) for k in range(6)]

    assert isinstance(error(tickets[5]), WindowFull)
    order: list[bytes] = []
    while packets := sent_publishes(s):
        assert len(packets) <= 2
        order += [p.payload for p in packets]
        for packet in packets:
            puback(s, packet.packet_id)
    assert order == [b"0", b"1", b"2", b"3", b"4"]
    assert all(t.done() for t in tickets)


def test_the_brokers_receive_maximum_bounds_the_window() -> None:
    s = started(window=500, receive_max=3)
    for _ in range(5):
        publish(s)

    assert len(sent_publishes(s)) == 3
    assert not s.has_room


def test_who_gave_up_waiting_is_not_sent() -> None:
    s = started(window=1)
    publish(s, b"1")
    given_up, last = publish(s, b"2"), publish(s, b"3")
    given_up.cancel()
    (first,) = sent_publishes(s)
    puback(s, first.packet_id)

    assert [p.payload for p in sent_publishes(s)] == [b"3"]
    assert not last.done()


def test_a_refusal_names_the_topic() -> None:
    s = started()
    ticket = publish(s, topic="lab/oven1/cmd")
    puback(s, 1, mqtt5.PubAckReasonCode.NOT_AUTHORIZED)

    refusal = error(ticket)
    assert isinstance(refusal, Refused)
    assert (refusal.code, str(refusal)) == (0x87, "not authorised to publish on lab/oven1/cmd")


def test_no_matching_subscribers_is_success() -> None:
    s = started()
    ticket = publish(s)
    puback(s, 1, mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS)

    assert error(ticket) is None


def test_an_unknown_puback_is_ignored() -> None:
    puback(started(), 17)


@pytest.mark.parametrize(
    ("connack", "fields", "code"),
    [
        ({"max_packet_size": 100}, {"payload": bytes(100)}, 0x95),
        ({"max_packet_size": 100}, {"payload": bytes(98)}, 0x95),
        ({"max_qos": mqtt5.QoS.AT_MOST_ONCE}, {}, 0x9B),
        ({"retain_available": False}, {"retain": True}, 0x9A),
        ({}, {"payload": bytes(2**28)}, 0x95),
        ({}, {"topic": "a/#"}, 0x90),
    ],
)
def test_what_the_broker_cannot_take_is_refused_here(connack: Any, fields: Any, code: int) -> None:
    s = session()
    s.begin(mqtt5.ConnAckPacket(**connack))
    refusal = error(publish(s, **fields))

    assert isinstance(refusal, Refused)
    assert refusal.code == code
    assert not s.out
    assert not s.unsettled


def test_packet_ids_wrap_and_none_that_is_outstanding_is_used_again() -> None:
    s = started(window=10)
    publish(s)
    publish(s)
    seen = [p.packet_id for p in sent_publishes(s)]
    for _ in range(65_535):
        publish(s)
        (packet,) = sent_publishes(s)
        seen.append(packet.packet_id)
        puback(s, packet.packet_id)

    assert seen[:4] == [1, 2, 3, 4]
    assert set(seen[2:]) == set(range(3, 65_536))
    assert seen[-3:] == [65_535, 3, 4]


# --- reconnecting ---


def test_a_clean_session_fails_everything_when_the_link_goes() -> None:
    s = started(window=1)
    tickets = [publish(s), publish(s)]
    s.lost()

    assert all(isinstance(error(t), NotConnected) for t in tickets)
    assert not s.out


def test_a_kept_session_is_sent_again_with_dup_in_order_before_what_waits() -> None:
    s = started(clean=False, window=2)
    tickets = [publish(s, b"%d" % k) for k in range(3)]
    first = sent_publishes(s)
    s.lost()
    assert not any(t.done() for t in tickets)
    s.begin(mqtt5.ConnAckPacket(session_present=True))

    again = sent_publishes(s)
    assert [(p.packet_id, p.payload, p.duplicate) for p in again] == [(p.packet_id, p.payload, True) for p in first]
    puback(s, again[0].packet_id)
    (last,) = sent_publishes(s)
    assert (last.payload, last.duplicate) == (b"2", False)
    assert last.packet_id not in {p.packet_id for p in first}


def test_sending_again_keeps_to_a_smaller_receive_maximum() -> None:
    s = started(clean=False, window=10)
    for k in range(4):
        publish(s, b"%d" % k)
    s.lost()
    s.begin(mqtt5.ConnAckPacket(session_present=True, receive_max=2))
    publish(s, b"4")

    order: list[bytes] = []
    while packets := sent_publishes(s):
        assert len(packets) <= 2
        order += [p.payload for p in packets]
        for packet in packets:
            puback(s, packet.packet_id)
    assert order == [b"0", b"1", b"2", b"3", b"4"]


def test_a_broker_that_forgot_the_session_fails_what_was_outstanding() -> None:
    s = started(clean=False, window=1)
    tickets = [publish(s), publish(s)]
    s.lost()
    s.begin(mqtt5.ConnAckPacket(session_present=False))

    assert all(isinstance(error(t), NotConnected) for t in tickets)
    assert sent_publishes(s) == []


def test_the_end_fails_what_is_left() -> None:
    s = started(clean=False)
    ticket = publish(s)
    s.end()

    assert isinstance(error(ticket), NotConnected)


# --- a full pipe ---


def test_while_writing_is_held_up_messages_wait_and_keep_their_order() -> None:
    s = started()
    s.choked = True
    one, zero = publish(s, b"1"), publish(s, b"2", qos=0)

    assert not s.out
    assert not zero.done()
    s.choked = False
    s.pump()
    assert [p.payload for p in sent_publishes(s)] == [b"1", b"2"]
    assert zero.done()
    assert not one.done()


def test_a_pipe_that_clears_after_the_end_sends_nothing() -> None:
    s = started(clean=False)
    s.choked = True
    publish(s, b"1")
    s.lost()
    s.choked = False
    s.pump()
    assert not s.out

    s.choked = True
    s.begin(mqtt5.ConnAckPacket(session_present=True))
    assert [(p.payload, p.duplicate) for p in sent_publishes(s)] == [(b"1", False)]


def test_an_answer_to_what_is_still_to_be_sent_again_is_taken() -> None:
    s = started(clean=False)
    tickets = [publish(s), publish(s)]
    s.lost()
    s.begin(mqtt5.ConnAckPacket(session_present=True, receive_max=1))
    puback(s, 2)
    puback(s, 1)

    assert all(t.done() for t in tickets)
    assert s.has_room


# --- subscriptions ---


def test_subscriptions_are_sent_at_every_connection() -> None:
    s = session()
    for k in range(120):
        s.subscribe(Subscription(f"a/{k}"))
    for _ in range(2):
        s.begin(mqtt5.ConnAckPacket())
        packets = [p for p in sent(s) if isinstance(p, mqtt5.SubscribePacket)]
        assert [f.pattern for p in packets for f in p.topic_filters] == [f"a/{k}" for k in range(120)]
        assert not s.subscribed
        for packet in packets:
            codes = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(packet.topic_filters)
            s.handle([mqtt5.SubAckPacket(packet.packet_id, codes)])
        assert s.subscribed
        s.lost()
        assert not s.subscribed


def test_a_subscription_says_how_it_wants_its_messages() -> None:
    s = started()
    s.subscribe(Subscription("a", qos=0, retain_as_published=False, retain_handling=2))

    (packet,) = sent(s)
    assert isinstance(packet, mqtt5.SubscribePacket)
    (wanted,) = packet.topic_filters
    assert (wanted.max_qos.value, wanted.retain_as_published, wanted.retain_handling.value) == (0, False, 2)


def test_a_filter_that_is_none_is_refused_at_once() -> None:
    s = started()

    for subscription in (Subscription("a#"), Subscription("a", qos=2)):
        with pytest.raises(Refused):
            s.subscribe(subscription)
    assert not s.out


def test_a_refused_subscription_is_told() -> None:
    s = started()
    s.subscribe(Subscription("a"))
    s.handle([mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.QUOTA_EXCEEDED])])

    assert s.subscribed
    assert s.notices == ["the broker refused the subscription to a: quota exceeded"]
    assert s.refused["a"].code == 0x97


def test_an_unsubscribe_while_away_reaches_a_session_that_is_kept() -> None:
    s = started(clean=False)
    s.subscribe(Subscription("a"))
    s.lost()
    s.unsubscribe("a")
    s.begin(mqtt5.ConnAckPacket(session_present=True))

    (packet,) = sent(s)
    assert isinstance(packet, mqtt5.UnsubscribePacket)
    assert packet.patterns == ["a"]
    s.handle([mqtt5.UnsubAckPacket(packet.packet_id, [mqtt5.UnsubAckReasonCode.SUCCESS])])
    s.lost()
    s.begin(mqtt5.ConnAckPacket(session_present=True))
    assert sent(s) == []


@pytest.mark.parametrize("changed_mind", [False, True])
def test_an_unsubscribe_while_away_is_not_sent_needlessly(changed_mind: bool) -> None:
    s = started(clean=False)
    s.subscribe(Subscription("a"))
    s.lost()
    s.unsubscribe("a")
    if changed_mind:
        s.subscribe(Subscription("a"))
    s.begin(mqtt5.ConnAckPacket(session_present=changed_mind))

    assert [type(p) for p in sent(s)] == [mqtt5.SubscribePacket] * changed_mind


def test_a_refused_subscription_has_another_chance_at_the_next_connection() -> None:
    s = started()
    s.subscribe(Subscription("a"))
    s.handle([mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.QUOTA_EXCEEDED])])
    s.lost()
    s.begin(mqtt5.ConnAckPacket())

    assert not s.refused


# --- arriving ---


def test_an_acknowledgement_goes_out_once() -> None:
    s = started()
    arrive(s, 7)
    (message,) = s.take(10)
    s.ack(message)
    s.ack(message)

    assert [(type(p), p.packet_id) for p in sent(s) if isinstance(p, mqtt5.PubAckPacket)] == [(mqtt5.PubAckPacket, 7)]


def test_an_acknowledgement_for_a_connection_that_is_gone_is_ignored() -> None:
    """The same packet id may stand for another message now."""
    s = started(clean=False)
    arrive(s, 7)
    s.lost()
    s.begin(mqtt5.ConnAckPacket(session_present=True))
    arrive(s, 7)
    old, new = s.take(10)
    s.ack(old)
    assert sent(s) == []
    s.ack(new)
    assert len(sent(s)) == 1


def test_an_acknowledgement_while_away_does_not_go_to_the_next_connection() -> None:
    s = started(clean=False)
    arrive(s, 7)
    s.lost()
    s.ack(s.take_one())
    s.begin(mqtt5.ConnAckPacket(session_present=True))

    assert sent(s) == []


def test_qos_0_needs_no_acknowledgement() -> None:
    s = started()
    arrive(s, None)
    s.ack(s.take_one())

    assert sent(s) == []


def test_a_crowd_pauses_and_a_flood_of_qos_0_is_dropped_and_counted() -> None:
    s = started(crowd=10)
    for k in range(200):
        arrive(s, None, b"%d" % k)
    arrive(s, 5, b"kept")

    assert s.crowded
    assert s.dropped == 200 - 101
    assert [m.payload for m in s.take(1000)] == [*(b"%d" % k for k in range(101)), b"kept"]
    assert s.relaxed


def test_bytes_are_a_crowd_too() -> None:
    s = started(crowd=1000)
    for k in range(70):
        arrive(s, k + 1, bytes(1024 * 1024))
    assert s.crowded
    s.take(60)
    assert s.relaxed
    assert len(s.take(1000)) == 10


def test_more_than_the_receive_maximum_is_no_error() -> None:
    s = started(crowd=2)
    for k in range(500):
        arrive(s, k + 1)

    assert len(s.take(1000)) == 500


def test_everything_about_a_message_is_kept() -> None:
    s = started()
    packet = mqtt5.PublishPacket(
        "a/b",
        b"payload",
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=3,
        retain=True,
        duplicate=True,
        message_expiry_interval=60,
        response_topic="answers",
        correlation_data=b"17",
    )
    s.handle([packet])

    assert s.take_one() == Message("a/b", b"payload", 1, True, True, 60, "answers", b"17", 3, 1)


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (mqtt5.PublishPacket("a", b"", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=1), "QoS 2"),
        (mqtt5.ConnAckPacket(), "ConnAckPacket"),
        (mqtt5.PubRelPacket(1), "PubRelPacket"),
        (mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN), "shutting down"),
        (mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER), "another client uses"),
    ],
)
def test_what_ends_the_link(packet: Packet, said: str) -> None:
    with pytest.raises(LinkError, match=said):
        started().handle([packet])


def test_what_came_before_the_end_is_kept() -> None:
    s = started()
    good = mqtt5.PublishPacket("a", b"good")
    with pytest.raises(LinkError):
        s.handle([good, mqtt5.DisconnectPacket(), good])

    assert len(s.take(10)) == 1


# --- anything in any order ---


class AnyOrder(RuleBasedStateMachine):
    """Nothing is lost, doubled or reordered, whatever happens when."""

    def __init__(self) -> None:
        super().__init__()
        self.session = session(clean=False, window=3, max_waiting=4)
        self.present = False
        self.tickets: list[Done] = []
        self.accepted: list[int] = []  # in the order in which the broker first saw them
        self.at_broker: dict[int, int] = {}  # packet id → number, not yet acknowledged

    def look(self) -> None:
        for packet in sent_publishes(self.session):
            assert packet.packet_id is not None
            number = int(packet.payload)
            if packet.duplicate:
                assert self.at_broker.get(packet.packet_id, number) == number
            else:
                assert packet.packet_id not in self.at_broker
                self.accepted.append(number)
            self.at_broker[packet.packet_id] = number
        assert len(self.at_broker) <= 3

    @rule()
    def publish(self) -> None:
        self.tickets.append(publish(self.session, b"%d" % len(self.tickets)))
        self.look()

    @precondition(lambda self: self.session.connected and self.at_broker)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        packet_id = data.draw(st.sampled_from(sorted(self.at_broker)))
        number = self.at_broker.pop(packet_id)
        puback(self.session, packet_id)
        assert error(self.tickets[number]) is None
        self.look()

    @rule(choked=st.booleans())
    def pipe(self, choked: bool) -> None:
        self.session.choked = choked
        if not choked:
            self.session.pump()
        self.look()

    @precondition(lambda self: self.session.connected)
    @rule()
    def lose(self) -> None:
        self.session.lost()

    @precondition(lambda self: not self.session.connected)
    @rule(forgotten=st.booleans())
    def connect(self, forgotten: bool) -> None:
        if forgotten:
            self.at_broker.clear()
        self.session.begin(mqtt5.ConnAckPacket(session_present=not forgotten))
        self.look()

    @invariant()
    def in_order_and_once(self) -> None:
        assert self.accepted == sorted(set(self.accepted))

    @invariant()
    def everything_is_finished_or_kept(self) -> None:
        open_ = sum(not t.done() for t in self.tickets)
        assert open_ <= 3 + 4
        assert self.session.unsettled == (open_ > 0)


TestAnyOrder = AnyOrder.TestCase


@given(st.lists(st.integers(1, 5), max_size=20))
def test_batches_are_everything_in_order(limits: list[int]) -> None:
    s = started(crowd=1000)
    for k in range(50):
        arrive(s, k + 1, b"%d" % k)
    taken = [m for limit in limits for m in s.take(limit)] + s.take(1000)

    assert [int(m.payload) for m in taken] == list(range(50))
