"""Signals on change: the server sends one when it differs from what it sent before, and never says that it still is.

It also begins its comparison with zero, so a signal that is zero is not sent at first (protocol section 5.2). So each
is asked for: at the beginning, and before its last value would count as stale.
"""

import asyncio
import logging
from functools import partial

from msr_adapter.describe import Column
from msr_adapter.intake import Lane
from msr_adapter.rows import row_of
from msr_adapter.session import Session
from msr_adapter.wire import Channel, WireError, requests
from msr_adapter.wire.samples import Samples, from_text, to_text

log = logging.getLogger("msr_adapter.changes")
_DIGITS = 16  # of the server's texts


async def first_values(session: Session, lane: Lane) -> None:
    """Publish each signal of a lane as it is now, exactly. Raises LinkLost."""
    await asyncio.gather(*(_confirm(session, lane, column) for column in lane.stream.columns))


async def _confirm(session: Session, lane: Lane, column: Column) -> None:
    for answer in await session.ask(partial(requests.read_channel, target=column.index)):
        if isinstance(answer, Channel) and answer.value is not None and answer.time_us is not None:
            samples = exact(column, answer.value, lane.last.get(column.index))
            # A slow task may not have had a cycle since.
            if samples is not None and lane.stamped.get(column.index) != answer.time_us:
                lane.stamped[column.index] = answer.time_us
                values, q = row_of(column, samples)
                lane.member.outlet.sample(values, t_us=answer.time_us, q=q, stream=lane.stream.name)


def exact(column: Column, text: bytes, last: "Samples | None") -> "Samples | None":
    """The numbers of a text with 16 digits, bit for bit; None when only the stream can say them.

    Only doubles may need more digits. One that the stream has sent and whose 16 digits are still these is that double.
    """
    try:
        read = from_text(column.layout, text)
    except WireError as e:
        log.warning("%s", e)
        return None
    if column.layout.type.code != "d" or not any(read):
        return read
    if last is not None and to_text(last, _DIGITS) == to_text(read, _DIGITS):
        return last
    return None
