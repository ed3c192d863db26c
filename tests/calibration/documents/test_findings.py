import dataclasses
from typing import Any

import pytest

from calibration.decide import Decision, Limits
from calibration.documents import findings
from calibration.documents.dossier import Dossier
from calibration.documents.texts import Texts
from calibration.record import Applied, Eccentric
from calibration.rounding import Printed
from tests.calibration.documents.given import adjusted, dossier, record, sheet, text
from tests.calibration.example import PROCEDURE

EN, DE = Texts("en"), Texts("de")


def said(draw: Any, d: Dossier, t: Texts = EN) -> str:
    paper = sheet()
    draw(paper, d, t)
    return text(paper)


def with_rule(rule: str, tolerance: str = "abs = 0.5") -> Dossier:
    start = PROCEDURE.index("[tolerance]")
    end = PROCEDURE.index("[fit]")
    return dossier(text=f"{PROCEDURE[:start]}[tolerance]\n{tolerance}\n[decision]\n{rule}\n{PROCEDURE[end:]}")


@pytest.mark.parametrize(
    ("rule", "words", "risk"),
    [
        ('rule = "simple"', "without a guard band", "At most 50.00 %"),
        ('rule = "guarded"', "guard band w = U (JCGM 106", "At most 2.28 %"),
        ('rule = "iso14253"', "guard band w = 0.83 U", "At most 4.85 %"),
        ('rule = "r"\nr = 1.5', "guard band w = 1.5 U", "At most 0.13 %"),
        ('rule = "fixed"\nw = 0.1', "fixed guard band w = 0.1 mm", ""),
        ('rule = "guarded"\nstatement = "nonbinary"', "Non-binary", "A conditional pass: up to 50 %"),
    ],
)
def test_the_rule_and_its_risk_are_stated(rule: str, words: str, risk: str) -> None:
    found = said(findings.conformity, with_rule(rule))
    assert words in found
    assert risk in found


@pytest.mark.parametrize(
    ("tolerance", "shown"),
    [
        ("abs = 0.5", "± 0.5 mm"),
        ('pct = 2.5\nof = "indication"', "± 2.5 % of the indication"),
        ('abs = 0.5\npct = 1\nof = "span"', "± (0.5 mm + 1 % of the span)"),
    ],
)
def test_the_base_of_a_tolerance_is_named(tolerance: str, shown: str) -> None:
    assert findings.tolerance(with_rule('rule = "simple"', tolerance), EN) == shown


def test_as_found_and_as_left_are_decided_apart() -> None:
    d = dossier(adjusted(), text=PROCEDURE.replace("abs = 0.5", "abs = 0.3"))
    found = said(findings.conformity, d)
    assert "as found: conforms at" in found
    assert "of 5 points – fail" in found
    assert "as left: conforms at 1 of 1 points – pass" in found
    assert "should be reviewed" in found
    assert "should be reviewed" not in said(
        findings.conformity, dossier(text=PROCEDURE.replace("abs = 0.5", "abs = 5"))
    )


def test_conditional_verdicts_are_counted_each() -> None:
    d = with_rule('rule = "guarded"\nstatement = "nonbinary"', "abs = 0.45")
    line = findings.overall("as_found", d.results["as_found"], EN)
    verdicts = [p.decision.verdict for p in d.results["as_found"].points if p.decision]
    assert len(set(verdicts)) > 2
    for verdict in set(verdicts):
        assert f"{verdicts.count(verdict)} × {EN(f'verdict.{verdict}')}" in line


def test_without_a_tolerance_there_is_no_statement() -> None:
    none = PROCEDURE.replace('[tolerance]\nabs = 0.5\npct = 1.0\nof = "reference"\n', "")
    assert "no statement is made" in said(findings.conformity, dossier(text=none))
    assert "Conformity" not in said(findings.results, dossier(text=none))


