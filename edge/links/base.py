"""A line to an instrument: the small interface that serial ports and TCP connections share."""

import asyncio
import time
from abc import ABC, abstractmethod

from broker.runtime import Clock
from edge.links.inbox import Inbox, Stamped

QUIET_S = 0.1
SETTLE_AT_MOST_S = 1.0


class LinkError(Exception):
    """The line or the instrument behind it does not work; the text is one sentence for the person who plugs it in."""


class NoAnswerError(LinkError):
    """The instrument was silent for longer than it may be."""


class BadAnswerError(LinkError):
    """The instrument said something that is not an answer to what was asked."""


class Link(ABC):
    """One line. Open it, write, read; every read says when its last byte arrived. One reader at a time.

    ``turn`` is held for one question and its answer, so that polls and commands never mix on the line. Once the line
    is gone every call raises LinkError; a link is opened once.
    """

    def __init__(self, address: str, clock: Clock = time.time) -> None:
        self.address = address
        self.turn = asyncio.Lock()
        self._clock = clock
        self._inbox = Inbox()
        self._arrived = asyncio.Event()
        self._gone: LinkError | None = None
        self._unanswered = False

    @abstractmethod
    async def open(self) -> None:
        """Open the line. Raises LinkError."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Send bytes; returns when the system has taken them. Raises LinkError."""

    @abstractmethod
    async def close(self) -> None:
        """Close the line; never raises, may be called at any time."""

    async def read_until(self, terminator: bytes, timeout: float) -> Stamped:
        """The next bytes up to and including ``terminator``, waited for ``timeout`` seconds.

        Raises NoAnswerError, LinkError.
        """
        try:
            async with asyncio.timeout(timeout):
                while (found := self._inbox.take_until(terminator)) is None:
                    await self._more()
                return found
        except TimeoutError:
            raise NoAnswerError(self._silence(timeout)) from None

    async def read_pieces(self, timeout: float) -> list[Stamped]:
        """All bytes that wait, at least one, in the pieces they came in. Raises NoAnswerError, LinkError."""
        try:
            async with asyncio.timeout(timeout):
                while not len(self._inbox):
                    await self._more()
        except TimeoutError:
            raise NoAnswerError(self._silence(timeout)) from None
        return self._inbox.take_pieces()

    def take_until(self, terminator: bytes) -> Stamped | None:
        """The same as ``read_until`` for what has already arrived; None when no terminator has."""
        return self._inbox.take_until(terminator)

    def stray(self) -> bytes:
        """Take all bytes that nobody asked for."""
        return self._inbox.clear()

    async def ask(self, data: bytes, terminator: bytes, timeout: float) -> Stamped:
        """Wait for the turn, drop stray bytes, send ``data`` and read the answer. Raises NoAnswerError, LinkError."""
        async with self.turn:
            return await self.exchange(data, terminator, timeout)

    async def exchange(self, data: bytes, terminator: bytes, timeout: float) -> Stamped:
        """``ask`` for someone who already holds the turn.

        When the question before was not answered, or its asker was cancelled, its answer may still be on the way: then
        the line is left to ``settle`` first.
        """
        if self._unanswered:
            await self.settle()
        self.stray()
        self._unanswered = True
        await self.write(data)
        answer = await self.read_until(terminator, timeout)
        self._unanswered = False
        return answer

    async def settle(self, quiet: float = QUIET_S, at_most: float = SETTLE_AT_MOST_S) -> None:
        """After a failed exchange: drop everything until the line was quiet, so that a late answer to the old
        question is not taken for the answer to the next. Raises LinkError."""
        try:
            async with asyncio.timeout(at_most):
                while True:
                    self.stray()
                    await self.read_pieces(quiet)
        except (TimeoutError, NoAnswerError):
            self.stray()
        self._unanswered = False

    async def _more(self) -> None:
        """Wait until more bytes came. Raises LinkError when the line is gone."""
        if self._gone is not None:
            raise self._gone
        self._arrived.clear()
        await self._arrived.wait()

    def _received(self, data: bytes, t_us: int) -> None:
        self._inbox.feed(data, t_us)
        self._arrived.set()

    def _lost(self, reason: str) -> None:
        if self._gone is None:
            self._gone = LinkError(f"{self.address}: {reason}")
        self._arrived.set()

    def _now_us(self) -> int:
        return int(self._clock() * 1_000_000)

    def _silence(self, timeout: float) -> str:
        waiting = len(self._inbox.clear())
        heard = f"{waiting} bytes without an end of line" if waiting else "no answer"
        return f"{self.address}: {heard} within {timeout:g} s"
