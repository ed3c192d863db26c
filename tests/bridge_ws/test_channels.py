"""Channel numbers: stable while the channel is the same, new when its type changes."""

from bridge_ws.channels import MOST_PER_INSTRUMENT, Registry
from broker.messages import Channel, Meta, Value

META = Meta(channels={"temp": Channel(unit="°C", period_ms=100.0), "on": Channel(type="bool")})


def test_each_channel_has_its_own_number() -> None:
    registry = Registry()
    infos = registry.describe("a", META) + registry.describe("b", META)

    assert len({i.n for i in infos}) == 4
    assert registry.of("a")["temp"].unit == "°C"
    assert not registry.of("a")["on"].numeric


def test_the_same_description_changes_nothing() -> None:
    registry = Registry()
    registry.describe("a", META)

    assert registry.describe("a", META) == []


def test_a_new_unit_keeps_the_number() -> None:
    registry = Registry()
    before = registry.describe("a", META)[0]
    (after,) = registry.describe("a", Meta(channels={"temp": Channel(unit="K", period_ms=100.0)}))

    assert (after.n, after.unit) == (before.n, "K")


def test_a_new_type_is_a_new_series() -> None:
    registry = Registry()
    before = registry.describe("a", META)[0]
    (after,) = registry.describe("a", Meta(channels={"temp": Channel(type="str")}))

    assert after.n != before.n


def test_what_no_meta_names_is_taken_from_its_first_value() -> None:
    registry = Registry()
    values: dict[str, Value] = {"x": 21, "y": True, "z": "ramp"}
    types = {name: registry.seen("a", name, value) for name, value in values.items()}

    assert {name: i.type for name, i in types.items() if i} == {"x": "float", "y": "bool", "z": "str"}
    assert registry.seen("a", "x", 3) is types["x"]


def test_too_many_channels_are_counted() -> None:
    registry = Registry()
    for k in range(MOST_PER_INSTRUMENT):
        registry.seen("a", f"c{k}", 1.0)

    assert registry.seen("a", "one_more", 1.0) is None
    assert registry.refused == 1


def test_a_forgotten_instrument_has_no_channels() -> None:
    registry = Registry()
    registry.describe("a", META)
    registry.forget("a")

    assert not registry.of("a")
