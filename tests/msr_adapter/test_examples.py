"""The example's instruments are those of the simulated plant: every name in it exists there."""

import random
from pathlib import Path

from broker.config import BrokerConfig, parse
from broker.mistakes import Mistakes
from msr_adapter.catalog import catalog
from msr_adapter.config import check
from msr_adapter.examples import plant_toml
from msr_adapter.plan import Planned, plan
from msr_adapter.simulator import render
from msr_adapter.simulator.catalogue import Texts, build
from msr_adapter.tables import MsrFile
from msr_adapter.wire import Decoder, Listing


def file(folder: Path) -> MsrFile:
    found = parse(plant_toml(4711, folder, BrokerConfig(user="edge-x")), MsrFile, "msr.toml", env={})
    mistakes = Mistakes()
    check(found, mistakes)
    assert mistakes.found == []
    return found


def planned(folder: Path) -> dict[str, Planned]:
    model = build((1000.0, 100.0, 1.0), 2, Texts(), random.Random(1)).model  # noqa: S311
    signals = [render.channel(model, s, now=None, short=False) for s in model.signals]
    parameters = [render.parameter(model, p, in_hex=False, short=False) for p in model.parameters]
    listings = render.container(b"channels", signals) + render.container(b"parameters", parameters)
    found = [e for e in Decoder().feed(listings) if isinstance(e, Listing)]
    offer = catalog(found[0].items, found[1].items)
    return {p.table.name: p for p in plan(file(folder).instrument, offer)}


def test_places_are_filled_in(tmp_path: Path) -> None:
    found = file(tmp_path / 'a "b"')

    assert (found.msr.port, found.msr.data_dir, found.broker.user) == (4711, str(tmp_path / 'a "b"'), "edge-x")


def test_every_name_exists_in_the_simulated_plant(tmp_path: Path) -> None:
    instruments = planned(tmp_path)

    assert {name: p.problems for name, p in instruments.items()} == {"steeping": (), "germination": (), "kiln": ()}
    for p in instruments.values():
        named = {table.name for table in p.table.channels.values()}
        assert set(p.channels) == named
        assert all(c.label and c.group for c in p.channels.values())
        assert all(c.unit or c.type == "bool" for c in p.channels.values())


def test_one_signal_is_read_at_1_khz_and_set_points_are_commands(tmp_path: Path) -> None:
    kiln = planned(tmp_path)["kiln"]

    assert [(s.columns[0].channels, s.period_s) for s in kiln.streams if s.mode == "block"] == [
        (("fan_vibration",), 0.001)
    ]
    assert set(kiln.commands) == {"set_setpoint", "set_fan"}
