"""One look at a broker: its answer to CONNECT, its certificate, and whether it lets through what nobody may send."""

import asyncio
import os
import secrets
import ssl
from dataclasses import dataclass
from typing import Literal

from broker import protocol
from broker.client import Client, MqttError
from broker.config import BrokerConfig, ConfigError
from broker.protocol import ConnAckPacket, Hello, Inbox

TIMEOUT_S = 3.0
VERSION = "$SYS/broker/version"

Trouble = Literal["", "refused", "unknown-host", "unreachable", "silent", "tls", "not-mqtt", "old-mqtt"]


@dataclass(frozen=True, slots=True)
class Greeting:
    """What came of connecting. ``code``: CONNACK's reason, None without one. ``tls_code``: OpenSSL's verify code.

    ``certificate_ends_s``: seconds since the epoch. ``in_flight`` and ``packet_bytes`` are the broker's limits, None
    for one that it does not have.
    """

    trouble: Trouble = ""
    detail: str = ""
    code: int | None = None
    tls_code: int = 0
    certificate_ends_s: float | None = None
    in_flight: int = 0
    packet_bytes: int | None = None

    @property
    def accepted(self) -> bool:
        return self.code == 0


@dataclass(frozen=True, slots=True)
class Answers:
    """``open``: a message below no root of ours was taken and delivered. ``version``: "" where it is not told."""

    open: bool = False
    version: str = ""


async def greet(broker: BrokerConfig, timeout_s: float = TIMEOUT_S) -> Greeting:
    """Connect, say CONNECT, look at the first answer, go. Raises ConfigError for a secret that cannot be read."""
    password = broker.password()
    context = _context(broker)
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                broker.host, broker.port, ssl=context, server_hostname=broker.host if context else None
            )
    except TimeoutError:
        return Greeting("unreachable", f"no connection within {timeout_s:g} s")
    except (OSError, UnicodeError) as e:
        return _failed(e)
    try:
        writer.write(protocol.connect(Hello(_client_id(), user=broker.user, password=password), None))
        return _judged(await _first_words(reader, timeout_s), _ends(writer))
    finally:
        writer.close()


def _client_id() -> str:
    return f"doctor-{os.getpid()}-{secrets.token_hex(3)}"


def _context(broker: BrokerConfig) -> ssl.SSLContext | None:
    if not broker.tls:
        return None
    try:
        return ssl.create_default_context(cafile=broker.ca_file or None)
    except OSError as e:
        raise ConfigError(f"broker.ca_file names {broker.ca_file}, which cannot be used: {e.strerror or e}") from e


def _failed(error: Exception) -> Greeting:
    text = getattr(error, "strerror", None) or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Greeting("tls", error.verify_message, tls_code=error.verify_code)
    if isinstance(error, ssl.SSLError):
        return Greeting("tls", error.reason or text)
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return Greeting("refused", text)
    if isinstance(error, ConnectionError):
        return Greeting("not-mqtt", text)
    # What is left of OSError are names that nobody knows, and networks that lead nowhere.
    unknown = isinstance(error, UnicodeError) or type(error).__name__ == "gaierror"
    return Greeting("unknown-host" if unknown else "unreachable", text)


async def _first_words(reader: asyncio.StreamReader, timeout_s: float) -> bytes | None:
    """Up to a packet's worth of bytes; empty when the connection was closed, None when nothing came."""
    try:
        async with asyncio.timeout(timeout_s):
            return await reader.read(4096)
    except TimeoutError:
        return None
    except OSError:
        return b""


def _ends(writer: asyncio.StreamWriter) -> float | None:
    certificate = writer.get_extra_info("peercert") or {}
    ends = certificate.get("notAfter")
    return ssl.cert_time_to_seconds(ends) if ends else None


def _judged(words: bytes | None, ends: float | None) -> Greeting:
    if words is None:
        return Greeting("silent", "it takes connections and says nothing", certificate_ends_s=ends)
    if not words:
        return Greeting("not-mqtt", "it closes the connection without an answer", certificate_ends_s=ends)
    if words[:2] == b"\x20\x02":  # CONNACK as MQTT 3.1.1 has it: no properties
        return Greeting("old-mqtt", f"it answers as MQTT 3.1.1 does, code {words[3]}" if len(words) > 3 else "")
    inbox = Inbox()
    inbox.space()[: len(words)] = words
    packets = inbox.filled(len(words))
    if not packets or not isinstance(packets[0], ConnAckPacket):
        return Greeting("not-mqtt", "its first words are " + ascii(words[:40].decode("latin-1")))
    connack = packets[0]
    return Greeting(
        code=connack.reason_code.value,
        certificate_ends_s=ends,
        in_flight=connack.receive_max,
        packet_bytes=connack.max_packet_size,
    )


async def ask(broker: BrokerConfig, timeout_s: float = TIMEOUT_S) -> Answers:
    """What the broker is and whether it lets everybody say everything, judged by delivery.

    The one message sent is not retained and lies below no root: nobody's instrument, service or page hears it.
    """
    mine = f"labwire-doctor/{secrets.token_hex(6)}"
    open_, version = False, ""
    async with Client(broker, _client_id()) as client:
        client.subscribe(VERSION)
        client.subscribe(mine)
        try:
            async with asyncio.timeout(timeout_s):
                await anext(client.connections())
                await client.subscribed()
                taken = await _taken(client, mine)
                while taken and not open_:
                    async with asyncio.timeout(1.0):
                        message = await anext(client.messages)
                    open_ = message.topic == mine
                    version = message.payload.decode("ascii", "replace") if message.topic == VERSION else version
                while not taken and not version:
                    async with asyncio.timeout(0.3):
                        version = (await anext(client.messages)).payload.decode("ascii", "replace")
        except TimeoutError:
            pass
        except MqttError:
            return Answers()
    return Answers(open_, version)


async def _taken(client: Client, topic: str) -> bool:
    """Whether the broker takes a message there."""
    try:
        await client.publish(topic, b"")
    except MqttError:
        return False
    return True
