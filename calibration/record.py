"""The record of one calibration: everything that was read or typed, as JSON; readings are decimal strings.

A record is never overwritten: ``amend`` makes the next revision, which names the one it replaces. Its canonical form
(sorted keys, no blanks, UTF-8, no floats) is what is hashed; see ``chain``.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from calibration.chain import canonical, digest
from calibration.exact import CalculationError, exact

SCHEMA = "labwire.calibration/1"
State = Literal["draft", "performed", "reviewed", "released", "superseded", "withdrawn"]
NEXT: dict[State, tuple[State, ...]] = {
    "draft": ("performed", "withdrawn"),
    "performed": ("reviewed", "draft", "withdrawn"),
    "reviewed": ("released", "performed", "withdrawn"),
    "released": ("superseded", "withdrawn"),
    "superseded": (),
    "withdrawn": (),
}
LONGEST = 64
_NUMERAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
Numeral = Annotated[str, msgspec.Meta(pattern=_NUMERAL, max_length=LONGEST)]
Stamp = Annotated[
    str, msgspec.Meta(pattern=r"^$|^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$")
]
Sha = Annotated[str, msgspec.Meta(pattern=r"^$|^[0-9a-f]{64}$")]
Direction = Literal["up", "down"]


class RecordError(ValueError):
    """A record that cannot be used, or a step it does not allow; one sentence."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ProcedureRef(_Part, frozen=True, kw_only=True):
    """Which procedure, by the hash of its text."""

    id: str
    rev: int
    sha256: Sha


class Item(_Part, frozen=True, kw_only=True):
    """What was calibrated. ``d`` is its resolution."""

    id: str
    maker: str = ""
    model: str = ""
    serial: str = ""
    asset: str = ""
    condition: str = ""
    channel: str = ""
    d: Numeral = "0"


class CertificatePoint(_Part, frozen=True, kw_only=True):
    """One line of a standard's certificate: at ``x`` add ``correction``; U with the certificate's k."""

    x: Numeral
    correction: Numeral = "0"
    U: Numeral


class Standard(_Part, frozen=True, kw_only=True):
    """A reference with its certificate. ``U`` holds everywhere, or ``points`` say it place by place.

    ``class`` is what procedures ask for (``pt25``, ``F1``).
    """

    id: str
    class_: str = msgspec.field(name="class", default="")
    serial: str = ""
    certificate: str = ""
    laboratory: str = ""
    date: Stamp = ""
    due: Stamp = ""
    k: Numeral = "2"
    U: Numeral | None = None
    points: list[CertificatePoint] = []
    file_sha256: Sha = ""

    def __post_init__(self) -> None:
        if (self.U is None) == (not self.points):
            raise ValueError("a standard has either U or points")


class Sample(_Part, frozen=True, kw_only=True):
    """One reading of the item (``I``) and of the reference (``x``) together, ``t`` when."""

    I: Numeral  # noqa: E741 - the symbol of the field
    x: Numeral
    t: Stamp = ""


class Settled(_Part, frozen=True, kw_only=True):
    """What the settle detector saw when the samples were taken; per second."""

    slope: Numeral
    u_slope: Numeral = "0"


class Point(_Part, frozen=True, kw_only=True):
    """All samples of one visit of one point. ``standards`` used here: all of the record's where empty."""

    nominal: Numeral
    readings: Annotated[list[Sample], msgspec.Meta(min_length=1)]
    direction: Direction = "up"
    series: Annotated[int, msgspec.Meta(ge=1)] = 1
    check: bool = False
    standards: list[str] = []
    settle: Settled | None = None
    note: str = ""


class Eccentric(_Part, frozen=True, kw_only=True):
    """A load on the centre and on the other positions of a balance."""

    load: Numeral
    centre: Numeral
    others: Annotated[list[Numeral], msgspec.Meta(min_length=1)]


class Applied(_Part, frozen=True, kw_only=True):
    """A correction in force: value = I + C(I), C = Σ coef[i]·((I − x0)/scale)ⁱ, or straight lines between ``table``.

    ``certificate`` says whose it is. The readings of the record are without it.
    """

    certificate: str
    x0: Numeral = "0"
    scale: Numeral = "1"
    coef: list[Numeral] = []
    table: list[tuple[Numeral, Numeral]] = []

    def __post_init__(self) -> None:
        if bool(self.coef) == bool(self.table):
            raise ValueError("a correction has either coefficients or a table")


class RunData(_Part, frozen=True, kw_only=True):
    """One pass, as found or as left. ``applied``: the correction in force then.

    ``fitted``, as left only: the curve fitted to the points as found was in force; these points judge it.
    """

    points: Annotated[list[Point], msgspec.Meta(min_length=1)]
    eccentricity: Eccentric | None = None
    applied: Applied | None = None
    fitted: bool = False

    def __post_init__(self) -> None:
        if self.fitted and self.applied is not None:
            raise ValueError("a run has the fitted curve or another correction in force, not both")


class Span(_Part, frozen=True, kw_only=True):
    """The room while the work went on."""

    min: Numeral
    mean: Numeral
    max: Numeral
    unit: str = ""


class Person(_Part, frozen=True, kw_only=True):
    """``authenticated`` is False for a name that somebody typed."""

    name: str
    at: Stamp = ""
    authenticated: bool = False


class Change(_Part, frozen=True, kw_only=True):
    """A step in the record's life."""

    state: State
    by: Person
    reason: str = ""


