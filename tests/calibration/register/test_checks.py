from datetime import timedelta
from pathlib import Path

import pytest

from calibration.record import Person
from calibration.register import CheckPlan, Register, RegisterError, checks
from tests.calibration.register.bench import ANNA, CARL, Clock, register

PLAN = CheckPlan(name="200 g", nominal="200.00", warning="0.02", action="0.03", unit="g", every_days=1)


def checked(tmp_path: Path, clock: Clock | None = None) -> Register:
    made = register(tmp_path, clock)
    made.plan_check("sensor1", PLAN, ANNA)
    return made


@pytest.mark.parametrize(
    ("value", "kept", "zone"),
    [
        ("200.020", "200.020", "ok"),
        ("199,98", "199.98", "ok"),
        ("200.0200000001", "200.0200000001", "warning"),
        ("200.03", "200.03", "warning"),
        ("199.9699", "199.9699", "action"),
        ("1e3", "1000", "action"),
    ],
)
def test_a_value_is_judged_in_decimals(tmp_path: Path, value: str, kept: str, zone: str) -> None:
    made = checked(tmp_path)
    done = checks.add(made, "sensor1", value, CARL, source="scale1/weight", note="warm")
    assert (done.value, done.zone) == (kept, zone)
    assert checks.all_(made) == [done]
    assert (made.entries()[-1].event, made.entries()[-1].by) == ("check", "carl (not authenticated)")


def test_a_check_has_its_time(tmp_path: Path) -> None:
    done = checks.add(checked(tmp_path), "sensor1", "200", Person(name="anna"))
    assert done.t == done.by.at == "2026-11-21T08:00:00Z"


@pytest.mark.parametrize("value", ["", "heavy", "nan", "200 g"])
def test_what_is_no_number_is_not_kept(tmp_path: Path, value: str) -> None:
    made = checked(tmp_path)
    with pytest.raises(RegisterError, match="number"):
        checks.add(made, "sensor1", value, ANNA)
    assert checks.all_(made) == []


def test_nobody_said_how(tmp_path: Path) -> None:
    made = register(tmp_path)
    for ask in (lambda: checks.add(made, "sensor1", "1", ANNA), lambda: checks.chart(made, "sensor1")):
        with pytest.raises(RegisterError, match="--define"):
            ask()
    assert checks.charts(made) == []


@pytest.mark.parametrize(("warning", "action"), [("0", "1"), ("2", "1"), ("-1", "1")])
def test_limits_that_make_no_sense(warning: str, action: str) -> None:
    with pytest.raises(RegisterError, match="warning limit"):
        checks.sound(CheckPlan(name="x", nominal="0", warning=warning, action=action))
    assert checks.sound(PLAN) == PLAN


def test_the_chart_has_the_last_of_this_plan(tmp_path: Path) -> None:
    clock = Clock()
    made = checked(tmp_path, clock)
    assert checks.chart(made, "sensor1").status == "never"
    for number in range(40):
        clock.now = Clock().now + timedelta(days=number)
        checks.add(made, "sensor1", f"200.{number % 2:02}", ANNA)
    chart = checks.chart(made, "sensor1")
    assert len(chart.checks) == 30
    assert chart.mean == pytest.approx(200.005)
    assert chart.s == pytest.approx(0.0050855, rel=1e-4)
    assert (chart.status, chart.next) == ("ok", "2026-12-31")
    made.plan_check("sensor1", CheckPlan(name="100 g", nominal="100", warning="0.01", action="0.02"), ANNA)
    assert checks.chart(made, "sensor1").checks == ()
    assert len(checks.all_(made, "sensor1")) == 40


@pytest.mark.parametrize(("days", "status"), [(0, "action"), (1, "action"), (2, "overdue")])
def test_how_it_stands(tmp_path: Path, days: int, status: str) -> None:
    clock = Clock()
    made = checked(tmp_path, clock)
    checks.add(made, "sensor1", "200.01", ANNA)
    checks.add(made, "sensor1", "200.5", ANNA)
    clock.now += timedelta(days=days)
    (chart,) = checks.charts(made)
    assert chart.status == status
    plain = chart.plain()
    assert (plain["item"], plain["status"]) == ("sensor1", status)
    assert [(c["value"], c["zone"]) for c in plain["checks"]] == [("200.01", "ok"), ("200.5", "action")]  # type: ignore[attr-defined]


def test_a_line_that_was_bent(tmp_path: Path) -> None:
    made = checked(tmp_path)
    checks.add(made, "sensor1", "200", ANNA)
    (made.folder / "checks.jsonl").write_bytes(b"{}\n")
    with pytest.raises(RegisterError, match=r"checks\.jsonl"):
        checks.all_(made)
