"""The broker's side: every message changes what the bridge knows, and what pages get to see.

One task reads the broker, one flushes the feeds, one watches the clock. All of it runs in one event loop, so a page
sees what happened in the order in which it happened.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from typing import Any

import msgspec

from bridge_ws import ops
from bridge_ws.calibration_desk import CalibrationDesk
from bridge_ws.desk import Desk
from bridge_ws.feeds import Feeds
from bridge_ws.interest import FilterError, Selection, check, matches
from bridge_ws.page import Page
from bridge_ws.records import Recorder
from bridge_ws.samples import Chunk, Recent
from bridge_ws.wants import Wants
from bridge_ws.world import World
from broker.client import Client, Message
from broker.messages import TERMINAL, MessageError, decode
from broker.runtime import Clock, Sleep
from broker.topics import Kind, Topic, Topics

log = logging.getLogger("bridge_ws.hub")

BATCH = 200
TICK_S = 0.25
LINKS_EVERY_MS = 1000.0
MATTERS_MS = 1000.0
"""An age beyond this is worth saying again every second."""

OLD_NEWS_MS = 600_000
"""Events older than this were sent again from a spool: they are history, and no page cries alarm for them."""

RETAINED_WITHIN_MS = 5_000
"""After this time on a connection, what the broker retains has come."""

MOST_PAGES = 500


class Hub:
    """Everything between one broker connection and all clients."""

    def __init__(
        self,
        client: Client,
        topics: Topics,
        world: World,
        desk: Desk,
        calibrations: CalibrationDesk,
        records: Recorder,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.topics = topics
        self.world = world
        self.feeds = Feeds(world, topics)
        self.desk = desk
        self.calibrations = calibrations
        self.records = records
        self.pages: set[Page] = set()
        self.counts: Counter[str] = Counter()
        self._client = client
        self._wants = Wants(client, topics)
        self._clock = clock
        self._sleep = sleep
        self._dirty = asyncio.Event()
        self._links_ms = 0.0
        self._states: dict[str, tuple[str, str]] = {}
        self._recent = Recent()

    def now_ms(self) -> float:
        return self._clock() * 1000

    # --- the tasks ---

    async def read(self) -> None:
        """Take in what the broker sends, for ever."""
        self._wants.begin()
        while True:
            for message in await self._client.batch(BATCH):
                self.take(message)
                self._client.ack(message)
            await self._sleep(0)  # a flood must not keep the pages waiting

    async def flush(self) -> None:
        """Deliver feeds when they are due, for ever."""
        while True:
            due = self.feeds.flush(self.now_ms())
            wait_s = None if due is None else max(0.001, (due - self.now_ms()) / 1000)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._dirty.wait()
            self._dirty.clear()

    async def tick(self) -> None:
        """Notice what happens without a message: silence, ages, commands nobody answers, hints that are due."""
        while True:
            self.look()
            await self._sleep(TICK_S)

    def look(self) -> None:
        """One look at the clock."""
        now = self.now_ms()
        self.world.rings.trim(now)
        self.world.broker(self._client.connected, self._client.connection, self._client.problem)
        self.counts["no_answer"] += self.desk.commands.expire(now)
        for hint in self.world.backfill.due(now):
            self._tell_all(ops.BackfillOp(hint.instrument, hint.from_ms, hint.to_ms))
        self._tell_links(now)
        self._remind(now)

    def _remind(self, now: float) -> None:
        """A broker that lost its files has no runs: whoever knows of one tells it again, once per connection."""
        if self.world.broker_up and now - self.world.broker_since_ms > RETAINED_WITHIN_MS:
            for run in self.world.forgotten_runs():
                self.world.told_runs.add(run.run)
                self.records.remind(run)

    # --- messages ---

    def take(self, message: Message) -> None:
        """One message from the broker. What cannot be read is counted and harms nobody."""
        topic = self.topics.parse(message.topic)
        if topic is None:
            self.counts["foreign"] += 1
            return
        try:
            self.records.spooled.heard(message)
            content = decode(topic.kind, message.payload) if message.payload else None
        except MessageError as e:
            self.counts["undecodable"] += 1
            log.debug("%s: %s", message.topic, e)
            return
        self._wants.remember(topic.kind, message, self.now_ms())
        if self._handle(topic, content, message):
            self._tell_plain(message)

    def _handle(self, topic: Topic, content: Any, message: Message) -> bool:
        """Returns False for what was there before."""
        match topic.kind:
            case Kind.DATA | Kind.BLOCK:
                return content is not None and not message.retain and self._sample(topic, content, message)
            case Kind.META | Kind.STATUS | Kind.CALIBRATION:
                self._described(topic, content, message)
            case Kind.EDGE_STATUS:
                self.world.edge_status(topic.name, content, message.expiry_s)
            case Kind.SERVICE_STATUS:
                self.world.service_status(f"{topic.part}/{topic.name}", content, message.expiry_s)
            case Kind.REPLY | Kind.EVENT | Kind.NOTE | Kind.RUN if content is not None:
                return self._happened(topic, content)
            case Kind.RUN:
                self.world.run(topic.name, None)
            case Kind.CAL_STATE | Kind.CAL_EVENT | Kind.CAL_DUE:
                if text := self.calibrations.hear(topic, content):
                    self._say_all(text)
        return True

    def _sample(self, topic: Topic, content: Any, message: Message) -> bool:
        chunk: Chunk | None
        if topic.kind is Kind.DATA:
            chunk = self.world.data(topic.name, content, message.payload)
        else:
            chunk = self.world.block(topic.name, content)
        if chunk is not None and self.feeds.offer(chunk):
            self._dirty.set()
        return chunk is not None or (topic.kind is Kind.BLOCK and content.late)

    def _described(self, topic: Topic, content: Any, message: Message) -> None:
        name, world = topic.name, self.world
        different = True
        match topic.kind:
            case Kind.META:
                for info in world.meta(name, content):
                    for page in self.pages:
                        if page.knows(info.n):
                            page.announce(name, [info.n], again=True)
                self.feeds.changed(name)
            case Kind.STATUS:
                different = world.status(name, content, message.expiry_s)
            case _:
                different = world.calibration(name, content or {})
        if world.drop_if_gone(name):
            self.feeds.changed(name)
            self._tell_all(ops.Gone(name))
        elif different and name in world.instruments:
            self._tell_all(world.describe(world.instruments[name]))

    def _happened(self, topic: Topic, content: Any) -> bool:
        """Replies, events, notes and runs: told to everybody. Returns False for one that was told before."""
        source = topic.name if topic.kind in (Kind.REPLY, Kind.EVENT) else ""
        if content.boot is not None and self._recent.seen((source, content.boot, content.eseq)):
            return False
        match topic.kind:
            case Kind.REPLY:
                self.desk.commands.reply(content, topic.name, self.now_ms())
                self.world.heard(topic.name)
            case Kind.EVENT:
                self.world.heard(topic.name)
            case Kind.RUN:
                self.world.run(topic.name, content)
        if _worth_telling(topic.kind, content, self.now_ms()):
            text = ops.tagged(str(topic.kind), content, **({"instrument": source} if source else {}))
            for page in self.pages:
                page.control(text)
        return True

    def _tell_all(self, message: msgspec.Struct) -> None:
        self._say_all(ops.text(message))

    def _say_all(self, text: str) -> None:
        for page in self.pages:
            page.control(text)

    def _tell_links(self, now: float) -> None:
        links = self.world.links()
        states = {"": (links.broker, links.reason), **{n: (i.state, i.reason) for n, i in links.instruments.items()}}
        states |= {f"{n} ": (p.state, p.reason) for n, p in (links.edges | links.services).items()}
        ages = any(i.age_ms is not None and i.age_ms > MATTERS_MS for i in links.instruments.values())
        if states != self._states or (ages and now - self._links_ms >= LINKS_EVERY_MS):
            self._states, self._links_ms = states, now
            self._tell_all(links)

    # --- plain clients: MQTT messages as they are ---

    def _tell_plain(self, message: Message) -> None:
        readers = [p for p in self.pages if any(matches(f, message.topic) for f in p.plain.values())]
        text = _plain(message) if readers else None
        for page in readers:
            page.frame(text)

    # --- pages ---

    def join(self, page: Page) -> None:
        """A client is in: it hears of everything there is."""
        self.pages.add(page)
        for known in self.world.instruments.values():
            page.control(ops.text(self.world.describe(known)))
        for run in self.world.runs.values():
            page.control(ops.tagged("run", run))
        for text in self.calibrations.texts():
            page.control(text)
        page.control(ops.text(self.world.links()))

    def leave(self, page: Page) -> None:
        self.pages.discard(page)
        self.feeds.leave(page)
        for filter_ in page.plain.values():
            self._wants.less(filter_)
        self.counts["dropped"] += page.outbox.dropped

    def subscribe(self, page: Page, sub: ops.Sub) -> None:
        """Serve a subscription from now on. Raises FilterError."""
        check(sub.filter)
        if page.subscriptions >= ops.MOST_SUBSCRIPTIONS:
            raise FilterError(f"at most {ops.MOST_SUBSCRIPTIONS} subscriptions a client")
        if sub.id in page.selections or sub.id in page.plain:
            raise FilterError(f"subscription {sub.id} is in use: unsub first")
        if sub.encoding == "json":
            self._subscribe_plain(page, sub)
            return
        selection = _selection(sub)
        if not selection.may_match(self.topics):
            data = self.topics.all_of(Kind.DATA)
            raise FilterError(f"{sub.filter!r} selects no samples: use a filter such as {data}, or encoding json")
        self.feeds.add(page, sub.id, selection, sub.since, self.now_ms())

    def _subscribe_plain(self, page: Page, sub: ops.Sub) -> None:
        for message in self._wants.more(sub.filter, self.now_ms()):
            page.frame(_plain(message))
        page.plain[sub.id] = sub.filter
        if sub.since is not None:
            page.control(ops.text(ops.TooOld(sub.id, int(self.now_ms()))))

    def unsubscribe(self, page: Page, id_: int) -> bool:
        """Whether there was such a subscription."""
        if id_ in page.plain:
            self._wants.less(page.plain.pop(id_))
        elif id_ in page.selections:
            self.feeds.drop(page, id_, self.now_ms())
        else:
            return False
        return True


def _worth_telling(kind: Kind, content: Any, now_ms: float) -> bool:
    if kind is Kind.REPLY and content.state not in TERMINAL:
        return False
    return kind is Kind.RUN or bool(now_ms - content.ts < OLD_NEWS_MS)


def _selection(sub: ops.Sub) -> Selection:
    channels = None if sub.channels is None else frozenset(sub.channels)
    return Selection(sub.filter, channels, sub.mode == "samples", int((sub.step_ms or 0) * 1000))


def _plain(message: Message) -> str | None:
    """One MQTT message as text; None when it is not valid UTF-8 somewhere nobody looked."""
    try:
        return ops.text(ops.MessageOp(message.topic, msgspec.Raw(message.payload or b"null")))
    except UnicodeDecodeError:
        return None
