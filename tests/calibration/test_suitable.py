from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.exact import CalculationError
from calibration.procedure import Reference
from calibration.record import CertificatePoint, Standard
from calibration.suitable import check, ordinal, refused, uncovered, unsuitable
from tests.calibration.example import procedure, record

GAUGE = Standard(id="gauge", class_="F1", date="2026-01-10", due="2027-01-10", U="0.06", k="2")
DAY = "2026-11-20"
STRICT = procedure(reference=Reference(class_="F1", max_age_days=400, max_U=0.06))


def changed(**parts: str) -> Standard:
    return msgspec.structs.replace(GAUGE, **parts)


def test_one_that_fits() -> None:
    assert unsuitable(GAUGE, STRICT, DAY, strict=True) == ""
    assert unsuitable(GAUGE, STRICT, "2027-01-10", strict=True) == ""
    assert unsuitable(changed(class_="f1"), STRICT, DAY) == ""


@pytest.mark.parametrize(
    ("standard", "day", "says"),
    [
        (GAUGE, "2027-01-11", "was due on 2027-01-10"),
        (changed(due="2026-11-19T10:00:00Z"), DAY, "was due on 2026-11-19"),
        (changed(date="2026-11-21"), DAY, "after the work"),
        (changed(date="2025-10-15", due=""), DAY, "401 days before the work"),
        (changed(class_="M1"), DAY, "is of class M1, P-1 asks for F1"),
        (changed(U="0.0601"), DAY, "has U = 0.0601"),
        (changed(U="0.05", k="1.65"), DAY, "has U = 0.0606"),
    ],
)
def test_one_that_does_not(standard: Standard, day: str, says: str) -> None:
    assert says in unsuitable(standard, STRICT, day)


def test_what_is_not_known_is_a_reason_only_where_it_must_be() -> None:
    for standard, says in ((changed(date=""), "without a date"), (changed(class_=""), "has no class")):
        assert unsuitable(standard, STRICT, DAY) == ""
        assert says in unsuitable(standard, STRICT, DAY, strict=True)
    assert unsuitable(GAUGE, STRICT, "") == ""
    assert "not known" in unsuitable(GAUGE, STRICT, "", strict=True)


def test_uncertainty_counts_where_the_procedure_goes() -> None:
    points = [CertificatePoint(x=x, U=u) for x, u in (("0", "0.01"), ("30", "0.06"), ("100", "0.9"))]
    assert unsuitable(msgspec.structs.replace(GAUGE, U=None, points=points), STRICT, DAY) == ""
    assert "0.08" in unsuitable(
        msgspec.structs.replace(GAUGE, U=None, points=[CertificatePoint(x="15", U="0.08")]), STRICT, DAY
    )


def test_a_record_is_judged_on_the_days_of_its_work() -> None:
    late = [msgspec.to_builtins(changed(due="2026-11-20"))]
    over = record(begin="2026-11-20T09:00:00Z", end="2026-11-21T01:00:00Z", standards=late)
    assert refused(over, procedure()) == ["standard gauge was due on 2026-11-20, before the work on 2026-11-21"]
    with pytest.raises(CalculationError, match="was due"):
        check(over, procedure())
    check(record(begin="2026-11-20", end="2026-11-20", standards=late), procedure())
    check(record(standards=late), procedure())
    assert len(refused(record(), STRICT, strict=True)) == 1


def test_a_certificate_reaches_all_points_or_says_where_not() -> None:
    short = [CertificatePoint(x="0", U="0.01"), CertificatePoint(x="20", U="0.01")]
    reaches = [*short, CertificatePoint(x="30", U="0.01")]
    assert "certified from 0 to 20, not at 30" in uncovered([Standard(id="a", points=short)], procedure())
    assert uncovered([Standard(id="a", points=reaches)], procedure()) == ""
    assert uncovered([GAUGE, Standard(id="a", points=short)], procedure()) == ""


@given(st.dates(min_value=date(1900, 1, 1)), st.dates(min_value=date(1900, 1, 1)))
def test_days_are_counted(a: date, b: date) -> None:
    assert ordinal(a.isoformat()) - ordinal(b.isoformat()) == (a - b).days
