"""The provisioned dashboards (overview, one instrument, EtherLab, health), and one made from a meta. Pure."""

from broker.messages import Channel, Meta
from logger.grafana import flux
from logger.grafana.panels import (
    Json,
    annotation,
    column,
    curves,
    dashboard,
    infinity,
    override,
    panel,
    table,
    timeline,
    unit,
    variable,
)
from logger.grafana.panels import flux as target

HAPPENED = ("event", "reply", "note", "run")
HOUR = "_1h"
CALM, WARN, ALERT = "blue", "orange", "red"


def overview() -> Json:
    """Every instrument: is it there, what does it say now, what happened."""
    return dashboard(
        "labwire-overview",
        "labwire: overview",
        [
            timeline("Instruments", [target(flux.presence(flux.MANY))], up=True, width=16, height=9),
            table("Events, commands, notes", [target(flux.happened(HAPPENED, None))], width=8, height=9),
            table("Now", [target(flux.newest(flux.MANY))], width=8, height=12),
            curves("Numbers", [target(flux.samples(flux.MANY, "mean", named=True))], width=16, height=12),
        ],
        variables=[_instruments(multi=True), _channels(flux.MANY)],
        annotations=_annotations(),
    )


def instrument() -> Json:
    """One instrument, chosen above."""
    return dashboard(
        "labwire-instrument",
        "labwire: one instrument",
        _of_one(),
        variables=[_instruments(multi=False), _channels(flux.ONE)],
        annotations=_annotations(),
    )


def etherlab() -> Json:
    """Fast signals of a real-time server: extremes, not only means; its messages; the adapter."""
    return dashboard(
        "labwire-etherlab",
        "labwire: EtherLab",
        [
            curves("Signals: mean", [target(flux.samples(flux.MANY, "mean", named=True))], width=12, height=10),
            curves(
                "Signals: extremes",
                [
                    target(flux.samples(flux.MANY, "min", named=True), "A"),
                    target(flux.samples(flux.MANY, "max", named=True), "B"),
                ],
                width=12,
                height=10,
                description="Lowest and highest sample of every window: a peak of one millisecond is not lost.",
            ),
            curves("Values a second", [target(flux.rates(flux.MANY))], width=12),
            table("Messages and writes", [target(flux.happened(("event", "reply"), flux.MANY))], width=12),
            curves(
                "Adapter and edges: waiting, resent, lost",
                [target(flux.service("edge", ("waiting", "resent", "lost")))],
            ),
        ],
        variables=[_instruments(multi=True), _channels(flux.MANY)],
        annotations=_annotations(),
        since="now-5m",
    )


def health() -> Json:
    """Is everything that should run running, is anything piling up, was anything lost."""
    figures = flux.service
    return dashboard(
        "labwire-health",
        "labwire: system health",
        [
            table("Services", [target(flux.services())], width=10),
            timeline("Instruments", [target(flux.presence(flux.MANY))], up=True, width=14),
            curves("Logger: stored a second", [target(figures("logger", ("stored_per_s",)))], width=8),
            curves("Logger: age when stored", [target(figures("logger", ("lag_ms",)))], width=8, unit_id="ms"),
            curves("Logger: set aside, unreadable, gaps", [target(figures("logger", _WRONG))], width=8),
            curves("Store on disk", [target(figures("logger", ("db_bytes",)))], width=8, unit_id="bytes"),
            curves("Spools", [target(figures("edge", ("spool_bytes",)))], width=8, unit_id="bytes"),
            curves("Spools: lost, unwritten", [target(figures("edge", ("lost", "unwritten")))], width=8),
            curves("Values a second", [target(flux.rates(flux.MANY))], width=12),
            curves("Qualities other than good", [target(flux.marks(flux.MANY))], width=12),
        ],
        variables=[_instruments(multi=True)],
        since="now-6h",
    )


_WRONG = ("set_aside", "undecodable", "gaps")


