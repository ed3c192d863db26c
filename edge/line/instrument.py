"""The driver for instruments that speak in lines and are described in TOML alone."""

import asyncio
import time
from functools import partial
from itertools import groupby
from typing import Never

from broker.commands import CommandFailed
from broker.messages import Command, Meta, Value
from broker.runtime import Sleep
from edge.driver import STALE_MS, About, Driver, Monotonic, NoOptions, Progress, Publish, Rows, Sample, Trouble
from edge.gather import FAST_US, block
from edge.line.parse import NotUnderstoodError, Values, command_text, convert, read
from edge.line.spec import LineCommand, LineSpec, PollSpec, Reading
from edge.links.base import QUIET_S, BadAnswerError, Link, LinkError, NoAnswerError
from edge.links.inbox import Stamped
from edge.polling import Poll, poll_forever

GATHER_S = 0.04
"""For how long a block gathers: its first row leaves this much later than it came."""


class LineInstrument(Driver[NoOptions]):
    """Asks its polls and takes what the instrument sends unasked; both may happen on one line.

    With streams a single task reads the line and gives each line that is not part of a stream to whoever asked.
    """

    def __init__(
        self, about: About, spec: LineSpec, *, sleep: Sleep = asyncio.sleep, monotonic: Monotonic = time.monotonic
    ) -> None:
        super().__init__(about, NoOptions(), sleep=sleep, monotonic=monotonic)
        self._spec = spec
        self._answer: asyncio.Future[Stamped] | None = None

    @property
    def meta(self) -> Meta:
        s = self._spec
        channels = {name: c.shown for name, c in s.channels.items()}
        slowest_ms = max((int(p.every_s * 1000) for p in s.polls), default=0)
        commands = {name: c.shown for name, c in s.commands.items()}
        return self.describe(channels, commands, stale_ms=max(STALE_MS, 3 * slowest_ms))

    async def start(self, link: Link) -> None:
        """Send the ``init`` lines, each followed by its pause; what the instrument answers is dropped."""
        for line in self._spec.init:
            await link.write(self._line(line))
            await self.sleep(self._spec.init_pause_s)
        link.stray()

    async def run(self, link: Link, publish: Publish) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._spec.streams:
                    tasks.create_task(self._listen(link, publish), name=f"{self.about.name} stream")
                if self._spec.polls:
                    tasks.create_task(self._poll(link, publish), name=f"{self.about.name} polls")
        except* LinkError as group:
            raise _first(group) from None

    async def execute(self, link: Link, command: Command, publish: Publish, progress: Progress) -> dict[str, Value]:
        spec = self._spec.commands[command.name]
        line = self._command_line(spec, command)
        result = self._result(_judge(spec, await self._send(link, spec, line)))
        if poll := self._poll_of(spec.shown.sets):
            sample = await self._ask_poll(link, poll)
            publish(sample)
            result |= {spec.shown.sets: sample.values.get(spec.shown.sets)}
        return result

    async def settle(self, link: Link) -> None:
        """With streams somebody else reads the line, and only waiting is left."""
        if self._spec.streams:
            await self.sleep(QUIET_S)
        else:
            await link.settle()

    # --- polls --------------------------------------------------------------------------------------------------------

    async def _poll(self, link: Link, publish: Publish) -> Never:
        polls = [Poll(p.every_s, partial(self._ask_in_turn, link, p)) for p in self._spec.polls]
        await poll_forever(polls, partial(self.settle, link), publish, sleep=self.sleep, monotonic=self.monotonic)

    async def _ask_in_turn(self, link: Link, poll: PollSpec) -> Sample:
        async with link.turn:
            return await self._ask_poll(link, poll)

    async def _ask_poll(self, link: Link, poll: PollSpec) -> Sample:
        answer = await self._exchange(link, self._line(poll.send), poll.timeout_s)
        values, q = self._read(poll.reading, answer, f"{poll.send!r}: the answer ")
        return Sample(values, answer.t_us, q)

    def _poll_of(self, channel: str) -> PollSpec | None:
        """The poll that shows ``channel``, if any."""
        return next((p for p in self._spec.polls if any(c.name == channel for c in p.reading.channels)), None)

    # --- streams ------------------------------------------------------------------------------------------------------

    async def _listen(self, link: Link, publish: Publish) -> Never:
        """Publish what comes unasked: slow lines one by one, fast ones gathered into blocks."""
        last = -1_000_000_000
        heard = self.monotonic()
        while True:
            line = await link.read_until(self._spec.terminator, self._spec.silence_s)
            lines = [line]
            fast = line.t_us - last < FAST_US
            if fast:
                await self.sleep(GATHER_S)
                while (more := link.take_until(self._spec.terminator)) is not None:
                    lines.append(more)
            last = lines[-1].t_us
            heard = self.monotonic() if self._sort_out(lines, fast, publish) else heard
            if self.monotonic() - heard > self._spec.silence_s:
                raise BadAnswerError(f"{link.address}: nothing that can be read within {self._spec.silence_s:g} s")

    def _sort_out(self, lines: list[Stamped], fast: bool, publish: Publish) -> bool:
        """Publish the samples of these lines; whether there was one."""
        samples: list[Sample] = []
        for line in lines:
            try:
                sample = self._of_a_stream(line)
            except BadAnswerError as e:
                publish(Trouble(str(e)))
                continue
            if sample is not None:
                samples.append(sample)
        for item in _bundled(samples, fast):
            publish(item)
        return bool(samples)

    def _of_a_stream(self, line: Stamped) -> Sample | None:
        """The sample of a line, or None when it was somebody's answer. Raises BadAnswerError when it is neither."""
        for reading in self._spec.streams:
            try:
                values, q = read(reading, self._text(line))
            except NotUnderstoodError as e:
                problem = e
                continue
            return Sample(values, line.t_us, q)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(line)
            return None
        raise BadAnswerError(f"{self.about.name} sent {problem}")

    # --- commands -----------------------------------------------------------------------------------------------------

    def _command_line(self, spec: LineCommand, command: Command) -> bytes:
        try:
            return self._line(command_text(spec, command.args))
        except UnicodeEncodeError as e:
            raise CommandFailed("bad_argument", f"{e.object[e.start]!r} cannot be written in {e.encoding}") from e

    async def _send(self, link: Link, spec: LineCommand, line: bytes) -> str | None:
        """Send a command's line; the answer's text where one is expected."""
        if spec.done is None and spec.failed is None:
            await link.write(line)
            return None
        return self._text(await self._exchange(link, line, self.about.timeout_s))

    def _result(self, found: dict[str, str]) -> dict[str, Value]:
        """What the answer said of itself; a group with a channel's name is read as that channel."""
        channels = self._spec.channels
        return {name: convert(channels[name], text)[0] if name in channels else text for name, text in found.items()}

    # --- the line -----------------------------------------------------------------------------------------------------

    def _line(self, text: str) -> bytes:
        return text.encode(self._spec.encoding) + self._spec.send_terminator

    def _text(self, line: Stamped) -> str:
        """The line without terminator; bytes that are not text stay visible as \\x… and match nothing by accident."""
        return line.data.removesuffix(self._spec.terminator).decode(self._spec.encoding, "backslashreplace")

    def _read(self, reading: Reading, line: Stamped, what: str) -> Values:
        try:
            return read(reading, self._text(line))
        except NotUnderstoodError as e:
            raise BadAnswerError(f"{self.about.name}: {what}{e}") from e

    async def _exchange(self, link: Link, data: bytes, timeout: float) -> Stamped:
        """Question and answer; the caller holds the turn."""
        if not self._spec.streams:
            return await link.exchange(data, self._spec.terminator, timeout)
        self._answer = asyncio.get_running_loop().create_future()
        try:
            await link.write(data)
            async with asyncio.timeout(timeout):
                return await self._answer
        except TimeoutError:
            raise NoAnswerError(f"{link.address}: no answer within {timeout:g} s") from None
        finally:
            self._answer = None


def _bundled(samples: list[Sample], fast: bool) -> list[Sample | Rows]:
    """Fast samples as blocks, one for each run of samples with the same channels."""
    if not fast:
        return list(samples)
    return [block(list(run)) for _, run in groupby(samples, key=lambda s: s.values.keys())]


def _judge(spec: LineCommand, text: str | None) -> dict[str, str]:
    """The named groups of the answer that means done. Raises CommandFailed with the instrument's own words."""
    if text is None:
        return {}
    if spec.failed is not None and (match := spec.failed.fullmatch(text)):
        said = match.groupdict().get("text") or text
        raise CommandFailed("instrument", f"the instrument says: {said}")
    if spec.done is None:
        return {}
    if (match := spec.done.fullmatch(text)) is None:
        raise CommandFailed("bad_answer", f"the instrument answered {text!r}, which is not {spec.done.pattern!r}")
    return {name: found for name, found in match.groupdict().items() if found is not None}


def _first(group: BaseExceptionGroup[LinkError]) -> LinkError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
