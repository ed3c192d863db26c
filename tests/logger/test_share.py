from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logger.share import Share, overlap, shared


def test_a_share_is_what_its_patterns_say() -> None:
    kilns = Share(("kiln*", "!kiln9", "oven[12]"))
    assert [n for n in ("kiln1", "kiln9", "kiln99", "oven2", "oven3") if kilns.has(n)] == ["kiln1", "kiln99", "oven2"]
    rest = Share(("!kiln*",))
    assert (rest.has("kiln1"), rest.has("oven1")) == (False, True)
    assert Share().has("anything")


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        (("*",), ("*",), "a"),
        (("kiln*",), ("oven*",), None),
        (("kiln*",), ("*9",), "kiln9"),
        (("kiln*", "!kiln9"), ("kiln9",), None),
        (("kiln*",), ("!kiln*",), None),
        (("kiln?",), ("kiln[0-9]",), "kiln0"),
        (("kiln?",), ("kiln??",), None),
        (("a*b",), ("*-*",), "a-b"),
        (("*", "!*"), ("*",), None),
        (("KILN",), ("*",), None),
        (("-*",), ("*",), None),
        (("kiln[!0-9]",), ("kiln*", "!kiln[a-z]"), "kiln-"),
    ],
)
def test_overlap(a: tuple[str, ...], b: tuple[str, ...], both: str | None) -> None:
    assert overlap(Share(a), Share(b)) == both
    assert (overlap(Share(b), Share(a)) is None) is (both is None)


words = st.text("ab*?", max_size=4)
lists = st.lists(words | words.map("!".__add__), min_size=1, max_size=3).map(tuple)


@given(lists, lists)
def test_it_is_the_shortest_name_both_match(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    one, two = Share(a), Share(b)
    found = overlap(one, two)
    names = ["".join(n) for size in range(1, 5) for n in product("abz", repeat=size)]
    known = [n for n in names if one.has(n) and two.has(n)]
    if found is None:
        assert known == []
    else:
        assert one.has(found)
        assert two.has(found)
        assert all(len(n) >= len(found) for n in known)


@given(st.text("ab*?[]!-", max_size=6), st.text("ab-", min_size=1, max_size=4))
def test_tokens_mean_what_the_shell_pattern_does(pattern: str, name: str) -> None:
    alone = overlap(Share((pattern.lstrip("!") or "a",)), Share((name,)))
    if fnmatchcase(name, pattern.lstrip("!") or "a") and not name.startswith("-"):
        assert alone == name


def test_of_the_instruments_known() -> None:
    assert shared(Share(("a*",)), Share(("*1",)), ["a1", "a2", "b1"]) == ["a1"]