def of_instrument(name: str, meta: Meta) -> Json:
    """The dashboard of one instrument from its description: a panel per unit, labels, digits, groups."""
    groups: dict[tuple[str, str], dict[str, Channel]] = {}
    for channel, known in meta.channels.items():
        if known.type not in ("bool", "str"):
            groups.setdefault((known.group, known.unit), {})[channel] = known
    which = f'r.instrument == "{name}"'
    panels = [_group(which, group, text, channels) for (group, text), channels in groups.items()]
    words = [channel for channel, known in meta.channels.items() if known.type in ("bool", "str")]
    if words:
        panels.append(timeline("States", [target(_named(flux.states(which), words))], width=24, height=6))
    panels.append(timeline("Presence", [target(flux.presence(which))], up=True, height=4))
    panels.append(table("Events, commands, notes", [target(flux.happened(HAPPENED, which))]))
    title = f"labwire: {meta.name or name}"
    return dashboard(f"labwire-i-{name}"[:40], title, panels, annotations=_annotations(which))


def from_history(name: str, meta: Meta) -> Json:
    """The same without InfluxDB: from the bridge's history, by its min, mean and max of every bucket."""
    panels = [_from_history(name, channel, known) for channel, known in meta.channels.items() if known.type != "str"]
    columns = [column("ts", "time", "timestamp_epoch"), *(column(c, c, "string") for c in ("kind", "text", "by"))]
    marks = infinity("/api/marks?from=${__from}&to=${__to}", columns, kind="json")
    panels.append(table("Events, commands, notes", [marks]))
    return dashboard(f"labwire-h-{name}"[:40], f"labwire: {meta.name or name}", panels)


def _from_history(name: str, channel: str, known: Channel) -> Json:
    path = f"/api/history?instrument={name}&channel={channel}&from=${{__from}}&to=${{__to}}&points=1000&format=csv"
    parts = [column(f"{channel}_{part}", part, "number") for part in ("min", "mean", "max")]
    target_ = infinity(path, [column("time", "time", "timestamp_epoch"), *parts])
    made = curves(known.label or channel, [target_], unit_id=unit(known.unit), width=12)
    del made["fieldConfig"]["defaults"]["displayName"]
    return made


def _group(which: str, group: str, text: str, channels: dict[str, Channel]) -> Json:
    title = " · ".join(part for part in (group, text) if part) or "Numbers"
    query = _named(flux.samples(which, "mean"), list(channels))
    made = curves(title, [target(query)], unit_id=unit(text), width=12, height=9)
    made["fieldConfig"]["overrides"] = [override(channel, known) for channel, known in channels.items()]
    return made


def _named(query: str, channels: list[str]) -> str:
    wanted = " or ".join(f'r._field == "{channel}"' for channel in channels)
    return query.replace(flux.CHANNELS, f"({wanted})")


def _of_one() -> list[Json]:
    one = flux.ONE
    return [
        curves("Mean", [target(flux.samples(one, "mean"))], width=16, height=10),
        table("Now", [target(flux.newest(one))], width=8, height=10),
        curves(
            "Lowest and highest",
            [target(flux.samples(one, "min"), "A"), target(flux.samples(one, "max"), "B")],
            width=16,
        ),
        table("Events, commands, notes", [target(flux.happened(HAPPENED, one))], width=8),
        timeline("States", [target(flux.states(one))], width=16, height=6),
        panel("barchart", "Qualities other than good", [target(flux.marks(one))], width=8, height=6),
        curves(
            "Long term: mean, lowest and highest of every hour",
            [
                target(flux.long_term(HOUR, one, extreme), ref)
                for extreme, ref in (("mean", "A"), ("min", "B"), ("max", "C"))
            ],
            description="From the downsampled bucket, which outlives the raw samples.",
        ),
        timeline("Presence", [target(flux.presence(one))], up=True, height=4),
    ]


def _instruments(*, multi: bool) -> Json:
    return variable("instrument", "Instrument", flux.instruments(), multi=multi)


def _channels(which: str) -> Json:
    return variable("channel", "Channel", flux.channels(which), multi=True)


def _annotations(which: str = flux.MANY) -> list[Json]:
    made = [
        annotation("Commands", CALM, flux.annotations("reply", 'r.state != "accepted" and r.state != "running"')),
        annotation("Events", ALERT, flux.annotations("event")),
        annotation("Notes", WARN, flux.annotations("note")),
        annotation("Runs", "green", flux.annotations("run")),
    ]
    for one in made:
        one["target"]["query"] = one["target"]["query"].replace(flux.MANY, which)
    return made
