"""The tokens file on disk."""

from pathlib import Path

import pytest

from bridge_ws import tokenfile, tokens
from bridge_ws.tokenfile import TokenFile
from bridge_ws.tokens import TokensError
from tests.bridge_ws.bench import TOKENS


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tokenfile.write(tmp_path / "t", TOKENS)

    assert tokenfile.read(tmp_path / "t") == TOKENS
    assert [p.name for p in tmp_path.iterdir()] == ["t"]


def test_no_file_is_no_tokens(tmp_path: Path) -> None:
    assert tokenfile.read(tmp_path / "t") == []
    assert TokenFile(None).tokens() == []


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"\xff")
    with pytest.raises(TokensError, match="t cannot be read"):
        tokenfile.read(tmp_path / "t")
    with pytest.raises(TokensError, match="cannot be read"):
        tokenfile.read(tmp_path)


def test_the_last_good_tokens_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "t"
    tokenfile.write(path, TOKENS)
    file = TokenFile(path)
    assert file.tokens() == TOKENS
    path.write_text("[[token]")
    assert file.tokens() == TOKENS
    assert file.tokens() == TOKENS
    assert len(caplog.records) == 1  # said once, not with every request
    path.write_text(tokens.render(TOKENS[:1]))
    assert file.tokens() == TOKENS[:1]
