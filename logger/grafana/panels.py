"""Grafana's JSON in small pieces: panels, variables, annotations, a dashboard. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broker.messages import Channel

Json = dict[str, Any]
WIDTH = 24
SCHEMA_VERSION = 39  # Grafana 11

UNITS: Mapping[str, str] = {
    "°C": "celsius",
    "K": "kelvin",
    "%": "percent",
    "g": "massg",
    "kg": "masskg",
    "mg": "massmg",
    "V": "volt",
    "mV": "mvolt",
    "A": "amp",
    "mA": "mamp",
    "W": "watt",
    "Ω": "ohm",
    "Hz": "hertz",
    "rpm": "rotrpm",
    "1/min": "rotrpm",
    "bar": "pressurebar",
    "mbar": "pressurembar",
    "hPa": "pressurehpa",
    "kPa": "pressurekpa",
    "Pa": "pressurepa",
    "ppm": "ppm",
    "m/s": "velocityms",
    "s": "s",
    "ms": "ms",
    "l": "litre",
    "ml": "mlitre",
    "m³": "m3",
}
"""Ours → Grafana's ids; any other unit is written behind the number."""


@dataclass(frozen=True, slots=True)
class Source:
    """A provisioned data source, by its fixed uid."""

    type: str
    uid: str

    def json(self) -> Json:
        return {"type": self.type, "uid": self.uid}


INFLUX = Source("influxdb", "labwire-influx")
HISTORY = Source("yesoreyeram-infinity-datasource", "labwire-history")


def unit(text: str) -> str:
    """Grafana's id of a unit."""
    return UNITS.get(text) or (f"suffix: {text}" if text else "short")


def flux(query: str, ref: str = "A") -> Json:
    return {"datasource": INFLUX.json(), "query": query, "refId": ref}


def infinity(path: str, columns: Sequence[Json], ref: str = "A", *, kind: str = "csv") -> Json:
    """A question to labwire's own interface, through the Infinity data source."""
    return {
        "datasource": HISTORY.json(),
        "refId": ref,
        "type": kind,
        "source": "url",
        "parser": "backend",
        "format": "timeseries" if kind == "csv" else "table",
        "url": path,
        "url_options": {"method": "GET", "data": ""},
        "root_selector": "",
        "columns": list(columns),
    }


def column(selector: str, text: str, kind: str) -> Json:
    """``kind``: number, string or timestamp_epoch."""
    return {"selector": selector, "text": text, "type": kind}


def panel(
    kind: str,
    title: str,
    targets: Sequence[Json],
    *,
    width: int = WIDTH,
    height: int = 8,
    field: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    overrides: Sequence[Json] = (),
    description: str = "",
) -> Json:
    """One panel without a place; ``dashboard`` lays them out from left to right."""
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": targets[0]["datasource"] if targets else INFLUX.json(),
        "gridPos": {"h": height, "w": width, "x": 0, "y": 0},
        "targets": list(targets),
        "fieldConfig": {"defaults": dict(field or {}), "overrides": list(overrides)},
        "options": dict(options or {}),
    }


def curves(title: str, targets: Sequence[Json], *, unit_id: str = "short", **place: Any) -> Json:
    """Curves with a legend that shows the last value; a gap of data stays a gap."""
    custom = {"lineWidth": 1, "showPoints": "auto", "spanNulls": 60_000, "fillOpacity": 0}
    legend = {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "min", "max"]}
    field = {"unit": unit_id, "displayName": "${__field.labels._field}", "custom": custom}
    options = {"legend": legend, "tooltip": {"mode": "multi", "sort": "none"}}
    return panel("timeseries", title, targets, field=field, options=options, **place)


def table(title: str, targets: Sequence[Json], **place: Any) -> Json:
    return panel("table", title, targets, options={"showHeader": True, "cellHeight": "sm"}, **place)


def timeline(title: str, targets: Sequence[Json], *, up: bool = False, **place: Any) -> Json:
    """States over time. ``up``: 1 is up and 0 is down."""
    field: Json = {"displayName": "${__field.labels._field}", "custom": {"fillOpacity": 70, "lineWidth": 0}}
    if up:
        words = {"0": {"text": "down", "color": "red", "index": 0}, "1": {"text": "up", "color": "green", "index": 1}}
        field["mappings"] = [{"type": "value", "options": words}]
    return panel("state-timeline", title, targets, field=field, options={"showValue": "auto"}, **place)


def variable(name: str, label: str, query: str, *, multi: bool) -> Json:
    """A list to choose from, asked from InfluxDB each time the range changes."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": INFLUX.json(),
        "query": {"query": query},
        "refresh": 2,
        "sort": 1,
        "multi": multi,
        "includeAll": multi,
        "current": {"text": ["All"], "value": ["$__all"]} if multi else {},
    }


def annotation(name: str, colour: str, query: str) -> Json:
    return {
        "name": name,
        "enable": True,
        "iconColor": colour,
        "datasource": INFLUX.json(),
        "target": flux(query, "Anno"),
        "mappings": {"time": {"source": "field", "value": "_time"}, "text": {"source": "field", "value": "text"}},
    }


def override(channel: str, known: Channel) -> Json:
    """How one channel is written: its label, unit and digits as its description says."""
    properties: list[Json] = [{"id": "displayName", "value": known.label or channel}]
    if known.unit:
        properties.append({"id": "unit", "value": unit(known.unit)})
    if known.resolution is not None and known.resolution < 1:
        properties.append({"id": "decimals", "value": max(0, len(f"{known.resolution:.9f}".rstrip("0")) - 2)})
    return {"matcher": {"id": "byName", "options": channel}, "properties": properties}


def dashboard(
    uid: str,
    title: str,
    panels: Sequence[Json],
    *,
    variables: Sequence[Json] = (),
    annotations: Sequence[Json] = (),
    since: str = "now-1h",
) -> Json:
    """A whole dashboard with a fixed ``uid``; the panels are placed in rows of 24 columns."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["labwire"],
        "timezone": "browser",
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": since, "to": "now"},
        "links": [
            {"title": "labwire", "type": "dashboards", "tags": ["labwire"], "asDropdown": True, "keepTime": True}
        ],
        "templating": {"list": list(variables)},
        "annotations": {"list": list(annotations)},
        "panels": _placed(panels),
    }


def _placed(panels: Sequence[Json]) -> list[Json]:
    placed: list[Json] = []
    x = y = row = 0
    for number, made in enumerate(panels, 1):
        size = made["gridPos"]
        if x + size["w"] > WIDTH:
            x, y, row = 0, y + row, 0
        placed.append({"id": number, **made, "gridPos": size | {"x": x, "y": y}})
        x, row = x + size["w"], max(row, size["h"])
    return placed
