"""Stored samples from the logger's store, over the bridge's export: FROM..TO of the instruments of a run."""

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT_S = 60.0
BETWEEN = ".."


class FetchError(Exception):
    """Samples that cannot be had; one sentence."""


def is_span(text: str) -> bool:
    """Whether it is FROM..TO, not a file."""
    return BETWEEN in text and not Path(text).exists()


def fetch(instrument: str, span: str, file: Path, env: Mapping[str, str] = os.environ) -> None:
    """Write the samples of ``instrument`` in ``span`` as CSV. LABWIRE_URL says where the bridge is, LABWIRE_TOKEN or
    LABWIRE_TOKEN_FILE hold the token. Raises FetchError."""
    begin, _, end = span.partition(BETWEEN)
    base = env.get("LABWIRE_URL", DEFAULT_URL).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise FetchError(f"LABWIRE_URL is {base!r}, an address such as {DEFAULT_URL} was expected")
    query = urlencode({"instrument": instrument, "from": begin, "to": end, "format": "csv"})
    request = urllib.request.Request(f"{base}/api/export?{query}", headers=headers(env))  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response, file.open("wb") as out:  # noqa: S310
            while data := response.read(1 << 16):
                out.write(data)
    except urllib.error.HTTPError as e:
        with e:
            said = e.read(500).decode(errors="replace")
        raise FetchError(f"the bridge at {base} answered {e.code}: {said}") from e
    except OSError as e:
        raise FetchError(f"the bridge at {base} cannot be reached: {getattr(e, 'reason', None) or e}") from e


def headers(env: Mapping[str, str]) -> dict[str, str]:
    """The token, where there is one. Raises FetchError."""
    token = env.get("LABWIRE_TOKEN", "")
    if not token and env.get("LABWIRE_TOKEN_FILE"):
        try:
            token = Path(env["LABWIRE_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            raise FetchError(f"LABWIRE_TOKEN_FILE names {env['LABWIRE_TOKEN_FILE']}, which cannot be read") from e
    return {"Authorization": f"Bearer {token}"} if token else {}
