"""The channels the bridge knows, each with the number by which frames and values name it."""

from collections.abc import Iterable, Mapping

import msgspec

from broker.messages import Channel, ChannelType, Meta, Value

MOST_PER_INSTRUMENT = 4096
"""Channels of one instrument; more are a mistake of the sender and are counted, not served."""


class ChannelInfo(msgspec.Struct, frozen=True, tag_field="op", tag="channel"):
    """One channel as it is announced: ``n`` stands for it from now on."""

    n: int
    instrument: str
    channel: str
    type: ChannelType
    unit: str
    period_ms: float | None

    @property
    def numeric(self) -> bool:
        """Whether its values may travel in binary columns; bool and text only travel as ``values``."""
        return self.type not in ("bool", "str")


class Registry:
    """Gives each (instrument, channel) its number. A channel whose type changes gets a new one: a new series."""

    def __init__(self) -> None:
        self._next = 1
        self._by_instrument: dict[str, dict[str, ChannelInfo]] = {}
        self.refused = 0

    def of(self, instrument: str) -> Mapping[str, ChannelInfo]:
        """The channels of one instrument by name."""
        return self._by_instrument.get(instrument, {})

    def instruments(self) -> Iterable[str]:
        return self._by_instrument.keys()

    def describe(self, instrument: str, meta: Meta) -> list[ChannelInfo]:
        """Take over what ``meta`` says; returns the channels that are new or look different now."""
        changed = []
        for name, channel in list(meta.channels.items())[:MOST_PER_INSTRUMENT]:
            known = self.of(instrument).get(name)
            info = self._info(instrument, name, channel, known)
            if info != known:
                self._by_instrument.setdefault(instrument, {})[name] = info
                changed.append(info)
        return changed

    def seen(self, instrument: str, name: str, value: Value) -> ChannelInfo | None:
        """The channel, made from its first value when no meta named it; None beyond MOST_PER_INSTRUMENT."""
        channels = self._by_instrument.setdefault(instrument, {})
        if (info := channels.get(name)) is not None:
            return info
        if len(channels) >= MOST_PER_INSTRUMENT:
            self.refused += 1
            return None
        info = self._info(instrument, name, Channel(type=type_of(value)), None)
        channels[name] = info
        return info

    def forget(self, instrument: str) -> None:
        self._by_instrument.pop(instrument, None)

    def _info(self, instrument: str, name: str, channel: Channel, known: ChannelInfo | None) -> ChannelInfo:
        if known is not None and known.type == channel.type:
            number = known.n
        else:
            number = self._next
            self._next += 1
        return ChannelInfo(number, instrument, name, channel.type, channel.unit, channel.period_ms)


def type_of(value: Value) -> ChannelType:
    """What a channel without description is taken for: a whole number is a float here, as 21 may become 21.5."""
    if isinstance(value, bool):
        return "bool"
    return "str" if isinstance(value, str) else "float"
