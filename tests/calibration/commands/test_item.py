import pytest

from tests.calibration.commands.bench import Lab


def test_an_item_comes_moves_and_goes(lab: Lab) -> None:
    lab("init")
    assert lab("item", "add", "pt3", "--maker", "Heraeus", "--serial", "4711", "--months", "6", by="anna") == 0
    assert lab("item", "install", "pt3", "oven1/temp", "--at", "2026-01-01", by="anna") == 0
    assert lab("item", "install", "pt3", "oven2/temp", "--at", "2026-02-01", by="anna") == 2
    assert "sits at oven1/temp" in lab.error
    assert lab("item", "install", "pt3", "oven2/temp", "--at", "2026-02-01", "--move", by="anna") == 0
    assert lab("item", "list") == 0
    assert "Heraeus  4711    oven2/temp  2026-02-01T00:00:00Z" in lab.said
    assert lab("item", "change", "pt3", "--serial", "4712", by="anna") == 0
    assert lab("item", "show", "pt3") == 0
    for line in (
        "serial     4712",
        "maker      Heraeus",
        "6 months",
        "oven1/temp from 2026-01-01T00:00:00Z to 2026-02-01",
    ):
        assert line in lab.said
    assert lab("item", "remove", "pt3", "--at", "2026-03-01", by="anna") == 0
    assert "void" in lab.said
    assert lab("item", "retire", "pt3", "--reason", "broken", by="anna") == 0
    assert lab.register().item("pt3").state == "retired"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("add", "a/b"), "not a valid name"),
        (("add", "a", "--resolution", "fine"), "--resolution is a number"),
        (("add", "a", "--resolution", "-1"), "not negative"),
        (("add", "a", "--months", "0"), "1 to 1200"),
        (("install", "a", "oven1"), "INSTRUMENT/CHANNEL"),
        (("install", "a", "oven1/x"), "neither an item nor a standard"),
        (("show", "a"), "no item 'a'"),
    ],
)
def test_what_cannot_be_is_one_sentence(lab: Lab, argv: tuple[str, ...], says: str) -> None:
    lab("init")
    assert lab("item", *argv, by="" if argv[0] == "show" else "anna") == 2
    assert says in lab.error
    assert lab.error.count("\n") == 1


def test_somebody_has_a_name(lab: Lab) -> None:
    lab("init")
    assert lab("item", "add", "a") == 2
    assert "--by NAME" in lab.error
