"""Checks between calibrations: a check weight, an ice point, a buffer; each is kept for ever and in the chain."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from calibration.chain import canonical
from calibration.exact import CalculationError, arithmetic, exact
from calibration.record import Numeral, Person, RecordError, Stamp, numeral
from calibration.register import when
from calibration.register.errors import RegisterError
from calibration.register.events import CheckPlan, Name
from calibration.register.folder import Step
from calibration.register.life import stamped
from calibration.register.people import shown, who
from calibration.register.register import CHECKS, Register
from calibration.stats import mean, sd

Zone = Literal["ok", "warning", "action"]
SHOWN = 30


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of ``checks.jsonl``, with the limits as they were. ``source``: typed, or INSTRUMENT/CHANNEL."""

    id: Name
    t: Stamp
    by: Person
    value: Numeral
    plan: CheckPlan
    source: str = "typed"
    note: str = ""

    @property
    def deviation(self) -> Decimal:
        with arithmetic():
            return exact(self.value) - exact(self.plan.nominal)

    @property
    def zone(self) -> Zone:
        """A value on a limit is within it."""
        if abs(self.deviation) <= exact(self.plan.warning):
            return "ok"
        return "warning" if abs(self.deviation) <= exact(self.plan.action) else "action"


@dataclass(frozen=True, slots=True)
class Chart:
    """A control chart: the last checks by one plan, their mean and scatter, how it stands, when the next is due."""

    item: str
    plan: CheckPlan
    checks: tuple[Check, ...]
    mean: float | None
    s: float | None
    status: Literal["ok", "warning", "action", "overdue", "never"]
    next: str

    def plain(self) -> dict[str, object]:
        """For the page; numbers of the plan and the values as numerals."""
        points = [
            {"t": c.t, "value": c.value, "zone": c.zone, "by": shown(c.by), "source": c.source, "note": c.note}
            for c in self.checks
        ]
        return {
            "item": self.item,
            "plan": msgspec.to_builtins(self.plan),
            "status": self.status,
            "mean": self.mean,
            "s": self.s,
            "next": self.next,
            "checks": points,
        }


def sound(plan: CheckPlan) -> CheckPlan:
    """``plan``, where its limits make sense. Raises RegisterError."""
    if not 0 < exact(plan.warning) <= exact(plan.action):
        raise RegisterError(f"check {plan.name}: the warning limit is above zero and not beyond the action limit")
    return plan


def add(register: Register, item: str, value: str, by: Person, *, source: str = "typed", note: str = "") -> Check:
    """Keep one check. Raises RegisterError."""
    plan = register.item(item).plan
    if plan is None:
        raise RegisterError(f"nobody said how {item} is checked: labwire cal check {item} --define NAME --nominal …")
    try:
        kept = numeral(value.strip().replace(",", "."))
    except RecordError as e:
        raise RegisterError(str(e)) from e
    by = stamped(register, by)
    done = Check(id=item, t=when.text(register.clock()), by=by, value=kept, plan=plan, source=source, note=note)
    line = canonical(msgspec.to_builtins(done)) + b"\n"
    register.files.commit([Step("check", item, file=CHECKS, line=line, by=who(by))], done.t)
    return done


def all_(register: Register, item: str = "") -> list[Check]:
    """Every check, oldest first. Raises RegisterError."""
    lines = (register.files.read(CHECKS) or b"").splitlines(keepends=True)
    try:
        found = [msgspec.json.decode(line, type=Check) for line in lines if line.endswith(b"\n")]
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise RegisterError(f"{CHECKS} cannot be read: {e}") from e
    return [check for check in found if item in ("", check.id)]


def last(register: Register) -> dict[str, Check]:
    """The newest check of each item."""
    return {check.id: check for check in all_(register)}


def chart(register: Register, item: str, shown: int = SHOWN) -> Chart:
    """The control chart of an item. Raises RegisterError for one that nobody checks."""
    plan = register.item(item).plan
    if plan is None:
        raise RegisterError(f"nobody said how {item} is checked: labwire cal check {item} --define NAME --nominal …")
    made = [c for c in all_(register, item) if (c.plan.name, c.plan.nominal) == (plan.name, plan.nominal)]
    recent = tuple(made[-shown:])
    values = [c.value for c in recent]
    try:
        middle, scatter = (mean(values) if values else None), (sd(values) if len(values) > 1 else None)
    except CalculationError as e:
        raise RegisterError(f"{CHECKS}: {e}") from e
    if not recent:
        return Chart(item, plan, (), None, None, "never", "")
    day = when.day(recent[-1].t) + timedelta(days=plan.every_days)
    overdue = day < register.clock().date()
    return Chart(item, plan, recent, middle, scatter, "overdue" if overdue else recent[-1].zone, day.isoformat())


def charts(register: Register) -> list[Chart]:
    """Of every item in use that is checked."""
    return [chart(register, e.id) for e in register.items() if e.plan and e.state == "active"]
