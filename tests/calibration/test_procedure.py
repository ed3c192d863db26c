import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.decide import Limits
from calibration.exact import CalculationError
from calibration.procedure import ProcedureError, read, sha256
from tests.calibration.example import PROCEDURE, procedure


def test_it_is_read() -> None:
    p = procedure()
    assert (p.id, p.rev, p.points.span, p.decision.as_rule().r) == ("P-1", 2, 30, 1.0)
    assert p.budget["reference"].from_ == "standard.U"


@pytest.mark.parametrize(("x", "half"), [(0, 0.5), (30, 0.8), (-30, 0.8)])
def test_limits_at_a_point(x: float, half: float) -> None:
    assert procedure().limits(x, 0) == Limits(-half, half)


def test_without_tolerance_there_are_no_limits() -> None:
    assert procedure(tolerance=None).limits(1, 1) is None
    nothing = read(PROCEDURE.replace("abs = 0.5\n", ""))
    with pytest.raises(CalculationError, match="percentage of nothing"):
        nothing.limits(0, 0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rev = 2", "rev = 0", "rev"),
        ("title", "tilte", "tilte"),
        ('of = "reference"', "", "pct needs its base"),
        ('of = "reference"', 'of = "reading"', "tolerance.of"),
        ('half = "0.001*x"', 'half = "0.001*y"', "budget"),
        ('half = "0.001*x"', 'half = "1", u = "1"', "exactly one of"),
        ('id = "P-1"', 'id = "../x"', "id"),
        ("labwire.procedure/1", "labwire.procedure/2", "schema"),
        ("[fit]", "[fit", "not TOML"),
        ("[reading]\nn = 3", '[decision]\nrule = "simple"\nr = 1.0', "simple has r = 0"),
        ("[reading]\nn = 3", '[decision]\nrule = "fixed"', "decision"),
        ("values = [0, 10, 20, 30]", "values = []", "points.values"),
        ("degree = 1", "degree = 9", "fit.degree"),
        ("rev = 2", "rev = " + "[" * 5000 + "]" * 5000, "not TOML"),
        ("[fit]", "[interval]\nmonths = 1000000\n[fit]", "interval.months"),
    ],
)
def test_mistakes_name_their_place(old: str, new: str, says: str) -> None:
    assert old in PROCEDURE
    with pytest.raises(ProcedureError, match=says):
        read(PROCEDURE.replace(old, new))


def test_the_version_is_the_text() -> None:
    assert sha256(PROCEDURE) == sha256(PROCEDURE.replace("\n", "\r\n"))
    assert sha256(PROCEDURE) != sha256(PROCEDURE.replace("rev = 2", "rev = 3"))


@given(st.text(max_size=200))
def test_any_text_is_a_procedure_or_refused(text: str) -> None:
    with pytest.raises(ProcedureError):
        read(text)
