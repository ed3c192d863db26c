"""The journal says what went out: compared with what a client received."""

import math
from pathlib import Path

from msr_adapter.simulator.journal import Sent, read_journal
from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.wire import Channel, Connected, Data, Listing, requests, samples
from tests.msr_adapter.simulator.client import connect


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


async def test_every_type_and_shape_as_it_was_received(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    got: dict[tuple[bytes, int], list[float]] = {}
    async with simulating(Settings(signals=6, journal=path)) as server, connect(server.port) as client:
        await client.next(Connected)
        (listing,) = (e for e in await client.ask(requests.read_channels) if isinstance(e, Listing))
        channels = {c.index: c for c in listing.items if isinstance(c, Channel)}
        await client.ask(lambda i: requests.subscribe(i, list(channels), reduction=1, blocksize=5))
        for _ in range(60):
            data = await client.next(Data)
            for index, text in data.columns:
                layout = channels[index].layout
                assert layout is not None
                key = (channels[index].name, data.t_ns[0])
                got[key] = list(samples.from_base64(layout, text, len(data.t_ns)))

    sent = {(s.name, s.t_ns[0]): s for s in read_journal(path)}

    assert len({name for name, _ in got}) > 40
    for key, values in got.items():
        record: Sent = sent[key]
        assert record.session == 1
        assert all(map(same, record.values, values))
        assert len(values) == len(record.t_ns) * record.count


def test_a_cut_record_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"L 1 0 5\nabcdeF 1 1 100\n<data")

    assert list(read_journal(path)) == []
