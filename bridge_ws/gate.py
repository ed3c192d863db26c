"""Who comes in: the one place where a token is looked at."""

import logging
from urllib.parse import urlsplit

from bridge_ws import tokens
from bridge_ws.tokenfile import TokenFile
from bridge_ws.tokens import ANONYMOUS, Failures, Identity
from broker.runtime import Clock

log = logging.getLogger("bridge_ws.gate")

MOST_TOKEN = 200


class Denied(Exception):
    """Not let in; ``code`` for programs, the text for people. ``quiet``: it was said often enough."""

    def __init__(self, code: str, text: str, quiet: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.quiet = quiet


class Gate:
    """Checks tokens and origins."""

    def __init__(self, file: TokenFile, *, anonymous: bool, origins: list[str], clock: Clock) -> None:
        self._file = file
        self._anonymous = anonymous
        self._origins = {o.rstrip("/") for o in origins}
        self._failures = Failures()
        self._clock = clock

    def enter(self, secret: str | None, address: str) -> Identity:
        """Whose token ``secret`` is. Raises Denied."""
        if not secret:
            if self._anonymous:
                return ANONYMOUS
            raise Denied("no_token", "this needs a token: ask whoever runs the bridge (`labwire bridge token add`)")
        identity = tokens.find(secret, self._file.tokens()) if len(secret) <= MOST_TOKEN else None
        if identity is not None:
            return identity
        now = self._clock() * 1000
        quiet = self._failures.too_many(address, now)
        self._failures.add(address, now)
        if quiet:
            raise Denied("too_many_tries", "too many wrong tokens from this address: wait a minute", quiet=True)
        log.warning("a wrong token from %s", address)
        raise Denied("bad_token", "this token is not known here: it may have been removed")

    def still(self, identity: Identity) -> bool:
        """Whether ``identity`` may still do what it was let in for."""
        if identity == ANONYMOUS:
            return self._anonymous
        return any((t.name, t.role) == (identity.name, identity.role) for t in self._file.tokens())

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a page from ``origin`` may open a WebSocket here: ours, or a configured one. Programs name none."""
        if origin is None or origin.rstrip("/") in self._origins:
            return True
        try:
            place = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return bool(place) and host is not None and place == host.lower()
