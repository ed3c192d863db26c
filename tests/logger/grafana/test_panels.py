from broker.messages import Channel
from logger.grafana.panels import curves, dashboard, flux, override, unit, variable


def test_units_are_grafanas_or_written_behind() -> None:
    assert unit("°C") == "celsius"
    assert unit("µg/m³") == "suffix: µg/m³"
    assert unit("") == "short"


def test_panels_fill_rows_from_the_left() -> None:
    wide, half = curves("a", [flux("x")], width=16, height=10), curves("b", [flux("x")], width=12, height=6)
    made = dashboard("uid", "t", [wide, half, half, half])
    places = [(p["id"], p["gridPos"]["x"], p["gridPos"]["y"]) for p in made["panels"]]
    assert places == [(1, 0, 0), (2, 0, 10), (3, 12, 10), (4, 0, 16)]


def test_a_channel_is_written_as_its_description_says() -> None:
    made = override("weight", Channel(unit="g", label="Weight", resolution=0.0001))
    assert {p["id"]: p["value"] for p in made["properties"]} == {
        "displayName": "Weight",
        "unit": "massg",
        "decimals": 4,
    }
    assert override("n", Channel(resolution=10))["properties"] == [{"id": "displayName", "value": "n"}]
    assert {"id": "decimals", "value": 1} in override("t", Channel(resolution=0.5))["properties"]


def test_a_variable_of_many_has_all() -> None:
    assert variable("instrument", "Instrument", "q", multi=True)["current"]["value"] == ["$__all"]
    assert variable("instrument", "Instrument", "q", multi=False)["includeAll"] is False
