"""The table ``[influx]`` of ``logger.toml``: where the projection goes."""

import os
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from broker.config import ConfigError, read_secret

_LOOPBACK = ("localhost", "::1")


class InfluxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``token``, ``token_file`` or ``token_env`` (the name of an environment variable): one of them. ``gzip`` unset:
    yes, except to this machine. ``keep_*_days`` are for ``init-influx``; 0 keeps for ever."""

    url: str
    org: str = "labwire"
    bucket: str = "labwire"
    token: str = ""
    token_file: str = ""
    token_env: str = ""
    ca_file: str = ""
    gzip: bool | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    linger_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 1000
    keep_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0
    keep_1m_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0
    keep_1h_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url is {self.url!r}, http://host:port or https://host:port was expected")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("url may only name the server; secrets stand in token_file")
        if self.ca_file and parts.scheme != "https":
            raise ValueError("ca_file is set and url is not https: the connection would not be encrypted")
        if sum(map(bool, (self.token, self.token_file, self.token_env))) > 1:
            raise ValueError("token, token_file and token_env: only one of them can be meant")
        if not self.bucket:
            raise ValueError("bucket is empty")

    def secret(self, env: Mapping[str, str] = os.environ) -> str:
        """The token; "" when none is named (a VictoriaMetrics without access control). Raises ConfigError."""
        if self.token_file:
            return read_secret(self.token_file, "influx.token_file")
        if self.token_env:
            found = env.get(self.token_env, "").strip()
            if not found:
                raise ConfigError(f"influx.token_env names the environment variable {self.token_env}, which is not set")
            return found
        return self.token

    @property
    def compress(self) -> bool:
        host = urlsplit(self.url).hostname or ""
        return not (host in _LOOPBACK or host.startswith("127.")) if self.gzip is None else self.gzip

    @property
    def token_key(self) -> str:
        """The key of ``logger.toml`` that a person looks at when the token is refused."""
        for key in ("token_file", "token_env"):
            if getattr(self, key):
                return f"influx.{key} ({getattr(self, key)})"
        return "influx.token"
