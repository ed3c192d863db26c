"""Questions, and what becomes of the answers."""

import pytest

from calibration import procedure as procedures
from calibration.live import forms
from calibration.live.forms import FormError
from calibration.live.progress import Progress
from calibration.record import Item
from tests.calibration.live.bench import setup, small, template

ASKS = small('unit = "°C"', 'unit = "°C"\nasks = ["immersion"]').replace(
    "[adjust]", '[steps]\nbefore = ["ice"]\nafter = ["clean"]\n[adjust]'
)


def keys(stage: str, text: str = ASKS, **changes: object) -> list[str]:
    rules, made = procedures.read(text), setup(text, **changes)
    return [q.key for q in forms.questions(rules, made, Progress(stage=stage))]  # type: ignore[arg-type]


def test_what_each_stage_asks() -> None:
    assert keys("prepare") == ["ask-1", "before-1"]
    assert keys("prepare", item=Item(id="x"), room="") == ["serial", "ask-1", "before-1", "temperature-begin"]
    assert keys("finish", room="") == ["after-1", "temperature-end", "observations"]
    assert keys("adjust") == ["adjust"]
    assert keys("adjust", ASKS.replace('"curve"', '"instrument"')) == ["adjust", "adjustment"]
    assert keys("settling") == []


def test_the_room_is_asked_for_where_a_formula_needs_it() -> None:
    assert forms.wanted_room(template("pt100-comparison")) == ["temperature", "humidity"]
    assert forms.wanted_room(template("generic-linear")) == []
    formula = small('ref_drift = { half = "0.002" }', 'ref_drift = { half = "0.0001*abs(T-20)" }')
    assert forms.wanted_room(procedures.read(formula.replace("temperature = [18, 28]", ""))) == ["temperature"]


@pytest.mark.parametrize(
    ("typed", "kept"), [("20,50", "20.50"), ("−3.10", "-3.10"), (" 1e2 ", "100"), ("0.10", "0.10")]
)
def test_numbers_as_people_write_them(typed: str, kept: str) -> None:
    assert forms.numeral(typed, "x") == kept


@pytest.mark.parametrize("typed", ["", "warm", "nan", "inf", "1,2,3", "1" * 50, "٣"])
def test_what_is_no_number(typed: str) -> None:
    with pytest.raises(FormError, match="is not a number"):
        forms.numeral(typed, "x")


def test_a_balances_eccentricity() -> None:
    names = ("load", "centre", "front-left", "back-left", "back-right", "front-right")
    answers = {f"as_found-{name}": str(k) for k, name in enumerate(names)}
    test = forms.eccentric(Progress(answers=answers))
    assert (test.load, test.centre, test.others) == ("0", "1", ["2", "3", "4", "5"])


def test_answers_stand_in_the_record_by_the_words_that_were_asked() -> None:
    rules = procedures.read(ASKS)
    answers = {"ask-1": "160 mm", "before-1": "done", "observations": "none", "serial": "7", "temperature-begin": "21"}
    found = forms.labelled(rules, setup(ASKS, item=Item(id="x"), room=""), answers)
    assert found == {"immersion": "160 mm", "ice": "done", "observations": "none"}
