"""The tokens file on disk: read again when it changes, written so that it is never half there."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from bridge_ws import tokens
from bridge_ws.tokens import Token, TokensError

log = logging.getLogger("bridge_ws.tokenfile")


def read(path: Path) -> list[Token]:
    """The tokens of ``path``; none when it is not there. Raises TokensError."""
    try:
        return tokens.parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as e:
        raise TokensError(f"{path} cannot be read: {getattr(e, 'strerror', None) or e}") from e


def write(path: Path, entries: Sequence[Token]) -> None:
    """Replace ``path``, readable by its owner only. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(tokens.render(entries))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class TokenFile:
    """The present tokens. A file that became unreadable or wrong leaves the last good ones in force."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: list[Token] = []

    def tokens(self) -> list[Token]:
        """Look whether the file changed, and return what it says."""
        stamp = self._look()
        if self._path is not None and stamp != self._stamp:
            self._stamp = stamp
            try:
                self._tokens = read(self._path)
            except TokensError as e:
                log.error("the last good tokens stay in force: %s", e)
        return self._tokens

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat() if self._path is not None else None
        except OSError:
            return None
        return stat and (stat.st_mtime_ns, stat.st_size, stat.st_ino)
