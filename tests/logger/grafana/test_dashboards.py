import json
from pathlib import Path

import pytest
import yaml

from broker.messages import Channel, Meta
from logger.grafana import cli, dashboards, flux
from logger.grafana.panels import INFLUX

DEPLOY = Path(__file__).parents[3] / "deploy" / "grafana"
OVEN = Meta(
    name="Tube furnace",
    channels={
        "temp": Channel(unit="°C", label="Zone 1", resolution=0.1, group="zones"),
        "power": Channel(unit="%"),
        "door": Channel(type="bool"),
    },
)


@pytest.mark.parametrize("name", cli.PROVISIONED)
def test_the_provisioned_files_are_what_the_code_makes(name: str) -> None:
    """Red? ``labwire gen grafana --provisioned -o deploy/grafana/dashboards``."""
    assert (DEPLOY / "dashboards" / f"{name}.json").read_text(encoding="utf-8") == cli.text(cli.PROVISIONED[name]())


def test_nothing_else_is_provisioned() -> None:
    assert {path.stem for path in (DEPLOY / "dashboards").iterdir()} == set(cli.PROVISIONED)


def test_uids_are_fixed_and_all_data_comes_from_the_provisioned_source() -> None:
    boards = [make() for make in cli.PROVISIONED.values()]
    uids = ["labwire-overview", "labwire-instrument", "labwire-etherlab", "labwire-health"]
    assert [board["uid"] for board in boards] == uids
    used = {
        (part["datasource"]["type"], part["datasource"]["uid"])
        for board in boards
        for panel in board["panels"]
        for part in [panel, *panel["targets"]]
    }
    source = yaml.safe_load((DEPLOY / "provisioning" / "datasources" / "labwire.yaml").read_text(encoding="utf-8"))
    known = {(s["type"], s["uid"]) for s in source["datasources"]}
    assert used == {(INFLUX.type, INFLUX.uid)} <= known


def test_panels_do_not_lie_on_each_other() -> None:
    for make in cli.PROVISIONED.values():
        cells = [
            (x, y)
            for panel in make()["panels"]
            for g in [panel["gridPos"]]
            for x in range(g["x"], g["x"] + g["w"])
            for y in range(g["y"], g["y"] + g["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24


def test_the_alert_asks_what_the_code_asks() -> None:
    alerting = yaml.safe_load((DEPLOY / "provisioning" / "alerting" / "labwire.yaml").read_text(encoding="utf-8"))
    rule = alerting["groups"][0]["rules"][0]
    assert rule["data"][0]["model"]["query"] == flux.silent_for()
    assert rule["data"][0]["datasourceUid"] == INFLUX.uid
    assert rule["condition"] in {step["refId"] for step in rule["data"]}


def test_an_instruments_dashboard_has_a_panel_per_group_and_unit() -> None:
    board = dashboards.of_instrument("oven1", OVEN)
    assert [panel["title"] for panel in board["panels"]] == [
        "zones · °C",
        "%",
        "States",
        "Presence",
        "Events, commands, notes",
    ]
    zones = board["panels"][0]
    assert zones["fieldConfig"]["defaults"]["unit"] == "celsius"
    assert [o["matcher"]["options"] for o in zones["fieldConfig"]["overrides"]] == ["temp"]
    assert 'r.instrument == "oven1" and (r._field == "temp")' in zones["targets"][0]["query"]
    assert board["templating"]["list"] == []
    assert "${" not in json.dumps(board).replace("${__field.labels._field}", "")


def test_without_influxdb_the_bridges_history_is_asked() -> None:
    board = dashboards.from_history("oven1", OVEN)
    source = yaml.safe_load((DEPLOY / "history.yaml").read_text(encoding="utf-8"))["datasources"][0]
    used = {(t["datasource"]["type"], t["datasource"]["uid"]) for panel in board["panels"] for t in panel["targets"]}
    assert used == {(source["type"], source["uid"])}
    first = board["panels"][0]["targets"][0]
    assert first["url"].startswith("/api/history?instrument=oven1&channel=temp&from=${__from}&to=${__to}")
    assert [c["selector"] for c in first["columns"]] == ["time", "temp_min", "temp_mean", "temp_max"]
