"""MQTT reason codes and connection errors as sentences: what is wrong, where, and what to do about it."""

import errno
import socket
import ssl
from typing import Final

from broker.config import BrokerConfig
from broker.protocol import shown

NOT_AUTHORISED: Final = 0x87
TAKEN_OVER: Final = 0x8E

_WORDS: Final = {
    0x04: "it wants the last will to be sent",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "not accepted by this broker",
    0x84: "it does not speak MQTT 5",
    0x85: "client id not valid",
    0x86: "wrong user name or password",
    0x87: "not authorised",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "it heard nothing from us for too long",
    0x8E: "another client uses this id",
    0x8F: "topic filter not valid",
    0x90: "topic name not valid",
    0x91: "packet id in use",
    0x93: "too many messages at once",
    0x94: "topic alias not valid",
    0x95: "packet too large",
    0x96: "messages come too fast",
    0x97: "quota exceeded",
    0x98: "an administrator ended it",
    0x99: "payload format not valid",
    0x9A: "retained messages are not supported",
    0x9B: "this QoS is not supported",
    0x9C: "use another server",
    0x9D: "the server has moved",
    0x9E: "shared subscriptions are not supported",
    0x9F: "too many connections a second",
    0xA0: "it was connected for as long as is allowed",
    0xA1: "subscription identifiers are not supported",
    0xA2: "wildcards are not supported",
}


def words(code: int, said: str | None = None) -> str:
    """A reason code in words, with the broker's own where it sent some."""
    text = _WORDS.get(code, f"reason code 0x{code:02x}")
    return f"{text} ({shown(said)})" if said else text


def publish_refused(code: int, topic: str, said: str | None) -> str:
    if code == NOT_AUTHORISED:
        return f"not authorised to publish on {shown(topic)}"
    return f"the broker refused a message on {shown(topic)}: {words(code, said)}"


def subscribe_refused(code: int, filter_: str, said: str | None) -> str:
    if code == NOT_AUTHORISED:
        return f"not authorised to subscribe to {shown(filter_)}"
    return f"the broker refused the subscription to {shown(filter_)}: {words(code, said)}"


class Sentences:
    """The sentences about one broker. None of them contains a secret."""

    def __init__(self, config: BrokerConfig, client_id: str) -> None:
        self._config = config
        self._client_id = client_id
        self.where = f"{config.host}:{config.port}"

    def refused(self, code: int, said: str | None) -> str:
        """CONNACK with a reason other than success."""
        if code in (0x86, NOT_AUTHORISED):
            # Mosquitto says "not authorised" for a wrong password.
            who = f"user {self._config.user!r}" if self._config.user else "a client without a user name"
            return (
                f"{self.where} does not accept {who}: check broker.user and broker.password_file, "
                "and that the broker knows this user"
            )
        return f"{self.where} refuses the connection of {self._client_id!r}: {words(code, said)}"

    def disconnected(self, code: int, said: str | None) -> str:
        """DISCONNECT from the broker."""
        if code == TAKEN_OVER:
            return self.rival()
        return f"{self.where} ended the connection: {words(code, said)}"

    def rival(self) -> str:
        return (
            f"another client uses this id: {self.where} closes {self._client_id!r} again and again; "
            "stop the other one or give one of them another name"
        )

    def not_mqtt(self, what: str) -> str:
        return f"{self.where} sent something that is not MQTT 5: {what}"

    def closed(self, *, greeted: bool, error: Exception | None) -> str:
        detail = f" ({_reason(error)})" if error else ""
        if greeted:
            return f"{self.where} closed the connection{detail}"
        hint = "does this port speak TLS?" if self._config.tls else "is it an MQTT broker, does it want broker.tls?"
        return f"{self.where} closed the connection before it answered{detail}: {hint}"

    def silent(self, seconds: float) -> str:
        """Nothing heard on a link that was good."""
        return f"{self.where} has been silent for {seconds:g} s: the connection is dead"

    def slow(self, seconds: float) -> str:
        """No CONNACK in time."""
        return f"{self.where} does not answer within {seconds:g} s: check address, network and firewall"

    def unreachable(self, error: Exception) -> str:
        """The TCP or TLS connection could not be made."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._certificate(error)
        if isinstance(error, ssl.SSLError):
            detail = getattr(error, "reason", None) or _reason(error)
            return f"TLS with {self.where} failed ({detail}): does this port speak TLS?"
        if isinstance(error, socket.gaierror | UnicodeError):
            return f"the host {self._config.host!r} (broker.host) is not known: {_reason(error)}"
        if _is_refusal(error):
            return f"{self.where} refuses connections: is the broker running there?"
        if isinstance(error, ConnectionError):
            return self.closed(greeted=False, error=error)
        return f"{self.where} cannot be reached: {_reason(error)}"

    def _certificate(self, error: ssl.SSLCertVerificationError) -> str:
        voucher = self._config.ca_file or "this computer's list of authorities"
        return (
            f"the certificate of {self.where} is not accepted ({error.verify_message}): "
            f"{voucher} must vouch for it (broker.ca_file) and it must name {self._config.host!r}"
        )


def _is_refusal(error: Exception) -> bool:
    # With several addresses for a name asyncio puts the texts of all errors into one.
    return isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
