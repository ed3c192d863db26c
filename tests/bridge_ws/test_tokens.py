"""Tokens: only hashes are kept, every mistake in the file is named."""

import pytest

from bridge_ws.tokens import Failures, Identity, Token, TokensError, digest, find, make, parse, render
from broker.topics import TopicError

SECRET, ENTRY = make("anna", "operator", lambda n: "x" * n)


def test_what_is_written_is_read() -> None:
    entries = [ENTRY, Token("bert", "viewer", digest("other"))]

    assert parse(render(entries), "f") == entries
    assert SECRET not in render(entries)


def test_a_token_names_its_owner() -> None:
    entries = parse(render([ENTRY]), "f")

    assert find(SECRET, entries) == Identity("anna", "operator")
    assert find(SECRET + "x", entries) is None
    assert find("", entries) is None
    assert find("täst\ud800", entries) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[token]\n", "f: "),
        ('[[token]]\nname = "a"\nrole = "king"\nsha256 = ""\n', "king"),
        ('[[token]]\nname = "a"\nrole = "viewer"\nsha256 = "abc"\n', "64 hexadecimal"),
        ('[[token]]\nname = "A b"\nrole = "viewer"\nsha256 = "abc"\n', "token name"),
        ('[[token]]\nname = "a"\nrole = "viewer"\n', "sha256"),
        ('[[token]]\nname = "a"\nrole = "viewer"\nsecret = "x"\n', "secret"),
        (render([ENTRY, ENTRY]), "anna stands there more than once"),
    ],
)
def test_mistakes_are_named(text: str, said: str) -> None:
    with pytest.raises(TokensError, match=said):
        parse(text, "f")


def test_a_name_must_fit_a_topic() -> None:
    with pytest.raises(TopicError):
        make("Anna Müller", "viewer", lambda n: "x")


def test_roles() -> None:
    assert Identity("a", "operator").may("viewer")
    assert not Identity("a", "viewer").may("operator")


def test_wrong_tokens_are_counted_per_address_and_minute() -> None:
    failures = Failures(most=3, seconds=60, addresses=2)
    for t in (0, 1, 2):
        assert not failures.too_many("x", t)
        failures.add("x", t)

    assert failures.too_many("x", 59_999)
    assert not failures.too_many("x", 60_000)
    assert not failures.too_many("y", 5)
    failures.add("y", 5)
    failures.add("z", 5)
    assert not failures.too_many("x", 5)  # the table is bounded
