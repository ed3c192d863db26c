"""One HTTP connection to the database: a request, its answer, and what is wrong when there is none. Blocking."""

import http.client
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from broker.config import ConfigError
from logger.influx.config import InfluxConfig

_GZIP = 31
"""zlib's name for: with gzip's header, the largest window."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. ``retry_after`` is the header as it came."""

    status: int
    body: bytes = b""
    retry_after: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """The server's own words: its JSON's message, else its text; at most 500 characters."""
        try:
            told = msgspec.json.decode(self.body, type=_Told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.body.decode("utf-8", "replace").strip()[:500]
        return (told.message or told.error)[:500]


class _Told(msgspec.Struct):
    message: str = ""
    error: str = ""


class Unreachable(Exception):
    """No answer; one sentence that names the server."""


@dataclass(slots=True)
class Server:
    """Requests to ``config.url``, one at a time, over one connection that is kept. Raises Unreachable, ConfigError."""

    config: InfluxConfig
    _open: http.client.HTTPConnection | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def write(self, body: bytes) -> Answer:
        """Post line protocol (ns) to ``/api/v2/write``."""
        where = {"org": self.config.org, "bucket": self.config.bucket, "precision": "ns"}
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self.config.compress:
            deflate = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
            body = deflate.compress(body) + deflate.flush()
            headers["Content-Encoding"] = "gzip"
        return self.request("POST", "/api/v2/write", where, body, headers)

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; ``path`` is below the url's own path."""
        target = urlsplit(self.config.url).path.rstrip("/") + quote(path) + (f"?{urlencode(query)}" if query else "")
        token = self.config.secret()
        all_headers = dict(headers or {}) | ({"Authorization": f"Token {token}"} if token else {})
        try:
            return self._ask_again(method, target, body, all_headers)
        except (OSError, http.client.HTTPException) as e:
            self.close()
            raise Unreachable(f"{self.config.url} does not answer: {_reason(e)}") from e

    def _ask_again(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Servers close connections that were quiet: that is no trouble, and our requests may go twice."""
        kept = self._open is not None
        try:
            return self._ask(method, target, body, headers)
        except ConnectionError:  # http.client's RemoteDisconnected too
            self.close()
            if not kept:
                raise
        return self._ask(method, target, body, headers)

    def _ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = self._connection()
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read(), response.getheader("Retry-After", ""))

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is None:
            parts = urlsplit(self.config.url)
            host, port, timeout = parts.hostname or "", parts.port, self.config.timeout_s
            if parts.scheme == "https":
                self._open = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls())
            else:
                self._open = http.client.HTTPConnection(host, port, timeout=timeout)
        return self._open

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.config.ca_file or None)
        except OSError as e:
            raise ConfigError(f"influx.ca_file names {self.config.ca_file}, which cannot be used: {_reason(e)}") from e


def _reason(e: Exception) -> str:
    if isinstance(e, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({e.verify_message}); influx.ca_file names the authority's certificate"
    if isinstance(e, TimeoutError):
        return "no answer within influx.timeout_s"
    return (getattr(e, "strerror", None) or str(e) or type(e).__name__).rstrip(".")
