"""Before the first sample: item and standards from the register, and every reason not to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from broker.calibration import Calibration
from broker.correction import adds, raw_name
from broker.messages import Channel, Meta
from broker.topics import Kind, TopicError, Topics, check_channel, check_name
from calibration import procedure as procedures
from calibration.exact import CalculationError, exact
from calibration.lint import lint
from calibration.live.plan import MANUAL, Setup, Source, curve_kind, nominal
from calibration.live.times import second
from calibration.procedure import Procedure
from calibration.record import Applied, Item, Person, Standard, numeral
from calibration.reference import Reference
from calibration.register import Register, RegisterError, StandardEntry
from calibration.suitable import unsuitable

HOPELESS = "no pass is possible"


class NotBegun(Exception):
    """Why a run does not begin; one sentence that says what to do."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. ``standards``: ids, ``ID@POINT`` where one is used at that point only."""

    run: str
    procedure: str
    item: str
    reference: str
    by: Person
    item_id: str = ""
    standards: Sequence[str] = ()
    environment: str = ""
    force: str = ""
    auto: bool = False
    host: str = ""
    begin: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What is known of the instruments. ``marks``: instrument → channel → the calibration its samples name now;
    ``in_force``: the same from the register."""

    metas: Mapping[str, Meta] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    in_force: Mapping[str, Mapping[str, Calibration]] = field(default_factory=dict)

    def calibration(self, source: Source) -> Calibration | None:
        return self.in_force.get(source.instrument, {}).get(source.channel)

    def correcting(self, source: Source) -> str:
        """The calibration that changes this channel's values now, as its samples say; "" for none."""
        mark = self.marks.get(source.instrument, {}).get(source.channel, "")
        known = self.calibration(source)
        plain = known is not None and known.id == mark and not adds(known)
        return "" if plain else mark


def instruments(wanted: Wanted, topics: Topics) -> list[str]:
    """Those the run will listen to. Raises NotBegun."""
    rules = read(wanted.procedure)
    names = [parse(wanted.item, topics)[0], parse(wanted.reference, topics)[0], room_of(wanted, rules, topics)]
    return sorted({name for name in names if name})


def read(text: str) -> Procedure:
    try:
        return procedures.read(text)
    except procedures.ProcedureError as e:
        raise NotBegun(f"the procedure cannot be used: {e}") from e


def parse(text: str, topics: Topics) -> tuple[str, str]:
    """``lab/bath1/temp``, ``bath1/temp`` or ``bath1``; two empty words for ``manual``. Raises NotBegun."""
    if text == MANUAL:
        return "", ""
    instrument, _, channel = text.removeprefix(f"{topics.root}/").strip("/").partition("/")
    try:
        check_name(instrument)
        if channel:
            check_channel(channel)
    except TopicError as e:
        raise NotBegun(f"{text!r}: {e}") from e
    return instrument, channel


def room_of(wanted: Wanted, rules: Procedure, topics: Topics) -> str:
    """The instrument that tells the room; "" where a person does. Raises NotBegun."""
    text = wanted.environment or rules.environment.topic
    if not text or text == MANUAL:
        return ""
    found = topics.parse(text)
    if found is not None and found.kind in (Kind.DATA, Kind.LAST):
        return found.name
    return parse(text, topics)[0]


def begin(register: Register, wanted: Wanted, facts: Facts, topics: Topics) -> Setup:
    """Everything that is fixed for the run. Raises NotBegun."""
    rules = read(wanted.procedure)
    source = _source(wanted.item, rules, facts, topics)
    reference = _source(wanted.reference, rules, facts, topics)
    if source.live and source == reference:
        raise NotBegun(f"{source} cannot be its own reference")
    try:
        item = _item(register, wanted, source)
        standards, used = _standards(register, wanted, reference, rules)
    except RegisterError as e:
        raise NotBegun(str(e)) from e
    _not_twice(rules, facts, source)
    item = _described(item, source, facts)
    deviations = _lint(rules, standards, item, wanted)
    return Setup(
        run=wanted.run,
        procedure=wanted.procedure,
        item=item,
        standards=standards,
        used=used,
        source=source,
        reference=reference,
        room=room_of(wanted, rules, topics),
        applied=_applied(rules, facts, source),
        plain=[c.id for s in (source, reference) if (c := facts.calibration(s)) is not None and not adds(c)],
        by=wanted.by,
        begin=second(wanted.begin),
        deviations=deviations,
        customer=register.item(item.id).customer or register.lab.customer,
        laboratory=register.lab.name,
        place=register.lab.place,
        auto=wanted.auto,
        host=wanted.host,
    )


