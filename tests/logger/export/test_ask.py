import pytest

from logger.export.ask import Ask, ExportError, aggregates, check, step, zone


@pytest.mark.parametrize(
    ("text", "size"),
    [("100ms", 10**5), ("1s", 10**6), ("5min", 3 * 10**8), ("5m", 3 * 10**8), ("1h", 36 * 10**8), ("1 d", 864 * 10**8)],
)
def test_steps(text: str, size: int) -> None:
    assert step(text) == size


@pytest.mark.parametrize("text", ["", "0s", "1", "min", "-1s", "1.5s", "1y", "99999d"])
def test_what_is_no_step(text: str) -> None:
    with pytest.raises(ExportError, match="is no step: write 100ms"):
        step(text)


def test_aggregates() -> None:
    assert aggregates("mean") == ("mean",)
    assert aggregates("max, min,max") == ("max", "min")
    with pytest.raises(ExportError, match="'sum' is no aggregate: write mean, min, max, last"):
        aggregates("sum")


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC"])
def test_zones(name: str) -> None:
    assert zone(name).key == name


@pytest.mark.parametrize("name", ["", "Berlin", "../etc/passwd", "/etc", "Europe"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ExportError, match="is no time zone"):
        zone(name)


def test_one_instrument_is_one_that_is_named() -> None:
    assert Ask(instruments=("oven1",)).one
    assert not Ask(instruments=("oven*",)).one
    assert not Ask(instruments=("oven1", "oven2")).one
    assert not Ask().one


def test_channels_with_and_without_their_instrument() -> None:
    ask = Ask(channels=("temp*", "vib1.x"))
    assert ask.wants("oven1", "temp_raw")
    assert ask.wants("vib1", "x")
    assert not ask.wants("oven1", "x")
    assert Ask().wants("oven1", "anything")


def test_contradictions() -> None:
    check(Ask(excel="de", format="zip"))
    for ask in (
        Ask(excel="de", format="parquet"),
        Ask(excel="de", format="zip", inner="parquet"),
        Ask(run="r", to_us=1),
        Ask(from_us=2, to_us=2),
        Ask(zone="no"),
    ):
        with pytest.raises(ExportError):
            check(ask)
