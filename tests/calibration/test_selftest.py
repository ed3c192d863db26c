"""Every published number is reproduced, and the self-test can fail."""

import dataclasses
import json
from decimal import Decimal
from pathlib import Path

import pytest

from calibration.selftest import Case, cases, run, table

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_case_is_reproduced(case: Case) -> None:
    checks = run([case])
    assert checks
    assert [c for c in checks if not c.passed] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_number_can_fail(case: Case) -> None:
    """A published number that is off by two of its last places, or by 1e-11 where twelve digits are asked for."""
    for name, value in case.expect.items():
        changed = dataclasses.replace(case, expect={name: off(value, case)})
        assert not run([changed])[0].passed, name


def off(value: str, case: Case) -> str:
    try:
        number = Decimal(value)
    except ArithmeticError:
        return value + "x"
    if case.relative:
        return str(number * (1 + Decimal("1e-11")))
    allowed = max((Decimal(v) for v in (case.within or {}).values()), default=Decimal())
    return str(number + max(2 * allowed, 2 * Decimal(1).scaleb(int(number.as_tuple().exponent))))


def test_nist_is_asked_for_at_1e_12() -> None:
    nist = [case for case in CASES if case.id.startswith("NIST")]
    assert len(nist) == 6
    assert {case.relative for case in nist} == {"1e-12"}


def test_every_departure_says_why() -> None:
    assert [case.id for case in CASES if case.within and not case.note] == []


def test_a_number_that_is_missing_fails() -> None:
    assert not run([dataclasses.replace(CASES[0], expect={"no such": "1"})])[0].passed


def test_the_table_counts() -> None:
    wrong = dataclasses.replace(CASES[0], expect={"b0": "1"})
    text = table(run([*CASES[1:], wrong]))
    assert text.endswith("1 not reproduced")
    assert text.count("FAILED") == 1


def test_the_cases_are_data_of_the_package() -> None:
    path = Path(__file__).parents[2] / "calibration" / "vectors.json"
    assert len(json.loads(path.read_text(encoding="utf-8"))) == len(CASES)