# instruments


def _source(text: str, rules: Procedure, facts: Facts, topics: Topics) -> Source:
    instrument, channel = parse(text, topics)
    if not instrument:
        return Source()
    meta = facts.metas.get(instrument)
    if meta is None:
        raise NotBegun(f"nothing is known of {instrument}: it has not said what it is")
    channel = channel or _guess(instrument, meta, rules)
    if channel not in meta.channels:
        raise NotBegun(f"{instrument} has no channel {channel!r}; it has {', '.join(meta.channels)}")
    spec = meta.channels[channel]
    if spec.unit and spec.unit != rules.unit:
        raise NotBegun(f"{instrument}/{channel} is in {spec.unit}, the procedure in {rules.unit}")
    return Source(instrument, channel, digits(spec))


def _guess(instrument: str, meta: Meta, rules: Procedure) -> str:
    numbers = [n for n, c in meta.channels.items() if c.type not in ("bool", "str")]
    shown = [n for n in numbers if not any(n == raw_name(other) for other in numbers)]
    fitting = [n for n in shown if meta.channels[n].unit == rules.unit] or shown
    if len(fitting) != 1:
        raise NotBegun(f"say which channel of {instrument}: {', '.join(shown) or 'it has no numbers'}")
    return fitting[0]


def digits(channel: Channel) -> int:
    """After the point, as the resolution says."""
    if not channel.resolution:
        return 0
    exponent = Decimal(repr(channel.resolution)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


# the register


def _item(register: Register, wanted: Wanted, source: Source) -> Item:
    sits = register.installed(source.instrument, source.channel) if source.live else None
    id_ = wanted.item_id or sits
    if not id_:
        where = f"at {source}" if source.live else "where readings are typed"
        raise NotBegun(f"the register does not know what is calibrated {where}: --item-id, or labwire cal item install")
    if sits is not None and wanted.item_id and sits != wanted.item_id:
        raise NotBegun(f"{sits} sits at {source}, not {wanted.item_id}")
    entry = register.item(id_)
    if entry.state == "retired":
        raise NotBegun(f"{id_} is retired")
    return entry.item


def _described(item: Item, source: Source, facts: Facts) -> Item:
    """With where it was read, and the resolution its instrument tells where the register has none."""
    if not source.live:
        return item
    told = facts.metas[source.instrument].channels[source.channel].resolution
    d = item.d if exact(item.d) or not told else numeral(repr(told))
    return msgspec.structs.replace(item, channel=str(source), d=d)


def _standards(
    register: Register, wanted: Wanted, reference: Source, rules: Procedure
) -> tuple[list[Standard], dict[str, list[str]]]:
    sits = register.installed(reference.instrument, reference.channel) if reference.live else None
    named = list(wanted.standards) or ([sits] if sits else [])
    if not named:
        where = f"at {reference}" if reference.live else "that is read"
        raise NotBegun(f"the register does not know the standard {where}: --standard ID")
    used: dict[str, list[str]] = {}
    ids: list[str] = []
    for word in named:
        id_, at, point = word.partition("@")
        ids += [] if id_ in ids else [id_]
        if at:
            used.setdefault(_point(point, rules), []).append(id_)
    if reference.live and sits is not None and sits not in ids:
        raise NotBegun(f"{sits} sits at {reference}, not {', '.join(ids)}")
    if used:
        _all_named(used, rules)
    entries = [register.standard(id_) for id_ in ids]
    for entry in entries:
        _suitable(entry, rules, wanted.begin)
    standards = [entry.standard for entry in entries]
    _certified(standards, used, rules)
    return standards, used


def _point(text: str, rules: Procedure) -> str:
    points = [nominal(v) for v in (*rules.points.values, *rules.points.check)]
    if text not in points:
        raise NotBegun(f"a standard is named for the point {text}; the procedure has {', '.join(points)}")
    return text


def _all_named(used: Mapping[str, list[str]], rules: Procedure) -> None:
    missing = [n for v in (*rules.points.values, *rules.points.check) if (n := nominal(v)) not in used]
    if missing:
        raise NotBegun(f"no standard is named for {', '.join(missing)}: --standard ID@{missing[0]}")


def _suitable(entry: StandardEntry, rules: Procedure, now: float) -> None:
    """Raises NotBegun for a standard that may not be used."""
    if entry.state == "retired":
        raise NotBegun(f"standard {entry.id} is retired")
    reason = unsuitable(entry.standard, rules, second(now)[:10], strict=True)
    if reason:
        raise NotBegun(f"{reason}: it cannot be used")


def _certified(standards: Sequence[Standard], used: Mapping[str, list[str]], rules: Procedure) -> None:
    """Raises NotBegun where a point is outside what the standards there are certified for."""
    for x in (*rules.points.values, *rules.points.check):
        ids = used.get(nominal(x), [])
        reference = Reference(tuple(s for s in standards if not ids or s.id in ids))
        try:
            reference.u(x)
        except CalculationError as e:
            raise NotBegun(str(e)) from e


# no pass is possible, no double correction


def _lint(rules: Procedure, standards: Sequence[Standard], item: Item, wanted: Wanted) -> list[str]:
    """Deviations, where a run is forced. Raises NotBegun."""
    findings = lint(as_read(rules, wanted), standard_U=_worst(standards, rules), d=float(exact(item.d)))
    errors = [f.text for f in findings if f.severity == "error"]
    hopeless = [text for text in errors if HOPELESS in text]
    wrong = [text for text in errors if text not in hopeless]
    if wrong:
        raise NotBegun(f"the procedure contradicts itself: {wrong[0]}")
    if hopeless and not wanted.force.strip():
        raise NotBegun(f"{hopeless[0]}; --force REASON begins all the same, and the record says so")
    return [f"begun although {text}: {wanted.force.strip()}" for text in hopeless]


def as_read(rules: Procedure, wanted: Wanted) -> Procedure:
    """The procedure with as many readings a point as there will be: fewer where a person types them."""
    if MANUAL not in (wanted.item, wanted.reference):
        return rules
    return msgspec.structs.replace(rules, reading=msgspec.structs.replace(rules.reading, n=rules.reading.typed))


def _worst(standards: Sequence[Standard], rules: Procedure) -> float:
    """The greatest U (k = 2) at any point, of the worst standard."""
    return max(_expanded(s, x) for s in standards for x in rules.points.values)


def _expanded(standard: Standard, x: float) -> float:
    try:
        return 2 * Reference((standard,)).u(x)
    except CalculationError:
        return 0.0  # it is used at other points


def _not_twice(rules: Procedure, facts: Facts, source: Source) -> None:
    """Raises NotBegun where a new correction would come on top of another."""
    by = facts.correcting(source)
    if rules.signal == "corrected" and by and curve_kind(rules):
        raise NotBegun(
            f"{source} is corrected by {by}: a new correction on top would correct twice; "
            'a procedure with a curve has signal = "raw"'
        )


def _applied(rules: Procedure, facts: Facts, source: Source) -> Applied | None:
    """As found is what the instrument showed: with the correction in force, where one is applied."""
    by, known = facts.correcting(source), facts.calibration(source)
    if rules.signal == "corrected" or not by:
        return None
    if known is None or known.id != by:
        raise NotBegun(f"{source} is corrected by {by}, which the register does not know as in force")
    return applied_of(known)


def applied_of(calibration: Calibration) -> Applied:
    """A published correction as a record keeps it."""
    correction = calibration.correction
    return Applied(
        certificate=calibration.id,
        x0=repr(correction.x0),
        scale=repr(correction.scale),
        coef=[repr(c) for c in correction.coef] if correction.type == "poly" else [],
        table=[(repr(x), repr(c)) for x, c in correction.points] if correction.type == "table" else [],
    )
