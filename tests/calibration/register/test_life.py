from pathlib import Path

import pytest

from calibration import record as records
from calibration.record import Person
from calibration.register import RegisterError
from calibration.register.life import advance, amend, withdraw
from calibration.register.release import release
from tests.calibration.register.bench import ANNA, BERT, CARL, performed, register, reviewed
from tests.calibration.register.test_release import plain


def test_a_record_is_reviewed_and_sent_back(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = performed(made).id
    assert advance(made, id_, "reviewed", CARL).history[-1].by == CARL
    assert advance(made, id_, "performed", ANNA, "point 20 again").state == "performed"
    assert made.record(id_).history[-1].reason == "point 20 again"
    assert [e.event for e in made.entries()][-2:] == ["reviewed", "performed"]
    with pytest.raises(RegisterError, match="performed cannot become superseded"):
        advance(made, id_, "superseded", ANNA)
    with pytest.raises(RegisterError, match=r"release\.release"):
        advance(made, id_, "released", ANNA)


def test_a_step_has_its_time(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = advance(made, performed(made).id, "reviewed", Person(name="carl"))
    assert done.history[-1].by == Person(name="carl", at="2026-11-21T08:00:00Z")


def test_a_withdrawal_says_why_and_ends_what_was_in_force(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = release(made, reviewed(made).id, ANNA, plain).id
    with pytest.raises(RegisterError, match="says why"):
        withdraw(made, id_, BERT, " ")
    assert made.record(id_).state == "released"
    amend(made, id_, BERT, "serial")
    assert withdraw(made, id_, BERT, "standard was dropped").rev == 2
    assert [made.record(id_, rev).state for rev in (1, 2)] == ["withdrawn", "withdrawn"]
    with pytest.raises(RegisterError, match="withdrawn cannot become"):
        withdraw(made, id_, BERT, "again")


def test_only_what_was_released_is_amended(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = reviewed(made).id
    with pytest.raises(RegisterError, match="only what was released"):
        amend(made, id_, BERT, "serial")
    first = release(made, id_, ANNA, plain)
    for changes, says in (({"reason": " "}, "says why"), ({"reason": "x", "state": "released"}, "cannot set state")):
        with pytest.raises(RegisterError, match=says):
            amend(made, id_, BERT, **changes)
    second = amend(made, id_, BERT, "serial", customer="Lab 2")
    assert (second.state, second.files, second.software, second.customer) == ("performed", {}, {}, "Lab 2")
    assert [c.state for c in second.history[-2:]] == ["draft", "performed"]
    assert records.write(made.record(id_, 1)) == records.write(first)


def test_what_was_withdrawn_can_be_amended(tmp_path: Path) -> None:
    made = register(tmp_path)
    id_ = release(made, reviewed(made).id, ANNA, plain).id
    withdraw(made, id_, ANNA, "wrong serial")
    amend(made, id_, ANNA, "serial")
    advance(made, id_, "reviewed", BERT)
    assert release(made, id_, ANNA, plain).rev == 2
    assert made.record(id_, 1).state == "withdrawn"
