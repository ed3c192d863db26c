"""Whether InfluxDB answers, takes the token and has the bucket. Reads only."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from broker.config import ConfigError
from labwire.doctor.finding import Finding
from logger.influx.config import InfluxConfig
from logger.influx.server import Server, Unreachable

TIMEOUT_S = 4.0
REFUSED = (401, 403)
NOT_FOUND = 404


def check_influx(path: Path, config: InfluxConfig) -> Iterator[Finding]:
    """Ask for the bucket with the token, once."""
    quick = msgspec.structs.replace(config, timeout_s=min(config.timeout_s, TIMEOUT_S))
    try:
        with Server(quick) as server:
            answer = server.request("GET", "/api/v2/buckets", {"org": config.org, "name": config.bucket})
    except Unreachable as e:
        yield _error(
            "influx-unreachable", path, str(e), "Start InfluxDB or correct influx.url; the store keeps all meanwhile."
        )
        return
    except ConfigError as e:
        yield _error("influx-token", path, str(e), f"Put InfluxDB's token there ({config.token_key}).")
        return
    if answer.status in REFUSED:
        text = f"{config.url} does not accept the token: {answer.message or answer.status}"
        remedy = f"Make one that may read and write the bucket {config.bucket}, and put it into {config.token_key}."
        yield _error("influx-token", path, text, remedy)
    elif answer.status == NOT_FOUND and "not found" in answer.message:  # others of its kind have no such question
        text = f"{config.url} has no bucket {config.bucket} in {config.org}, or the token may not see it"
        yield _error("influx-bucket", path, text, f"Make it: labwire logger init-influx -c {path}")


def _error(check: str, path: Path, text: str, remedy: str) -> Finding:
    return Finding("error", check, str(path), text, remedy)
