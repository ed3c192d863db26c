import random

import pytest

from edge.simulators.kinds import I2C, KINDS, Wanted, make_device, parse_word


@pytest.mark.parametrize(("word", "wanted"), [
    ("mt-sics", Wanted("mt-sics", "balance1")), ("namur:s2", Wanted("namur", "s2")),
    ("counter:i0@250", Wanted("counter", "i0", 250.0)), ("vibration@1000", Wanted("vibration", "vib1", 1000.0)),
])  # fmt: skip
def test_words(word: str, wanted: Wanted) -> None:
    assert parse_word(word) == wanted


@pytest.mark.parametrize("word", ["", "balance", "mt-sics:", "mt-sics:a/b", "mt-sics@5", "counter:i0@", "counter:../x"])
def test_what_is_no_word(word: str) -> None:
    with pytest.raises(ValueError, match=r"expected as kind|have a rate"):
        parse_word(word)


def test_every_kind_can_be_made() -> None:
    for kind in set(KINDS) - {I2C}:
        make_device(parse_word(kind), random.Random(1))  # noqa: S311
