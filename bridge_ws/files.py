"""Exports and the ledger over HTTP: what is asked, and how it is answered."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from bridge_ws.answers import ApiError, reply
from bridge_ws.api import Api
from bridge_ws.download import Download, Running, Turns
from bridge_ws.past import NoHistory, Several
from bridge_ws.tokens import Identity
from broker.messages import MAX_TS_MS
from broker.topics import Topics
from logger import daybook
from logger.daybook import Daybook
from logger.export import ask as asking
from logger.export.ask import Ask, ExportError
from logger.export.core import begin
from logger.export.plan import NothingThere
from logger.store import History, HistoryError, listing

_FAR_US = MAX_TS_MS * 1000


@dataclass(frozen=True, slots=True)
class Time:
    """``from`` and ``to`` as they stand in the request: ms since the epoch, ``2h`` ago, or an ISO date and time."""

    begin: str = ""
    end: str = ""
    zone: str = "UTC"

    def of(self, text: str, now_us: int) -> int | None:
        """µs. Raises ApiError (422)."""
        if not text:
            return None
        try:
            found = int(text) * 1000 if text.isdecimal() else asking.instant(text, now_us, asking.zone(self.zone))
        except ExportError as e:
            raise ApiError(422, "invalid", str(e)) from e
        if not 0 <= found <= _FAR_US:
            raise ApiError(
                422, "invalid", f"{text!r} is not within 1970 and 2248; plain numbers are ms since the epoch"
            )
        return found


@dataclass(slots=True)
class Files:
    """What the routes do."""

    api: Api
    topics: Topics
    turns: Turns = field(default_factory=Turns)

    def _now_us(self) -> int:
        return self.api.now_ms() * 1000

    async def export(self, identity: Identity, request: Request, ask: Ask) -> Response:
        """Raises ApiError (404, 422, 503) and NoHistory."""
        if not self.turns.take():
            raise ApiError(503, "busy", "others are downloading: try again in a minute")
        with ExitStack() as stack:
            stack.callback(self.turns.give)
            running = await asyncio.to_thread(self._begin, ask)
            stack.pop_all()  # from here on it is the download's
        self.api.audit_download(identity, f"export {running.export.name}", request)
        return Download(running)

    def _begin(self, ask: Ask) -> Running:
        """Blocking."""
        with ExitStack() as stack:
            try:
                history = stack.enter_context(self.api.past.open(lambda h: concerns(h, ask)))
                running = Running(history, begin(history, ask, self.topics, self._now_us()), self.turns)
            except (ExportError, HistoryError, Several) as e:
                raise _told(e) from e
            stack.pop_all()
            return running

    async def ledger(self, instruments: list[str], time: Time, day: str) -> Response:
        """Raises ApiError (404, 422) and NoHistory."""
        now_us = self._now_us()
        span = _span(time, day, now_us)
        found = await self.api.past.each(lambda h: _accounts(h, self.topics, instruments, span, now_us))
        known = {account["instrument"] for accounts in found for account in accounts}
        if lost := [name for name in instruments if name not in known]:
            raise ApiError(404, "unknown_instrument", f"nothing is stored of {', '.join(lost)}")
        return reply([account for accounts in found for account in accounts])


def question(fields: dict[str, Any], time: Time, every: str, agg: str, now_us: int) -> Ask:
    """Raises ApiError (422)."""
    try:
        return Ask(
            **fields,
            from_us=time.of(time.begin, now_us),
            to_us=time.of(time.end, now_us),
            every_us=asking.step(every) if every else 0,
            aggregates=asking.aggregates(agg),
            zone=time.zone,
        )
    except ExportError as e:
        raise ApiError(422, "invalid", str(e)) from e


def concerns(history: History, ask: Ask) -> bool:
    """Whether a store, one of several, has samples of what is asked for."""
    run = listing.run(history, ask.run) if ask.run else None
    wanted = ask.instruments or (tuple(run.instruments) if run is not None else ()) or ("*",)
    names = [name for name in history.instruments() if any(fnmatchcase(name, p) for p in wanted)]
    return any(history.span(name) is not None for name in names)


def _told(e: ExportError | HistoryError | Several) -> Exception:
    """As the interface says it."""
    if isinstance(e, HistoryError):
        return NoHistory(str(e))
    return ApiError(404, "nothing_there", str(e)) if isinstance(e, NothingThere) else ApiError(422, "invalid", str(e))


def _span(time: Time, day: str, now_us: int) -> tuple[int, int]:
    """A day (today when nothing is said), or from … to. Raises ApiError (422)."""
    start, end = time.of(time.begin, now_us), time.of(time.end, now_us)
    if start is not None or end is not None:
        if day or (start or 0) >= (now_us if end is None else end):
            raise ApiError(422, "invalid", "give a day, or from before to")
        return start or 0, now_us if end is None else end
    zone = _zone(time.zone)
    try:
        when = date.fromisoformat(day) if day else datetime.fromtimestamp(now_us / 1e6, zone).date()
        return daybook.day_us(when, zone)
    except (ValueError, OverflowError) as e:
        raise ApiError(422, "invalid", f"day: {day!r} is no date like 2026-11-20") from e


def _zone(name: str) -> ZoneInfo:
    try:
        return asking.zone(name)
    except ExportError as e:
        raise ApiError(422, "invalid", f"tz: {e}") from e


def _accounts(
    history: History, topics: Topics, instruments: list[str], span: tuple[int, int], now_us: int
) -> list[dict[str, Any]]:
    known = history.instruments()
    book = Daybook(history, topics, now_us)
    return [daybook.as_json(book.account(name, *span)) for name in instruments or known if name in known]
