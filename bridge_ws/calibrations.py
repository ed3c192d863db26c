"""The register of calibrations, asked and written in threads; drafts are drawn in a process of their own."""

import asyncio
import hmac
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bridge_ws import calibration_views as views
from calibration.compute import RunResult, compute
from calibration.exact import CalculationError
from calibration.record import Person, Record, sha256
from calibration.register import KINDS, Kind, Register, RegisterError
from calibration.register.life import advance
from calibration.register.release import release

T = TypeVar("T")
Json = dict[str, Any]

AT_A_TIME = 2
MOST_KEPT = 500


class NoRegister(Exception):
    """There is no register here; the text says what to configure."""


class Calibrations:
    """One lab's register for the HTTP interface. Every method answers from a thread.

    Raises NoRegister, and RegisterError for what the register refuses.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._turn = asyncio.Semaphore(AT_A_TIME)
        self._verdicts: dict[str, bool | None] = {}

    async def ask(self, question: Callable[[Register], T]) -> T:
        """Answer ``question`` in a thread."""
        async with self._turn:
            return await asyncio.to_thread(lambda: question(self._open()))

    def _open(self) -> Register:
        if self._folder is None:
            raise NoRegister("this bridge knows no register of calibrations: calibration_dir is not configured")
        return Register.open(self._folder)

    # --- what is ---

    async def all(self) -> list[Json]:
        """All records in their latest revision, the newest work first."""
        return await self.ask(self._all)

    def _all(self, register: Register) -> list[Json]:
        records = sorted(register.records(), key=lambda r: r.begin, reverse=True)
        return [self._summary(register, record) for record in records]

    def _summary(self, register: Register, record: Record) -> Json:
        try:
            rules, _ = register.procedure(record.procedure.sha256)
        except RegisterError:
            return views.summary(record, None, None, _documents(register, record))
        return views.summary(record, rules, self._passed(register, record), _documents(register, record))

    def _passed(self, register: Register, record: Record) -> bool | None:
        """The verdict as left; computed once for each content of a record."""
        key = sha256(record)
        if key not in self._verdicts:
            results, _ = computed(register, record)
            self._verdicts[key] = list(results.values())[-1].passed if results else None
            while len(self._verdicts) > MOST_KEPT:
                del self._verdicts[next(iter(self._verdicts))]
        return self._verdicts[key]

    async def detail(self, id: str, rev: int | None) -> Json:  # noqa: A002 - the register's own word
        return await self.ask(lambda register: _detail(register, id, rev))

    async def document(self, id: str, rev: int | None, kind: Kind, language: str) -> tuple[bytes, str, bool]:  # noqa: A002
        """The bytes, a file name, and whether it is the kept one of a release (else it was drawn now)."""
        kept, record = await self.ask(lambda register: _kept(register, id, rev, kind))
        name = f"{record.id}-r{record.rev}-{kind}"
        if kept is not None:
            return kept, name, True
        drawn_ = await self.ask(lambda register: _draw(register.folder, record, kind, language))
        return drawn_, f"{name}-draft", False

    # --- what an operator does ---

    async def step(self, id: str, state: str, by: str, reason: str) -> Json:  # noqa: A002
        """Review, send back, withdraw or release the latest revision."""
        return await self.ask(lambda register: self._step(register, id, state, by, reason))

    def _step(self, register: Register, id_: str, state: str, by: str, reason: str) -> Json:
        person = Person(name=by, authenticated=True)
        if state == "released":
            return self._summary(register, release(register, id_, person))
        return self._summary(register, advance(register, id_, state, person, reason))  # type: ignore[arg-type]


def computed(register: Register, record: Record) -> tuple[dict[str, RunResult] | None, str]:
    """The results, or why there are none."""
    try:
        rules, _ = register.procedure(record.procedure.sha256)
        return compute(record, rules), ""
    except (CalculationError, RegisterError) as e:
        return None, str(e)


def _detail(register: Register, id_: str, rev: int | None) -> Json:
    record = register.record(id_, rev)
    rules, _ = register.procedure(record.procedure.sha256)
    results, problem = computed(register, record)
    chained = [e for e in register.entries() if e.id == record.id]
    more = {
        "sha256": sha256(record),
        "documents": _documents(register, record),
        "chain": [{"t": e.t, "event": e.event, "rev": e.rev, "hash": e.hash} for e in chained],
    }
    return views.detail(record, rules, results, problem) | more


def issued(register: Register, id_: str, sha: str) -> Json:
    """The revision that was issued with a hash that begins with ``sha``, and which is the newest now."""
    found = [r for r in _issued(register, id_) if hmac.compare_digest(sha256(r)[: len(sha)], sha)]
    if not found:
        return {"known": False}
    newest = max(r.rev for r in _issued(register, id_))
    record = found[0]
    released = next(c.by.at for c in record.history if c.state == "released")
    about = {"id": record.id, "rev": record.rev, "state": record.state, "issued": released, "item": record.item.id}
    return {"known": True, "newest": newest, **about}


def _issued(register: Register, id_: str) -> list[Record]:
    """Every revision of a record that was ever released; none for a number nobody knows."""
    try:
        latest = register.record(id_)
        found = [latest, *(register.record(id_, rev) for rev in range(1, latest.rev))]
    except RegisterError:
        return []
    return [record for record in found if any(c.state == "released" for c in record.history)]


def _documents(register: Register, record: Record) -> list[str]:
    return [kind for kind in KINDS if register.document(record.id, record.rev, kind) is not None]


def _kept(register: Register, id_: str, rev: int | None, kind: Kind) -> tuple[bytes | None, Record]:
    record = register.record(id_, rev)
    path = register.document(record.id, record.rev, kind)
    return (path.read_bytes() if path is not None else None), record


def _draw(folder: Path, record: Record, kind: Kind, language: str) -> bytes:
    """In a process: drawing holds the interpreter for some tenths of a second, and live values must not wait."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(drawn, folder, record.id, record.rev, kind, language).result()


def drawn(folder: Path, id_: str, rev: int, kind: Kind, language: str) -> bytes:
    """One document of a record that is not released. Raises RegisterError."""
    from calibration.register.rendering import rendered

    register = Register.open(folder)
    record = register.record(id_, rev)
    _, text = register.procedure(record.procedure.sha256)
    own = msgspec.structs.replace(register.lab, language=language)
    return rendered(record, text, own, register.head, b"", ())[kind]
