"""The gate: tokens and origins."""

import os
from pathlib import Path

import pytest

from bridge_ws import tokens
from bridge_ws.gate import Denied, Gate
from bridge_ws.tokenfile import TokenFile
from bridge_ws.tokens import ANONYMOUS, Identity
from tests.bridge_ws.bench import OPERATOR, TOKENS


def gate(path: Path | None, *, anonymous: bool = False, origins: tuple[str, ...] = ()) -> Gate:
    return Gate(TokenFile(path), anonymous=anonymous, origins=list(origins), clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "lab:8000", True),
        ("http://lab:8000", "lab:8000", True),
        ("https://LAB:8000", "lab:8000", True),
        ("http://lab:8001", "lab:8000", False),
        ("http://evil", "lab:8000", False),
        ("null", "lab:8000", False),
        ("", "", False),
        ("http://lab:8000", None, False),
        ("https://front.example", "lab:8000", True),
        ("http://[", "lab:8000", False),
    ],
)
def test_origins(origin: str | None, host: str | None, allowed: bool) -> None:
    assert gate(None, origins=("https://front.example/",)).origin_allowed(origin, host) is allowed


def test_a_token_that_is_too_long_is_not_even_hashed() -> None:
    with pytest.raises(Denied) as caught:
        gate(None).enter("x" * 10_000_000, "a")
    assert caught.value.code == "bad_token"


def test_nobody_and_anybody() -> None:
    with pytest.raises(Denied):
        gate(None).enter(None, "a")
    assert gate(None, anonymous=True).enter("", "a") == ANONYMOUS


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    g = gate(path)
    with pytest.raises(Denied):
        g.enter(OPERATOR, "a")
    path.write_text(tokens.render(TOKENS))
    olga = g.enter(OPERATOR, "a")
    assert olga == Identity("olga", "operator")
    assert g.still(olga)
    path.write_text("not toml [")
    assert g.still(olga)  # a slip of the editor locks nobody out
    demoted = tokens.Token("olga", "viewer", tokens.digest(OPERATOR))
    path.write_text(tokens.render([demoted]))
    assert not g.still(olga)
    os.unlink(path)
    assert not g.still(Identity("olga", "viewer"))
