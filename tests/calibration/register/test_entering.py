from pathlib import Path
from typing import Any

import msgspec
import pytest

from calibration import procedure
from calibration.record import CertificatePoint, Item, Standard
from calibration.register import Register, RegisterError
from calibration.register.entering import Entered, begin, named, number, performed, placed, visits
from calibration.register.typed import from_csv
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import ANNA, CARL, GAUGE, register

RULES = procedure.read(PROCEDURE)
CSV = "run,nominal,direction,I,x\n" + "".join(
    f"as_found,{x},{way},{x + 0.2 + 0.01 * i:.3f},\n"
    for way in ("up", "down")
    for x in (0, 10, 15, 20, 30)
    for i in (0, 1)
)


def entered(made: Register, data: Entered | None = None, **changes: Any) -> Any:
    args = {"item": "sensor1", "standards": ["gauge"], **changes}
    text = args.pop("text", PROCEDURE)
    return performed(made, text, args["item"], args["standards"], data or from_csv(CSV, RULES), CARL)


def test_typed_readings_become_a_performed_record(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = entered(made)
    assert (done.id, done.state, done.history[-1].by) == ("K-2026-0001", "performed", CARL)
    assert made.record(done.id) == done
    assert (done.begin, done.laboratory) == ("2026-11-21T08:00:00Z", "Calibration laboratory")
    assert done.standards == [made.standard("gauge").standard]
    first = done.as_found.points[0]
    assert (first.nominal, [s.I for s in first.readings], first.readings[0].x) == ("0", ["0.200", "0.210"], "0")
    assert [p.check for p in done.as_found.points].count(True) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"item": "nobody"}, "no item 'nobody'"),
        ({"standards": ["nobody"]}, "no standard 'nobody'"),
        ({"standards": []}, "needs a standard"),
        ({"standards": ["late"]}, "was due on 2026-11-20"),
        ({"standards": ["short"]}, "certified from 0 to 20"),
        ({"standards": ["gone"]}, "gone is retired"),
        ({"item": "gone2"}, "gone2 is retired"),
        ({"text": "x = 1"}, "cannot be used"),
        ({"text": PROCEDURE + '[reference]\nclass = "F1"\n'}, "has no class"),
        ({"text": PROCEDURE + "[reference]\nmax_age_days = 100\n"}, "315 days before"),
    ],
)
def test_what_cannot_begin(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    made = register(tmp_path)
    made.add_standard(msgspec.structs.replace(GAUGE, id="late", due="2026-11-20"), ANNA)
    points = [CertificatePoint(x=x, U="0.01") for x in ("0", "20")]
    made.add_standard(Standard(id="short", date="2026-01-01", points=points), ANNA)
    made.add_standard(msgspec.structs.replace(GAUGE, id="gone"), ANNA)
    made.add_item(Item(id="gone2"), ANNA)
    for id_ in ("gone", "gone2"):
        made.retire(id_, "", ANNA)
    before = made.head
    with pytest.raises(RegisterError, match=says):
        entered(made, **changes)
    assert (made.head, made.records()) == (before, [])


def test_the_standard_is_judged_on_the_day_of_the_work(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_standard(msgspec.structs.replace(GAUGE, id="late", due="2026-11-20"), ANNA)
    begin(made, PROCEDURE, "sensor1", ["late"], "2026-11-20T10:00:00Z")
    data = from_csv(CSV, RULES)
    worked = Entered(data.points, about={"begin": "2026-11-19T10:00:00Z", "end": "2026-11-21T01:00:00Z"})
    with pytest.raises(RegisterError, match="was due on 2026-11-20"):
        entered(made, worked, standards=["late"])


def test_nothing_is_kept_of_what_computes_nothing(tmp_path: Path) -> None:
    made = register(tmp_path)
    text = PROCEDURE.replace("points]\nvalues", "points]\nvalues")
    few = from_csv("nominal,I\n0,0.1\n10,10.1\n", RULES)
    with pytest.raises(RegisterError, match="nothing can be computed"):
        entered(made, few, text=text)
    with pytest.raises(RegisterError, match="no reading"):
        entered(made, Entered({}))
    with pytest.raises(RegisterError, match="does not ask for colour"):
        entered(made, Entered(from_csv(CSV, RULES).points, answers={"colour": "red"}))
    for times, says in (
        ({"begin": "2026-11-22"}, "not been done yet"),
        ({"end": "2026-11-22"}, "not been done yet"),
        ({"begin": "2026-11-20", "end": "2026-11-19"}, "before it began"),
    ):
        with pytest.raises(RegisterError, match=says):
            entered(made, Entered(from_csv(CSV, RULES).points, about=times))
    with pytest.raises(RegisterError, match="makes no record"):
        entered(made, Entered(from_csv(CSV, RULES).points, about={"received": "yesterday"}))
    assert made.records() == []


def test_the_order_of_the_work() -> None:
    way = [(v.nominal, v.direction, v.check) for v in visits(RULES)]
    up = [("0", False), ("10", False), ("15", True), ("20", False), ("30", False)]
    assert way == [(n, "up", c) for n, c in up] + [(n, "down", c) for n, c in reversed(up)]
    down = msgspec.structs.replace(RULES, points=msgspec.structs.replace(RULES.points, order="down", series=2))
    assert [(v.nominal, v.series) for v in visits(down)][:6][-1] == ("30", 2)


def test_standards_for_some_points_each() -> None:
    words = [f"a@{x}" for x in (0, 10, 15, 20)] + ["b@30", "a@30"]
    ids, used = named(words, RULES)
    assert (ids, used["30"], used["0"]) == (["a", "b"], ["b", "a"], ["a"])
    data = placed(from_csv("nominal,I,standards\n30.0,30,\n10,10,c\n", RULES), used)
    assert [p.standards for p in data.points["as_found"]] == [["b", "a"], ["c"]]
    assert named(["a", "b"], RULES) == (["a", "b"], {})
    with pytest.raises(RegisterError, match="no standard is named for 10, 15, 20, 30: ID@10"):
        named(["a@0"], RULES)
    with pytest.raises(RegisterError, match="5 is no point of P-1"):
        named(["a@5"], RULES)


@pytest.mark.parametrize(
    ("typed", "kept"), [("1,50", "1.50"), (" 100.0000 ", "100.0000"), ("−0,1", "-0.1"), ("1e-7", "0.0000001")]
)
def test_typed_numbers_keep_their_digits(typed: str, kept: str) -> None:
    assert number(typed) == kept
