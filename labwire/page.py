"""Whether the page really works: asked over HTTP, as a browser would."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from typing import Any

TIMEOUT_S = 3.0


class NotReady(Exception):
    """The page did not work in time; the text says what was still missing."""


async def works(base: str, token: str, instruments: Collection[str], timeout_s: float) -> None:
    """Wait until the page at ``base`` is served and every instrument is online. Raises NotReady."""
    missing = "nothing was tried"
    try:
        async with asyncio.timeout(timeout_s):
            # Another process has no Event to wait for.
            while missing := await asyncio.to_thread(problem, base, token, instruments):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise NotReady(f"the page does not work after {timeout_s:g} s: {missing}") from None


def problem(base: str, token: str, instruments: Collection[str]) -> str:
    """What does not work yet at ``base``, "" when everything does. Blocking."""
    try:
        health = _json(f"{base}/healthz", "")
        if not health.get("ok"):
            return f"the bridge says {health}"
        if b"<html" not in _get(f"{base}/", "")[:2000].lower():
            return "there is no page at /"
        states = {item["instrument"]: item["state"] for item in _json(f"{base}/api/instruments", token)}
    except (OSError, ValueError) as e:  # also URLError, HTTPError, and JSON that is none
        return f"{base}: {e}"
    absent = [f"{name} is {states.get(name, 'unknown')}" for name in instruments if states.get(name) != "online"]
    return ", ".join(absent)


async def until(look: Callable[[], bool], every: float = 0.02) -> None:
    """Look until it is true. Whoever calls has another task that notices when it never will be."""
    while not look():  # noqa: ASYNC110 (what is looked at belongs to another process)
        await asyncio.sleep(every)


def _get(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310
    # Never through a proxy: it is this machine's own page.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_S) as answer:
        body: bytes = answer.read()
        return body


def _json(url: str, token: str) -> Any:
    return json.loads(_get(url, token))