class Due(_Part, frozen=True, kw_only=True):
    """When to calibrate again, only where the owner has agreed to it."""

    date: Stamp
    agreed_by: Annotated[str, msgspec.Meta(min_length=1)]


class Record(_Part, frozen=True, kw_only=True):
    """The record. ``replaces`` is the SHA-256 of the revision before.

    ``adjustment`` says what was done between as found and as left, ``external`` what came from others or the customer.
    """

    schema: Literal["labwire.calibration/1"]
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    rev: Annotated[int, msgspec.Meta(ge=1)] = 1
    replaces: Sha = ""
    state: State = "draft"
    procedure: ProcedureRef
    item: Item
    customer: str = ""
    laboratory: str = ""
    place: str = ""
    received: Stamp = ""
    begin: Stamp = ""
    end: Stamp = ""
    standards: Annotated[list[Standard], msgspec.Meta(min_length=1)]
    environment: dict[str, Span] = {}
    as_found: RunData | None = None
    as_left: RunData | None = None
    adjustment: str = ""
    due: Due | None = None
    external: list[str] = []
    answers: dict[str, str] = {}
    deviations: list[str] = []
    opinions: list[str] = []
    history: list[Change] = []
    software: dict[str, str] = {}
    files: dict[str, Sha] = {}

    def __post_init__(self) -> None:
        if (self.rev > 1) != bool(self.replaces):
            raise ValueError("from revision 2 on, and only then, a record names the one it replaces")
        known = [s.id for s in self.standards]
        if len(set(known)) != len(known):
            raise ValueError("two standards have the same id")
        for run in self.runs().values():
            for name in (s for point in run.points for s in point.standards):
                if name not in known:
                    raise ValueError(f"standard {name!r} was used and is not in standards")
        if self.as_found is not None and self.as_found.fitted:
            raise ValueError("the fitted curve cannot be in force as found")

    def runs(self) -> dict[Literal["as_found", "as_left"], RunData]:
        """Those that were made."""
        found: dict[Literal["as_found", "as_left"], RunData] = {}
        if self.as_found is not None:
            found["as_found"] = self.as_found
        if self.as_left is not None:
            found["as_left"] = self.as_left
        return found


def read(data: bytes | str) -> Record:
    """Read a record. Raises RecordError naming the place."""
    try:
        return msgspec.json.decode(data, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise RecordError(f"this is not a record: {_place(str(e))}") from e


def write(record: Record) -> bytes:
    """The canonical bytes of a record."""
    return canonical(_plain(record))


def issued(record: Record) -> Record:
    """The record as its documents carry it: as it was released, before their own hashes and later steps were known."""
    for number in range(len(record.history) - 1, -1, -1):
        state = record.history[number].state
        if state == "released":
            return msgspec.structs.replace(record, state=state, history=record.history[: number + 1], files={})
        if state == "draft":
            break  # what was released before is another revision
    return record


def sha256(record: Record) -> str:
    """The hash a record is known by: of its canonical bytes as ``issued``, so superseding it changes nothing."""
    return digest(_plain(issued(record)))


def amend(record: Record, by: Person, reason: str, **changes: Any) -> Record:
    """The next revision, a draft again, that names this one. Raises RecordError.

    ``record`` itself stays as it is; the register marks it superseded when the new one is released.
    """
    if not reason.strip():
        raise RecordError("an amendment says why")
    fixed = {"schema", "id", "rev", "replaces", "state", "history"} & set(changes)
    if fixed:
        raise RecordError(f"an amendment cannot set {', '.join(sorted(fixed))}")
    unknown = set(changes) - set(Record.__struct_fields__)
    if unknown:
        raise RecordError(f"a record has no {', '.join(sorted(unknown))}")
    step = Change(state="draft", by=by, reason=reason)
    try:
        return msgspec.structs.replace(
            record,
            **changes,
            rev=record.rev + 1,
            replaces=sha256(record),
            state="draft",
            history=[*record.history, step],
        )
    except ValueError as e:
        raise RecordError(str(e)) from e


def advance(record: Record, state: State, by: Person, reason: str = "", *, apart: bool = False) -> Record:
    """The record in its next state. A release needs an authenticated name. ``apart``: who performed may not release.

    Raises RecordError.
    """
    if state not in NEXT[record.state]:
        raise RecordError(f"a record that is {record.state} cannot become {state}")
    if state == "released" and not by.authenticated:
        raise RecordError(f"{by.name or 'nobody'} is not authenticated: such a name releases nothing")
    performers = {change.by.name for change in record.history if change.state == "performed"}
    if state == "released" and apart and by.name in performers:
        raise RecordError(f"{by.name} performed this calibration and may not release it")
    if state == "withdrawn" and not reason.strip():
        raise RecordError("a withdrawal says why")
    step = Change(state=state, by=by, reason=reason)
    return msgspec.structs.replace(record, state=state, history=[*record.history, step])


def numeral(value: Decimal | str | int) -> str:
    """A reading as it is kept: all its digits, no exponent (100.0000 stays 100.0000). Raises RecordError."""
    try:
        number = exact(value)
    except CalculationError as e:
        raise RecordError(str(e)) from e
    text = f"{number:f}"
    if len(text) > LONGEST:
        raise RecordError(f"{value!r} has more than {LONGEST} digits")
    return text


def _plain(value: Any) -> Any:
    """Structs as dicts without what equals its default: a field that a later version adds changes no old hash."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _place(message: str) -> str:
    return re.sub(r" - at `\$\.?([^`]*)`$", r" (at \1)", message)