@pytest.mark.parametrize(
    ("half", "U", "shown"),
    [
        (0.1, "0.017", "0.100"),
        (0.0015, "0.00036", "0.00150"),
        (0.514, "0.98", "0.514"),
        (2.0, "0.5", "2.0"),
        (11.0, "0.0036", "11.0000"),
        (1e-7, "0.00000001", "0.00000010"),
        (100.0, "10", "100"),
    ],
)
def test_a_tolerance_has_the_places_of_u(half: float, U: str, shown: str) -> None:  # noqa: N803
    assert findings._limit(half, U) == shown


def test_u_is_explained() -> None:
    found = said(findings.uncertainty, dossier(), DE)
    for words in ("Überdeckungswahrscheinlichkeit von 95,45 %", "Bezugsnormal", "Hysterese", "Wiederholbarkeit"):
        assert words in found
    assert "Rechteck" not in found
    auto = PROCEDURE.replace("[fit]", '[decision]\nk_method = "auto"\n[fit]')
    wide = auto.replace('resolution = { from = "item.d" }', 'resolution = { half = "20" }')
    assert "Rechteck" in said(findings.uncertainty, dossier(text=wide), DE)


def test_the_correction_has_its_curve_its_range_and_its_checks() -> None:
    found = said(findings.correction, dossier(record(adjustment="Turned the screw.")))
    for words in (
        "Turned the screw.",
        "C(I) = b₀ + b₁·I",
        "Valid from 0.250 to 30.550 mm",
        "Error left at the check point 15",
    ):
        assert words in found
    left = said(findings.correction, dossier(adjusted()))
    assert "Error left" not in left
    nothing = PROCEDURE.replace('model = "poly"\ndegree = 1\ncheck_max = 0.05', 'model = "none"')
    assert said(findings.correction, dossier(text=nothing)) == ""


def test_which_correction_was_in_force_is_said() -> None:
    assert "correction stated below" in said(findings.results, dossier(adjusted()))
    found = record().as_found
    assert found is not None
    import msgspec

    old = msgspec.structs.replace(found, applied=Applied(certificate="K-7", coef=["0.1"]))
    assert "correction of K-7 in force" in said(findings.results, dossier(record(as_found=old)))


def test_repeatability_hysteresis_and_eccentricity_stand_in_it() -> None:
    import msgspec

    found = record().as_found
    assert found is not None
    test = Eccentric(load="10", centre="10.00", others=["10.02", "9.97", "10.01", "10.00"])
    made = dossier(record(as_found=msgspec.structs.replace(found, eccentricity=test)))
    words = said(findings.effects, made)
    assert "greatest standard deviation s at a point 0.010" in words
    assert "between rising and falling 0.10" in words
    assert "10 mm at 4 positions 0.03" in words


def test_check_points_are_marked() -> None:
    assert "15*" in said(findings.results, dossier())
    assert "* Check point" in said(findings.results, dossier())


def test_the_plot_has_every_result_and_the_limits_at_each() -> None:
    d = dossier(adjusted())
    shown = findings.picture(d)
    assert [mark.error for mark in shown.found] == [p.error for p in d.results["as_found"].points]
    assert [mark.U for mark in shown.left] == [p.expanded.U for p in d.results["as_left"].points]
    assert [x for x, _, _ in shown.limits] == sorted(p.reference for p in d.results["as_found"].points)
    middle = min(shown.curve, key=lambda point: abs(point[0] - 20))
    assert middle[1] == pytest.approx(0.45, abs=0.01)


def test_a_verdict_uses_the_unrounded_number() -> None:
    """0.5 − U is 0.40 when printed; the decision was made before."""
    p = dossier().results["as_found"].points[0]
    decision = Decision("fail", Limits(-0.5, 0.5), Limits(-0.4, 0.4), 0.1, 0.97)
    bent = dataclasses.replace(p, decision=decision, printed=Printed("0.40", "0.10"))
    assert findings.verdict(bent, EN).text == "fail"
