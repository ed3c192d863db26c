"""Which topics the one broker connection reads: most kinds always, the rest while somebody asks for them.

Data and blocks are always read: the tiles' latest values, the ages and the last minute from which a page catches up
must be there before the first page is. The kinds read by need do not overlap with the others, because Mosquitto
delivers a message once for each subscription that matches.
"""

from collections import Counter
from dataclasses import dataclass

from bridge_ws.interest import matches, overlaps
from broker.client import Client, Message
from broker.topics import Kind, Topics

ALWAYS = (
    Kind.META,
    Kind.STATUS,
    Kind.CALIBRATION,
    Kind.EDGE_STATUS,
    Kind.SERVICE_STATUS,
    Kind.RUN,
    Kind.DATA,
    Kind.BLOCK,
    Kind.REPLY,
    Kind.EVENT,
    Kind.NOTE,
    Kind.CAL_STATE,
    Kind.CAL_EVENT,
    Kind.CAL_DUE,
)
BY_NEED = (
    Kind.LAST,
    Kind.CMD,
    Kind.COMMIT,
    Kind.REQUEST,
    Kind.AUDIT,
    Kind.CAL_CMD,
)
RETAINED = frozenset(
    {
        Kind.META,
        Kind.STATUS,
        Kind.CALIBRATION,
        Kind.EDGE_STATUS,
        Kind.SERVICE_STATUS,
        Kind.RUN,
        Kind.LAST,
        Kind.COMMIT,
        Kind.CAL_STATE,
        Kind.CAL_DUE,
    }
)
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class _Kept:
    kind: Kind
    message: Message
    until_ms: float


class Wants:
    """Counts who wants the kinds read by need, and keeps what is retained for clients that come later."""

    def __init__(self, client: Client, topics: Topics) -> None:
        self._client = client
        self._topics = topics
        self._counts: Counter[Kind] = Counter()
        self._kept: dict[str, _Kept] = {}

    def begin(self) -> None:
        """Subscribe to what is always read; what is retained comes first."""
        for kind in ALWAYS:
            self._client.subscribe(self._topics.all_of(kind))

    def more(self, filter_: str, now_ms: float) -> list[Message]:
        """A client wants ``filter_``; returns the retained messages that are here already."""
        for kind in self._needed(filter_):
            self._counts[kind] += 1
            if self._counts[kind] == 1:
                for wanted in self._filters(kind):
                    self._client.subscribe(wanted)
        return [k.message for k in self._kept.values() if k.until_ms > now_ms and matches(filter_, k.message.topic)]

    def less(self, filter_: str) -> None:
        """A client does not want ``filter_`` any more."""
        for kind in self._needed(filter_):
            self._counts[kind] -= 1
            if not self._counts[kind]:
                for wanted in self._filters(kind):
                    self._client.unsubscribe(wanted)
                self._kept = {t: k for t, k in self._kept.items() if k.kind is not kind}

    def remember(self, kind: Kind, message: Message, now_ms: float) -> None:
        """Keep what is retained, until it expires or is deleted."""
        if kind not in RETAINED:
            return
        self._kept.pop(message.topic, None)
        if message.payload and len(self._kept) < MOST_REMEMBERED:
            until = float("inf") if message.expiry_s is None else now_ms + message.expiry_s * 1000
            self._kept[message.topic] = _Kept(kind, message, until)

    def _needed(self, filter_: str) -> list[Kind]:
        return [k for k in BY_NEED if any(overlaps(filter_, own) for own in self._filters(k))]

    def _filters(self, kind: Kind) -> list[str]:
        own = self._topics.all_of(kind)
        return [own, self._topics.cmd_by("+", "+")] if kind is Kind.CMD else [own]
