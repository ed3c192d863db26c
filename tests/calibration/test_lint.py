import pytest

from calibration.lint import lint
from calibration.procedure import read
from tests.calibration.example import PROCEDURE, procedure

SETTLE = "[settle]\nwindow_s = 60\ndrift = 0.1\ns = 0.1\ntau_s = 120\n[tolerance]"


def test_the_example_is_clean() -> None:
    assert lint(procedure(), standard_U=0.06, d=0.01) == []


@pytest.mark.parametrize(
    ("old", "new", "severity", "says"),
    [
        ("[0, 10, 20, 30]", "[0, 10, 10, 30]", "error", "same point twice"),
        ("[0, 10, 20, 30]", "[10, 0, 20, 30]", "error", "must rise"),
        ("check = [15]", "check = [35]", "error", "outside the calibrated range"),
        ("check = [15]", "check = [10]", "error", "fitted too"),
        ("degree = 1", "degree = 3", "error", "too few for 4"),
        ("degree = 1", "degree = 1\npublish = true", "", ""),
        ("check = [15]", "check = []", "", ""),
        ('model = "poly"\ndegree = 1', 'model = "none"\npublish = true', "error", "fit.model is none"),
        ("ref_drift", "other", "warning", "does not name ref_drift"),
        ('half = "0.001*x"', 'from = "item.d"', "error", "counts item.d twice"),
        ('order = "up-down"', 'order = "up"', "error", "not up-down"),
        ('half = "0.001*x"', 'from = "settle"', "error", "no table [settle]"),
        ('half = "0.001*x"', 'half = "1/x"', "error", "budget.ref_drift at 0"),
        ('half = "0.001*x"', 'half = "1-x"', "error", "budget.ref_drift at 10: '1-x' is negative"),
        ('from = "readings"', 'from = "readings", min_nu = 99', "error", "repeatability needs 99"),
        ("[tolerance]", SETTLE, "warning", "hides a bias of 0.2 mm"),
        ("[tolerance]", SETTLE.replace("tau_s = 120\n", "timeout_s = 30\n"), "error", "ends before"),
        ("[tolerance]", SETTLE.replace("tau_s = 120\n", ""), "warning", "tau_s is not given"),
    ],
)
def test_findings(old: str, new: str, severity: str, says: str) -> None:
    assert old in PROCEDURE
    found = [(f.severity, f.text) for f in lint(read(PROCEDURE.replace(old, new, 1)))]
    assert [kind for kind, text in found if says in text] == [severity] if says else not found


def test_a_point_without_a_possible_pass_is_told_before_any_work() -> None:
    """u = √(0.26² + 0.0029²) at 0 mm, U = 0.52: 104 % of 0.5 mm."""
    texts = [f.text for f in lint(procedure(), standard_U=0.52, d=0.01) if f.severity == "error"]
    assert texts == ["the guard band at 0 mm will be 104 % of the tolerance or more: no pass is possible"]


def test_a_simple_rule_has_no_guard_band() -> None:
    simple = read(PROCEDURE + '[decision]\nrule = "simple"\n')
    assert lint(simple, standard_U=0.52) == []
