"""What InfluxDB answers stands in test_queries.py; here only that nothing is left for nobody to fill in."""

import re

import pytest

from logger.grafana import flux

QUERIES = {
    "samples": flux.samples(flux.MANY, "mean", named=True),
    "states": flux.states(flux.ONE),
    "long_term": flux.long_term("_1h", flux.ONE, "max"),
    "marks": flux.marks(flux.MANY),
    "rates": flux.rates(flux.MANY),
    "newest": flux.newest(flux.ONE),
    "presence": flux.presence(flux.MANY),
    "happened": flux.happened(("event", "note"), flux.ONE),
    "annotations": flux.annotations("event"),
    "service": flux.service("logger", ("lag_ms",)),
    "services": flux.services(),
    "silent_for": flux.silent_for(),
    "instruments": flux.instruments(),
    "channels": flux.channels(flux.MANY),
}
FILLED_BY_GRAFANA = {"${instrument}", "${instrument:regex}", "${channel:regex}"}


@pytest.mark.parametrize("name", QUERIES)
def test_only_variables_grafana_fills_in(name: str) -> None:
    query = QUERIES[name]
    assert set(re.findall(r"\$\{[^}]*\}", query)) <= FILLED_BY_GRAFANA
    assert query.count("(") == query.count(")")
    assert "\n\n" not in query


def test_numbers_are_of_the_panels_width_and_its_function() -> None:
    assert "aggregateWindow(every: v.windowPeriod, fn: max, createEmpty: false)" in flux.samples(flux.ONE, "max")


def test_what_stands_beside_a_channel_is_no_channel() -> None:
    beside = re.compile(flux.BESIDE)
    assert all(beside.search(field) for field in ("temp_q", "temp_u", "temp_cal"))
    assert not beside.search("temp_min")
