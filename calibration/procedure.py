"""A calibration procedure: TOML of schema ``labwire.procedure/1``, checked as it is read, versioned by its hash."""

import hashlib
import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from calibration.budget import Shape, divisor
from calibration.decide import RULES, Base, Limits, Rule, Statement, Tolerance, rule
from calibration.exact import CalculationError
from calibration.expression import Expression, parse
from calibration.settle import Criteria

SCHEMA = "labwire.procedure/1"
Source = Literal["standard.U", "item.d", "readings", "series", "settle", "fit", "eccentricity"]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Counted = Annotated[int, msgspec.Meta(ge=1)]


class ProcedureError(ValueError):
    """A procedure that cannot be used; one sentence naming table and key."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Points(_Table, frozen=True):
    """Where to calibrate. ``check`` are points that are measured but never fitted."""

    values: Annotated[list[float], msgspec.Meta(min_length=1)]
    order: Literal["up", "down", "up-down"] = "up"
    series: Counted = 1
    check: list[float] = []

    @property
    def span(self) -> float:
        return max(self.values) - min(self.values)


class Reading(_Table, frozen=True):
    """How one point is read: ``n`` samples every ``period_s``; ``typed`` readings where a person types them."""

    n: Counted = 20
    period_s: Positive = 2.0
    pair_dt_s: Positive = 0.5
    stat: Literal["mean"] = "mean"
    max_s: Positive | None = None
    typed: Counted = 3


class Settling(_Table, frozen=True):
    """When a point may be read; see ``settle.Criteria``. ``tau_s`` is the time constant, where known."""

    window_s: Positive
    drift: Positive
    s: Positive
    hold_s: NotNegative = 0.0
    timeout_s: Positive = 3600.0
    tau_s: Positive | None = None

    def criteria(self) -> Criteria:
        return Criteria(self.window_s, self.drift, self.s, self.hold_s, self.timeout_s)


class Reference(_Table, frozen=True):
    """What a standard must be to be used."""

    class_: str = msgspec.field(name="class", default="")
    topic: str = ""
    max_age_days: Positive | None = None
    max_U: Positive | None = None  # noqa: N815 - the symbol of the field


class Environment(_Table, frozen=True):
    """The room's limits while the work goes on."""

    temperature: tuple[float, float] | None = None
    humidity: tuple[float, float] | None = None
    pressure: tuple[float, float] | None = None
    topic: str = ""
    action: Literal["flag", "stop"] = "flag"


class ToleranceTable(_Table, frozen=True):
    """± (abs + pct % of ``of``). Percentages need their base named; a missing table means no statement."""

    abs: NotNegative = 0.0
    pct: NotNegative = 0.0
    of: Base | None = None

    def __post_init__(self) -> None:
        if self.pct and self.of is None:
            raise ValueError("pct needs its base: of = reference, indication or span")
        if not self.abs and not self.pct:
            raise ValueError("abs or pct is needed; leave the table out for no statement of conformity")

    def tolerance(self) -> Tolerance:
        return Tolerance(self.abs, self.pct, self.of or "reference")


class DecisionTable(_Table, frozen=True):
    """The rule: simple, guarded, iso14253, r (with ``r``) or fixed (with ``w``); k comes from ``p``."""

    rule: Literal["simple", "guarded", "iso14253", "r", "fixed"] = "guarded"
    r: NotNegative | None = None
    w: NotNegative | None = None
    p: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.9545
    statement: Statement = "binary"
    k_method: Literal["t", "auto"] = "t"

    def __post_init__(self) -> None:
        if self.r is not None and self.rule in RULES and self.rule != "guarded" and self.r != RULES[self.rule]:
            raise ValueError(f'rule {self.rule} has r = {RULES[self.rule]:g}, not {self.r:g}; say rule = "r"')
        self.as_rule()

    def as_rule(self) -> Rule:
        return rule(self.rule, r=self.r, fixed=self.w, statement=self.statement)


class FitTable(_Table, frozen=True):
    """The calibration function and what its check points may be off by."""

    model: Literal["poly", "none"] = "poly"
    degree: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    through_zero: bool = False
    publish: bool = False
    check_max: Positive | None = None


class Line(_Table, frozen=True):
    """One contribution: ``from`` the record, or a ``half`` width or standard ``u`` as a formula."""

    from_: Source | None = msgspec.field(name="from", default=None)
    half: str | None = None
    u: str | None = None
    dist: Shape = "rectangular"
    beta: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    nu: Positive | None = None
    min_nu: Counted | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.from_, self.half, self.u)) != 1:
            raise ValueError("a contribution has exactly one of from, half and u")
        self.formula()

    def standard(self, values: Mapping[str, float]) -> float | None:
        """The standard uncertainty of a formula at a point; None for what comes from the record.

        Raises ExpressionError.
        """
        formula = self.formula()
        if formula is None:
            return None
        return formula(values) / (divisor(self.dist, self.beta) if self.half is not None else 1.0)

    def formula(self) -> Expression | None:
        text = self.half if self.half is not None else self.u
        return None if text is None else parse(text)


class Adjust(_Table, frozen=True):
    allowed: bool = False
    kind: Literal["curve", "instrument", "none"] = "none"


class IntervalTable(_Table, frozen=True):
    months: Annotated[int, msgspec.Meta(ge=1, le=1200)]


class Steps(_Table, frozen=True):
    before: list[str] = []
    after: list[str] = []


class Procedure(_Table, frozen=True, kw_only=True):
    """The whole of it. ``asks`` are what only a person knows and the record must carry (immersion, medium, …)."""

    schema: Literal["labwire.procedure/1"]
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    rev: Counted
    title: str
    method: str = ""
    quantity: str
    unit: str
    signal: Literal["raw", "corrected"] = "raw"
    points: Points
    reading: Reading = Reading()
    settle: Settling | None = None
    reference: Reference = Reference()
    environment: Environment = Environment()
    tolerance: ToleranceTable | None = None
    decision: DecisionTable = DecisionTable()
    fit: FitTable = FitTable(model="none")
    budget: dict[str, Line]
    adjust: Adjust = Adjust()
    interval: IntervalTable | None = None
    steps: Steps = Steps()
    asks: list[str] = []

    def limits(self, x: float, indication: float) -> Limits | None:
        """The limits of the error at a point; None where no tolerance is stated."""
        if self.tolerance is None:
            return None
        half = self.tolerance.tolerance().at(reference=x, indication=indication, span=self.points.span)
        if not half:
            raise CalculationError(f"the tolerance at {x:g} is zero: a percentage of nothing")
        return Limits(-half, half)


def read(text: str) -> Procedure:
    """Read a procedure. Raises ProcedureError with one sentence."""
    try:
        return msgspec.convert(tomllib.loads(text), Procedure)
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise ProcedureError(f"this is not TOML: {e}") from e
    except msgspec.ValidationError as e:
        raise ProcedureError(_sentence(str(e))) from e


def sha256(text: str) -> str:
    """The version of a procedure: the hash of its text, whatever the line ends."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _sentence(message: str) -> str:
    text, _, place = message.partition(" - at `$")
    where = place.rstrip("`").lstrip(".").removesuffix("[...]")
    return f"{where}: {text}" if where else text
