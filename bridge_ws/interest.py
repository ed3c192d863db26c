"""What a client asked for: MQTT filters on the contract's topics, and the channels they select."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bridge_ws.channels import ChannelInfo
from broker.topics import Kind, Topics

MOST_FILTER = 256
"""Characters of a filter."""

SAMPLE_KINDS = (Kind.DATA, Kind.BLOCK, Kind.LAST)


class FilterError(ValueError):
    """A filter that selects nothing or is none; the text says why."""


def matches(filter_: str, topic: str) -> bool:
    """Whether the MQTT filter selects ``topic`` (MQTT 5, section 4.7)."""
    wanted, levels = filter_.split("/"), topic.split("/")
    for k, level in enumerate(wanted):
        if level == "#":
            return True
        if k >= len(levels) or level not in ("+", levels[k]):
            return False
    return len(wanted) == len(levels)


def check(filter_: str) -> None:
    """Raises FilterError unless ``filter_`` is a valid MQTT filter."""
    if not 0 < len(filter_) <= MOST_FILTER or "\0" in filter_:
        raise FilterError(f"a filter has 1 to {MOST_FILTER} characters")
    levels = filter_.split("/")
    if "#" in "".join(levels[:-1]) or any(w in lv and lv != w for lv in levels for w in "+#"):
        raise FilterError(f"{filter_!r} is not an MQTT filter: + stands alone in a level, # alone in the last")


@dataclass(frozen=True, slots=True)
class Selection:
    """One subscription to samples. ``channels`` None means all; ``step_us`` 0 means every sample."""

    filter: str
    channels: frozenset[str] | None
    samples: bool
    step_us: int = 0

    def wants(self, instrument: str, topics: Topics) -> bool:
        """Whether it selects ``instrument``: samples are the same whether they came as data or in blocks."""
        return any(matches(self.filter, topics.of(instrument, kind)) for kind in SAMPLE_KINDS)

    def may_match(self, topics: Topics) -> bool:
        """Whether it could select any instrument at all."""
        return any(overlaps(self.filter, topics.all_of(kind)) for kind in SAMPLE_KINDS)


@dataclass(frozen=True, slots=True)
class Selected:
    """What of one instrument goes to a client: channels whose latest value goes, and steps (µs) of those sampled."""

    values: frozenset[int]
    steps: Mapping[int, int]

    @property
    def numbers(self) -> frozenset[int]:
        return self.values | self.steps.keys()

    def __bool__(self) -> bool:
        return bool(self.values or self.steps)


def select(
    selections: Collection[Selection], instrument: str, channels: Mapping[str, ChannelInfo], topics: Topics
) -> Selected:
    """The union of all selections: a channel travels once, at the finest step anybody asked for."""
    values: set[int] = set()
    steps: dict[int, int] = {}
    for selection in selections:
        if not selection.wants(instrument, topics):
            continue
        for name, info in channels.items():
            if selection.channels is not None and name not in selection.channels:
                continue
            if selection.samples and info.numeric:
                steps[info.n] = min(selection.step_us, steps.get(info.n, selection.step_us))
            else:
                values.add(info.n)
    return Selected(frozenset(values), steps)


def overlaps(filter_: str, other: str) -> bool:
    """Whether some topic is selected by both filters."""
    a, b = filter_.split("/"), other.split("/")
    for left, right in zip(a, b, strict=False):
        if "#" in (left, right):
            return True
        if left != right and "+" not in (left, right):
            return False
    return len(a) == len(b) or a[len(b) :] == ["#"] or b[len(a) :] == ["#"]
