"""One clear sentence for everything that can be wrong with a connection."""

import socket
import ssl

import pytest

from broker.config import BrokerConfig
from broker.reasons import Sentences, publish_refused, subscribe_refused, words

SENTENCES = Sentences(BrokerConfig(host="broker.lab", port=8883, user="edge-pi", tls=True), "edge-pi")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ConnectionRefusedError(111, "Connection refused"),
            "broker.lab:8883 refuses connections: is the broker running",
        ),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] …"), "is the broker running"),
        (socket.gaierror(-2, "Name or service not known"), "'broker.lab' (broker.host) is not known: Name or service"),
        (UnicodeError("label empty or too long"), "(broker.host) is not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), "does this port speak TLS?"),
        (ConnectionResetError(104, "Connection reset by peer"), "before it answered (Connection reset by peer)"),
        (OSError(113, "No route to host"), "cannot be reached: No route to host"),
    ],
)
def test_unreachable(error: Exception, said: str) -> None:
    assert said in SENTENCES.unreachable(error)


def test_a_wrong_password_names_the_user_and_the_keys() -> None:
    for code in (0x86, 0x87):
        sentence = SENTENCES.refused(code, None)
        assert "'edge-pi'" in sentence
        assert "broker.password_file" in sentence


def test_other_refusals_carry_the_brokers_words() -> None:
    assert SENTENCES.refused(0x89, "come back later").endswith("server busy (come back later)")


def test_what_the_broker_says_cannot_forge_a_log_line() -> None:
    assert "\n" not in words(0x80, "one\ntwo")


def test_disconnected() -> None:
    assert SENTENCES.disconnected(0x8B, None).endswith("ended the connection: server shutting down")
    assert "another client uses this id" in SENTENCES.disconnected(0x8E, None)


def test_closed_before_and_after_the_greeting() -> None:
    assert SENTENCES.closed(greeted=True, error=None) == "broker.lab:8883 closed the connection"
    assert "does this port speak TLS?" in SENTENCES.closed(greeted=False, error=None)
    plain = Sentences(BrokerConfig(), "x")
    assert "broker.tls" in plain.closed(greeted=False, error=ConnectionResetError(104, "Connection reset by peer"))


def test_publishing() -> None:
    assert publish_refused(0x87, "a/b", None) == "not authorised to publish on a/b"
    assert publish_refused(0x97, "a/b", None) == "the broker refused a message on a/b: quota exceeded"


def test_subscribing() -> None:
    assert subscribe_refused(0x87, "a/#", None) == "not authorised to subscribe to a/#"
    assert "topic filter not valid" in subscribe_refused(0x8F, "a", None)


def test_unknown_codes_are_shown() -> None:
    assert words(0xFE) == "reason code 0xfe"
