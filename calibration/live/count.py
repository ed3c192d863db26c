"""How many values of a channel are stored in a time, asked of the bridge: what a failed calibration makes doubtful."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from calibration.live.fetch import DEFAULT_URL, TIMEOUT_S, FetchError, headers
from calibration.register.impact import Count

POINTS = 50


def counting(env: Mapping[str, str] = os.environ) -> Count | None:
    """A question to the bridge of LABWIRE_URL; None where nobody said which, nor with what token.

    The question raises FetchError.
    """
    if not any(env.get(key) for key in ("LABWIRE_URL", "LABWIRE_TOKEN", "LABWIRE_TOKEN_FILE")):
        return None

    def count(instrument: str, channel: str, begin: str, end: str) -> int:
        series = _asked(env, {"instrument": instrument, "channel": channel, "from": _ms(begin), "to": _ms(end)})
        return sum(series.get(channel, {}).get("n", []))

    return count


def _asked(env: Mapping[str, str], query: Mapping[str, str | int]) -> dict[str, dict[str, list[int]]]:
    """The history in a few buckets. Raises FetchError."""
    base = env.get("LABWIRE_URL", DEFAULT_URL).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise FetchError(f"LABWIRE_URL is {base!r}, an address such as {DEFAULT_URL} was expected")
    address = f"{base}/api/history?{urlencode({**query, 'points': POINTS})}"
    request = urllib.request.Request(address, headers=headers(env))  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            found: dict[str, dict[str, list[int]]] = json.load(response)["series"]
    except urllib.error.HTTPError as e:
        with e:
            said = e.read(500).decode(errors="replace")
        raise FetchError(f"the bridge at {base} answered {e.code}: {said}") from e
    except (OSError, ValueError, KeyError) as e:
        raise FetchError(f"the bridge at {base} cannot be asked: {getattr(e, 'reason', None) or e}") from e
    return found


def _ms(stamp: str) -> int:
    """A stamp of the register; "" is the beginning of all."""
    if not stamp:
        return 0
    moment = datetime.fromisoformat(stamp)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
