"""The MQTT 5 client of every labwire process: connects for ever, gives messages back-pressure, loses nothing silently.

    async with Client(config, "edge-pi") as client:
        client.subscribe(topics.all_of(Kind.DATA))
        async for message in client.messages:
            client.ack(message)

The rooms behind it: protocol (packets), session (what is outstanding), link (one connection), pace, reasons.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from broker import protocol
from broker.config import BrokerConfig, ConfigError
from broker.link import Bells, Link
from broker.pace import Retry
from broker.protocol import Hello, Message, MqttError, NotConnected, Outgoing, Refused, Subscription, Will, WindowFull
from broker.reasons import Sentences
from broker.runtime import Sleep
from broker.session import Session

__all__ = ["Client", "Message", "MqttError", "NotConnected", "Refused", "Will", "WindowFull"]

log = logging.getLogger("broker.client")

LEAVE_S = 2.0


class Client:
    """One MQTT user's connection, made again and again until the block ends.

    Entering starts it and does not wait for the broker; raises ConfigError for a password or CA file that cannot be
    read. Leaving waits up to 2 s for outstanding acknowledgements, then disconnects normally: the will is not sent.
    ``will`` is asked before each connection, with its number. All methods belong to the event loop's thread.
    """

    def __init__(
        self,
        config: BrokerConfig,
        client_id: str,
        *,
        will: Callable[[int], Will] | None = None,
        clean_start: bool = True,
        session_expiry_s: int = 0,
        receive_max: int = 1000,
        keep_alive_s: int = 20,
        max_outstanding: int = 500,
        max_waiting: int = 10_000,
        connect_timeout_s: float = 10.0,
        sleep: Sleep = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.problem = ""
        self._config = config
        self._client_id = client_id
        self._will = will
        self._clean_start = clean_start
        self._session_expiry_s = session_expiry_s
        self._receive_max = receive_max
        self._keep_alive_s = keep_alive_s
        self._connect_timeout_s = connect_timeout_s
        self._sleep = sleep
        self._retry = Retry(rng)
        self._sentences = Sentences(config, client_id)
        self._session = Session(
            self._sentences,
            clean=clean_start or session_expiry_s == 0,
            window=max_outstanding,
            max_waiting=max_waiting,
            crowd=2 * receive_max,
        )
        self._bells = Bells()
        self._link: Link | None = None
        self._tls: ssl.SSLContext | None = None
        self._group = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    # --- lifetime ---

    async def __aenter__(self) -> Self:
        self._config.password()
        self._tls = _tls_context(self._config)
        await self._group.__aenter__()
        self._task = self._group.create_task(self._run(), name=f"mqtt {self._client_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._settle()
        finally:
            if self._task is not None:
                self._task.cancel()
            # An error of the body is the caller's and stays as it is; a cancellation may be the group's own.
            passed = (kind, error, trace) if isinstance(error, asyncio.CancelledError) else (None, None, None)
            try:
                await self._group.__aexit__(*passed)
            finally:
                self._close()

    async def _settle(self) -> None:
        try:
            async with asyncio.timeout(LEAVE_S):
                while self._session.connected and self._session.unsettled:
                    await self._bells.moved.wait()
        except TimeoutError:
            log.warning("%s has not acknowledged everything within %g s", self._sentences.where, LEAVE_S)

    async def _run(self) -> None:
        try:
            while True:
                await self._sleep(await self._connect_once())
        finally:
            self._close()

    def _close(self) -> None:
        self._closed = True
        self._session.end()
        self._bells.ring()

    # --- one connection after the other ---

    async def _connect_once(self) -> float:
        """One connection from its beginning to its end; returns the seconds to wait before the next."""
        try:
            hello = self._hello()
        except ConfigError as e:
            return self._ended(str(e))
        will = self._will(self.connection + 1) if self._will else None
        keep_alive_s = self._keep_alive_s
        link = Link(
            self._session,
            self._sentences,
            self._bells,
            connect=protocol.connect(hello, will),
            keep_alive_s=keep_alive_s,
        )
        try:
            problem = await self._establish(link)
            if not problem and self._session.connected:
                self._connected()
                await link.live()
        finally:
            self._link = None
            await link.leave()
        if link.surprise is not None:
            raise link.surprise
        lived_s = None if link.accepted_at is None else link.ended_at - link.accepted_at
        return self._ended(problem or link.reason, lived_s, unexplained=link.unexplained)

    def _hello(self) -> Hello:
        """Raises ConfigError when the password file cannot be read."""
        return Hello(
            self._client_id,
            user=self._config.user,
            password=self._config.password(),
            clean_start=self._clean_start,
            session_expiry_s=self._session_expiry_s,
            keep_alive_s=self._keep_alive_s,
            receive_max=self._receive_max,
        )

    async def _establish(self, link: Link) -> str:
        """Connect and wait for CONNACK; returns the problem, empty when the broker has answered."""
        config = self._config
        name = config.host if self._tls else None
        self._link = link
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: link, config.host, config.port, ssl=self._tls, server_hostname=name
                )
                await asyncio.wait({link.greeted})
        except TimeoutError:
            return self._sentences.slow(self._connect_timeout_s)
        except (OSError, ValueError, OverflowError) as e:
            return self._sentences.unreachable(e)
        return ""

    def _connected(self) -> None:
        log.info("%s is connected to %s", self._client_id, self._sentences.where)
        self.problem = ""
        self._bells.changed.ring()

    def _ended(self, problem: str, lived_s: float | None = None, *, unexplained: bool = False) -> float:
        wait = self._retry.after(lived_s, unexplained=unexplained)
        if self._retry.rival:
            problem = self._sentences.rival()
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem
        self._bells.changed.ring()
        return wait

    # --- state ---

    @property
    def connected(self) -> bool:
        """The broker has accepted this client, and the link is not known to have gone."""
        return self._session.connected

    @property
    def connection(self) -> int:
        """How many times the broker has accepted this client."""
        return self._session.connection

    @property
    def dropped(self) -> int:
        """Messages with QoS 0 thrown away because far too many waited to be taken."""
        return self._session.dropped

    async def connections(self) -> AsyncIterator[int]:
        """The number of each connection, from the present one on; only the latest when several came meanwhile."""
        seen = 0
        while not self._closed:
            if self.connected and self.connection != seen:
                seen = self.connection
                yield seen
            else:
                await self._bells.changed.wait()

    # --- publishing ---

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        response_topic: str | None = None,
        correlation: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Publish, in order. The future is done at PUBACK, with QoS 0 when the message is on its way.

        It fails with NotConnected, Refused or WindowFull, and nobody has to fetch that. ``expiry_s`` in seconds. Beyond
        the window messages wait here. After a reconnect to a kept session unacknowledged ones are sent again.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        message = Outgoing(topic, payload, qos, retain, expiry_s, response_topic, correlation)
        self._session.publish(future, message)
        self._flush()
        return future

    async def room(self) -> None:
        """Wait until a publish would go straight out. Raises NotConnected when the client is closed."""
        while not self._session.has_room:
            self._check_open()
            await self._bells.moved.wait()

    def _flush(self) -> None:
        if self._link is not None and self._session.out:
            self._link.flush_soon()

    # --- subscribing ---

    def subscribe(
        self,
        filter: str,  # noqa: A002
        *,
        qos: int = 1,
        retain_as_published: bool = True,
        retain_handling: int = 0,
    ) -> None:
        """Subscribe now and at every later connection. Raises Refused when ``filter`` is not a topic filter."""
        self._session.subscribe(Subscription(filter, qos, retain_as_published, retain_handling))
        self._flush()

    def unsubscribe(self, filter: str) -> None:  # noqa: A002
        self._session.unsubscribe(filter)
        self._flush()

    async def subscribed(self) -> None:
        """Wait until the broker has answered all subscriptions on this connection.

        It says yes to everything well-formed: whether messages may be read shows in their coming. Raises Refused if
        one was refused all the same, NotConnected when the client is closed.
        """
        while not self._session.subscribed:
            self._check_open()
            await self._bells.moved.wait()
        for refusal in self._session.refused.values():
            raise refusal

    # --- receiving ---

    @property
    def messages(self) -> AsyncIterator[Message]:
        """The messages in the order of their arrival, until the client is closed."""
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        try:
            await self._some()
        except NotConnected:
            raise StopAsyncIteration from None
        message = self._session.take_one()
        self._breathe()
        return message

    async def batch(self, limit: int = 1000) -> list[Message]:
        """All messages that wait, at least one and at most ``limit``. Raises NotConnected when the client is closed."""
        await self._some()
        messages = self._session.take(limit)
        self._breathe()
        return messages

    def ack(self, message: Message) -> None:
        """Acknowledge a QoS 1 message: the broker may forget it. Ignored when its connection is gone."""
        self._session.ack(message)
        self._flush()

    async def _some(self) -> None:
        while not self._session.arrived:
            self._check_open()
            await self._bells.arrived.wait()

    def _breathe(self) -> None:
        if self._link is not None:
            self._link.breathe()

    def _check_open(self) -> None:
        if self._closed:
            raise NotConnected(f"the connection to {self._sentences.where} was closed")


def _tls_context(config: BrokerConfig) -> ssl.SSLContext | None:
    """Raises ConfigError when the file of the authority cannot be used."""
    if not config.tls:
        return None
    try:
        return ssl.create_default_context(cafile=config.ca_file or None)
    except OSError as e:
        reason = getattr(e, "reason", None) or e.strerror or e
        raise ConfigError(f"broker.ca_file names {config.ca_file}, which cannot be used: {reason}") from e
