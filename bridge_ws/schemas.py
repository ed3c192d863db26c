"""The bodies of the HTTP interface, as its OpenAPI description shows them. Only here pydantic is used."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
ShortNotEmpty = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Instruments = Annotated[list[Name], Field(max_length=100)]
Argument = Annotated[float | int | bool | str | None, Field(union_mode="smart")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CommandBody(_Body):
    """A command. Its arguments are judged by the instrument's edge, within ``ttl_ms`` of now or never."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    args: Annotated[dict[str, Argument], Field(max_length=100)] = {}
    ttl_ms: Annotated[int, Field(ge=1, le=60_000, description="How long the command may be begun, in ms.")] = 5000


class NoteBody(_Body):
    """An operator's note; it is marked in the plots."""

    text: Text
    instruments: Instruments = []
    run: Short = ""


class RunBody(_Body):
    """A batch or experiment that begins now."""

    name: ShortNotEmpty
    sample: Short = ""
    instruments: Instruments = []


class ErrorText(BaseModel):
    code: str
    message: str


class ErrorBody(BaseModel):
    """Every answer that is not a success."""

    error: ErrorText


class Health(BaseModel):
    ok: bool
    broker: Literal["up", "down"]
    history: Annotated[str, Field(description="ok, or why it cannot be read")]


class Instrument(BaseModel):
    """One instrument: its description and status as on the broker, its presence as the bridge sees it."""

    instrument: str
    meta: Annotated[dict[str, Any] | None, Field(description="the contract's meta")]
    status: Annotated[dict[str, Any] | None, Field(description="the contract's status")]
    state: Literal["online", "degraded", "offline", "lost"]
    reason: str
    age_ms: int | None
    calibration: dict[str, Any]


class Series(BaseModel):
    """Columns of equal length; buckets without a value are left out."""

    t: Annotated[list[int], Field(description="begin of the bucket, ms since the epoch; a multiple of step_ms")]
    min: list[float]
    max: list[float]
    mean: list[float]
    n: list[int]


class HistoryBody(BaseModel):
    """Smallest, largest and mean value per bucket."""

    model_config = ConfigDict(populate_by_name=True)

    instrument: str
    from_: Annotated[int, Field(alias="from")]
    to: int
    step_ms: float
    series: dict[str, Series]


class Mark(BaseModel):
    ts: int
    kind: Literal["note", "run", "event", "command"]
    text: str
    instrument: str
    by: str
    state: str
    run: Annotated[str, Field(description="a run's id")] = ""
    event: Annotated[str, Field(description="an event's kind")] = ""
    severity: str = ""
    channel: str = ""


class LogLine(BaseModel):
    """One message. Sample sets stand in the log by their numbers; everything else with its payload."""

    ts: int
    topic: str
    qos: int
    retain: bool
    length: int
    readable: bool = True
    payload: str | None = None
    payload_base64: Annotated[str | None, Field(description="instead of payload, when it is not UTF-8")] = None
    boot: str | None = None
    seq: int | None = None
    n: int | None = None
    late: bool | None = None
    hash: str | None = None


class CommandResult(BaseModel):
    id: str
    state: Literal["sent", "accepted", "running", "done", "failed", "rejected", "expired", "no_answer"]
    progress: float | None = None
    result: dict[str, Any] = {}
    error: ErrorText | None = None


class CommandId(BaseModel):
    id: str


class Me(BaseModel):
    """Who asks, by the token. ``authenticated`` is false for whoever came in without one."""

    name: str
    role: Literal["viewer", "operator"]
    authenticated: bool


class NoteDone(BaseModel):
    ts: int


class RunDone(BaseModel):
    run: str


class RunState(BaseModel):
    run: str
    name: str
    start: int
    by: str
    end: int | None = None
    sample: str = ""
    instruments: list[str] = []


class LedgerGap(BaseModel):
    """Sequence numbers `from` … `to` of a boot, made between two instants."""

    model_config = ConfigDict(populate_by_name=True)

    boot: str
    from_: Annotated[int, Field(alias="from")]
    to: int
    n: int
    reason: str
    from_ms: int
    to_ms: int


class LedgerAway(BaseModel):
    """A time in which the instrument was not online, or nobody knows how it was."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[int, Field(alias="from")]
    to: int
    state: str
    reason: str


class LedgerBody(BaseModel):
    """One instrument over a time, in sample sets."""

    model_config = ConfigDict(populate_by_name=True)

    instrument: str
    from_: Annotated[int, Field(alias="from")]
    to: int
    complete: bool
    expected: int
    stored: int
    late: Annotated[int, Field(description="of those stored: came late")]
    missing: int
    coming: Annotated[int, Field(description="still held by their sender")]
    expired: Annotated[int, Field(description="were here, and went as retention says")]
    set_aside: Annotated[int, Field(description="values and messages that could not be stored as samples")]
    gaps: list[LedgerGap]
    away: list[LedgerAway]
