import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.record import (
    Person,
    Record,
    RecordError,
    advance,
    amend,
    issued,
    numeral,
    read,
    sha256,
    write,
)
from tests.calibration.example import raw, record

ANNA, BERT = Person(name="anna", authenticated=True), Person(name="bert", authenticated=True)


def test_what_was_written_is_read_again_digit_for_digit() -> None:
    made = record(item={"id": "b", "d": "0.0001000"})
    assert read(write(made)) == made
    assert b'"d":"0.0001000"' in write(made)
    assert write(read(write(made))) == write(made)


def test_the_hash_is_of_the_content_not_of_the_order() -> None:
    shuffled = dict(reversed(raw().items()))
    assert sha256(read(json.dumps(shuffled))) == sha256(record())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("item", "d"), 0.01),
        (("item", "d"), "1,5"),
        (("item", "d"), "nan"),
        (("as_found", "points", 0, "readings", 0, "I"), 5.0),
        (("as_found", "points", 0, "readings"), []),
        (("as_found", "points", 0, "standards"), ["other"]),
        (("standards", 0, "points"), [{"x": "1", "U": "1"}]),
        (("standards",), []),
        (("begin",), "yesterday"),
        (("replaces",), "0" * 64),
        (("rev",), 2),
        (("id",), "a/b"),
        (("colour",), "red"),
    ],
)
def test_what_is_no_record_is_refused(path: tuple[Any, ...], value: Any) -> None:
    data: Any = raw()
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(RecordError, match="this is not a record"):
        read(json.dumps(data))


def test_an_amendment_is_a_new_revision_that_names_the_old() -> None:
    old = record()
    before = write(old)
    new = amend(old, ANNA, "serial was wrong", deviations=["none"])
    assert write(old) == before
    assert (new.rev, new.replaces, new.state) == (2, sha256(old), "draft")
    assert new.history[-1].reason == "serial was wrong"
    again = amend(new, ANNA, "once more")
    assert (again.rev, again.replaces) == (3, sha256(new))


@pytest.mark.parametrize(
    "changes", [{"id": "X"}, {"rev": 7}, {"replaces": ""}, {"state": "released"}, {"colour": "red"}]
)
def test_an_amendment_cannot_touch_identity(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        amend(record(), ANNA, "why not", **changes)
    with pytest.raises(RecordError, match="says why"):
        amend(record(), ANNA, " ")


def released(by: Person = BERT, *, apart: bool = True) -> Record:
    done = advance(advance(record(), "performed", ANNA), "reviewed", BERT)
    return advance(done, "released", by, apart=apart)


def test_the_life_of_a_record() -> None:
    done = released()
    assert [change.state for change in done.history] == ["performed", "reviewed", "released"]
    assert advance(done, "superseded", BERT).state == "superseded"
    with pytest.raises(RecordError, match="cannot become performed"):
        advance(done, "performed", ANNA)
    with pytest.raises(RecordError, match="cannot become released"):
        advance(record(), "released", ANNA)
    with pytest.raises(RecordError, match="says why"):
        advance(done, "withdrawn", BERT)


def test_its_hash_stays_what_its_documents_carry() -> None:
    done = released()
    filed = msgspec.structs.replace(done, files={"certificate": "0" * 64})
    later = advance(filed, "superseded", ANNA)
    assert issued(later) == issued(filed) == done
    assert sha256(later) == sha256(done) == hashlib.sha256(write(done)).hexdigest()
    assert amend(later, ANNA, "serial").replaces == sha256(done)
    again = amend(later, ANNA, "serial")
    assert issued(again) == again
    reviewed = advance(advance(record(), "performed", ANNA), "reviewed", BERT)
    assert sha256(reviewed) != sha256(done)


def test_who_may_release() -> None:
    with pytest.raises(RecordError, match="not authenticated"):
        released(Person(name="carl"))
    with pytest.raises(RecordError, match="may not release"):
        released(ANNA)
    assert released(ANNA, apart=False).state == "released"


@pytest.mark.parametrize(
    ("value", "kept"), [("100.0000", "100.0000"), ("1E-7", "0.0000001"), (5, "5"), ("-0.10", "-0.10")]
)
def test_readings_keep_their_digits(value: str, kept: str) -> None:
    assert numeral(value) == kept


@pytest.mark.parametrize("value", ["nan", "Infinity", "five", "1_0", "٣", "1e90", "1e999999999999"])
def test_no_reading(value: str) -> None:
    with pytest.raises(RecordError):
        numeral(value)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        read(data)
