import json

import pytest

from tests.calibration.commands.bench import Lab


def test_the_next_revision(lab: Lab) -> None:
    id_ = lab.furnished().released()
    changes = lab.file(
        "c.json", json.dumps({"deviations": ["none"], "due": {"date": "2027-01-01", "agreed_by": "Lab"}})
    )
    given = ("--set", "item.serial=4712", "--set", "item.maker=X=Y", "--set", "customer=Lab 2", "--changes", changes)
    assert lab("amend", id_, "--reason", "serial", *given, by="anna") == 0
    new, old = lab.register().record(id_), lab.register().record(id_, 1)
    assert (new.rev, new.item.serial, new.item.maker, new.customer) == (2, "4712", "X=Y", "Lab 2")
    assert (new.deviations, new.due is not None, old.item.serial, old.state) == (["none"], True, "4711", "released")
    assert new.as_found == old.as_found


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--reason", "x", "--set", "customer"), "is not KEY=TEXT"),
        (("--reason", "x", "--set", "state=released"), "is not KEY=TEXT"),
        (("--reason", " "), "says why"),
        (("--reason", "x", "--set", "item.colour=red"), "cannot be used"),
        (("--reason", "x", "--changes", "state.json"), "cannot set state"),
        (("--reason", "x", "--changes", "colour.json"), "no colour"),
        (("--reason", "x", "--changes", "list.json"), "no keys"),
        (("--reason", "x", "--changes", "bent.json"), "bent.json"),
    ],
)
def test_what_cannot_be_is_one_sentence(lab: Lab, argv: tuple[str, ...], says: str) -> None:
    id_ = lab.furnished().released()
    for name, text in (("state", '{"state": "released"}'), ("colour", '{"colour": 1}'), ("list", "[]"), ("bent", "{")):
        lab.file(f"{name}.json", text)
    argv = tuple(str(lab.folder / part) if part.endswith(".json") else part for part in argv)
    assert lab("amend", id_, *argv, by="anna") == 2
    assert says in lab.error
    assert lab.error.count("\n") == 1
    assert lab.register().record(id_).rev == 1
