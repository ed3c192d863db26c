"""What a visit shows at once."""

import pytest

from calibration import procedure as procedures
from calibration.applied import Correction
from calibration.exact import CalculationError
from calibration.live.judge import judge, padded, padded_text
from calibration.live.plan import Visit
from calibration.record import Applied, CertificatePoint, Sample, Standard
from tests.calibration.live.bench import SMALL, setup

VISIT = Visit("as_found", "20", "up", 1, False)
RULES = procedures.read(SMALL)


def samples(*errors: int) -> list[Sample]:
    """Errors in thousandths."""
    return [Sample(I=f"{20 + e / 1000:.3f}", x="20.0000") for e in errors]


def test_means_error_and_scatter_with_one_digit_more() -> None:
    row = judge(RULES, setup(), VISIT, samples(50, 52, 54), Correction()).row
    assert (row.n, row.x, row.I, row.E, row.s, row.r1) == (3, "20.00000", "20.05200", "+0.05200", "0.002", None)
    assert row.within is True
    assert row.warnings == []


def test_the_certificates_correction_and_the_one_in_force_are_in_it() -> None:
    points = [
        CertificatePoint(x="0", correction="0.01", U="0.01"),
        CertificatePoint(x="50", correction="0.01", U="0.01"),
    ]
    made = setup(standards=[Standard(id="ref1", points=points)])
    applied = Correction.of(Applied(certificate="K", coef=["-0.05"]))
    assert judge(RULES, made, VISIT, samples(60, 60), applied).error == pytest.approx(0.0)


def test_outside_the_tolerance() -> None:
    assert judge(RULES, setup(), VISIT, samples(300, 300), Correction()).row.within is False


def test_scatter_and_correlation_are_warnings() -> None:
    rising = judge(RULES, setup(), VISIT, samples(*range(0, 200, 10)), Correction()).row
    assert [w.split()[0] for w in rising.warnings] == ["scatter", "neighbouring"]
    assert rising.r1 is not None
    assert rising.r1 > 0.8


def test_a_standard_that_is_not_certified_there_is_an_error() -> None:
    points = [CertificatePoint(x="30", U="0.01"), CertificatePoint(x="50", U="0.01")]
    with pytest.raises(CalculationError, match="certified from 30 to 50"):
        judge(RULES, setup(standards=[Standard(id="ref1", points=points)]), VISIT, samples(1), Correction())


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(100.0, 4, "100.0000"), (0.1 + 0.2, 1, "0.30000000000000004"), (20, 0, "20"), (1e-7, 3, "0.0000001")],
)
def test_a_number_keeps_its_digits_and_gets_its_instruments(value: float, digits: int, text: str) -> None:
    assert padded(value, digits) == text
    assert padded_text("20.10", 1) == "20.10"
