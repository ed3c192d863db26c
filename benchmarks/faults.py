"""Faults drawn at random against the whole laboratory: what is missing, what is double, what was reported lost.

    python -m benchmarks.faults --rounds 40 --seed 7

Real processes: simulated counters, edge, Mosquitto, logger, InfluxDB; a proxy on the edge's link and one on the
logger's. The counters' own journal is compared with an export of the store, and the store with InfluxDB. Exit code 1
when a number is missing that nobody reported, when one is there twice, or when a command ran twice or has not exactly
one end in the log. What is not possible here (no influxd, no libfaketime, no disk to mount) is said and left out.
"""

import argparse
import asyncio
import math
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks._campaign import POLLED, RATES, Campaign
from benchmarks._influxdb import Database, database, set_aside
from benchmarks._kinds import FAULTS, draw, possible
from benchmarks._machine import NO_FAKETIME, NO_TMPFS, clock, small_disk, tidy_clocks
from benchmarks._verdict import IN_HAND, Copy, Row, Verdict, compare_copy, ends, judge
from broker.messages import TERMINAL, Reply
from logger.ledger import BEFORE, GONE, OVERFLOW
from tests.support.broker import TestBroker
from tests.support.influx import NO_INFLUXD, influxd_path
from tests.support.proxy import Proxy
from tests.system.lab import laboratory

LOST = {OVERFLOW}
FREED = {BEFORE, GONE}
"""Freed by a spool that needed the room, as stored; then the logger's database went back to before that."""
SETTLE_S = 240.0


@dataclass(slots=True)
class Outcome:
    """Of a whole campaign."""

    rounds: int
    verdicts: list[Verdict] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    republished: int = 0
    restored: bool = False
    settled_s: float = 0.0

    @property
    def good(self) -> bool:
        judged: list[Verdict | Copy] = [*self.verdicts, *self.copies]
        if self.problems or not all(v.good for v in judged):
            return False
        return {reason for v in self.verdicts for reason in v.reported} <= (FREED | LOST if self.restored else LOST)


@asynccontextmanager
async def campaign(
    folder: Path, rng: random.Random, *, influx: bool, disk: bool = True, pace: float = 1.0
) -> AsyncIterator[Campaign]:
    """A laboratory in ``folder`` that runs and is ready for faults; ``disk``: with a small one, where that may be."""
    broker = TestBroker(folder / "mosquitto")
    broker.prepare()
    await broker.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(broker.stop)
        stack.callback(tidy_clocks)
        small = stack.enter_context(small_disk(folder / "logger")) if disk else None
        base = await stack.enter_async_context(database(folder / "influxd")) if influx else None
        link = await stack.enter_async_context(Proxy(broker.port))
        lab = await stack.enter_async_context(laboratory(folder, broker))
        clocks = {name: found for name in ("edge", "logger") if (found := clock(folder, name))}
        made = Campaign(lab, link, rng, clocks, small, base, pace)
        await made.start()
        yield made


def left_out(made: Campaign) -> list[str]:
    """What is not possible here, and why."""
    parts = ((made.clocks, NO_FAKETIME), (made.disk, NO_TMPFS), (made.database, NO_INFLUXD))
    return [why for part, why in parts if not part]


async def run(made: Campaign, plan: Sequence[list[str]], most_s: float = math.inf) -> Outcome:
    """All rounds of ``plan`` (those that begin within ``most_s``), then silence, then the comparison."""
    rounds, end = 0, time.monotonic() + most_s
    recording = asyncio.create_task(made.record(), name="recorder")
    try:
        for k, faults in enumerate(plan, 1):
            if time.monotonic() > end:
                break
            print(f"  round {k}: {', '.join(faults)}", flush=True)
            await made.round({name: FAULTS[name].fault for name in faults})
            rounds = k
    finally:
        recording.cancel()
        await asyncio.wait({recording})
    for name in RATES:
        made.lab.tell(name, "silent")
    return await settle(made, rounds)


async def settle(made: Campaign, rounds: int) -> Outcome:
    """Compare until everything is well, at most SETTLE_S."""
    began = time.monotonic()
    while True:
        outcome = await compare(made, rounds)
        outcome.settled_s = time.monotonic() - began
        if outcome.good or outcome.settled_s > SETTLE_S:
            return outcome
        judged: list[Verdict | Copy] = [*outcome.verdicts, *outcome.copies]
        missing = ", ".join(f"{len(v.missing)} of {v.name}" for v in judged)
        reported = [dict(v.reported) for v in outcome.verdicts]
        print(f"  after {outcome.settled_s:.0f} s: {missing} missing {reported} {outcome.problems}", flush=True)
        await asyncio.sleep(3)


async def compare(made: Campaign, rounds: int) -> Outcome:
    outcome = Outcome(rounds, republished=made.republished, restored="restore logger" in made.done)
    stored = {name: await made.rows(name) for name in RATES}
    sent = await asyncio.to_thread(made.sent)
    edge_ends = ends(sent[POLLED], stored[POLLED], made.edge_ends_us)
    for name, rows in stored.items():
        most = IN_HAND if name == POLLED else math.inf
        outcome.verdicts.append(judge(name, sent[name], rows, await made.gaps(name), edge_ends, most))
        if made.database is not None:
            outcome.copies.append(await asyncio.to_thread(_copy, made.database, name, rows, made.lab.database.parent))
    await _commands(made, outcome)
    return outcome


def _copy(base: Database, name: str, rows: Sequence[Row], folder: Path) -> Copy:
    return compare_copy(name, rows, base.numbers(name), set_aside(folder, name))


async def _commands(made: Campaign, outcome: Outcome) -> None:
    """Every command has exactly one end in the log, and its bytes were on the line if it ran, and at most once."""
    said = await made.lab.labwire(
        "log",
        "-c",
        str(made.lab.folder / "logger.toml"),
        "--topic",
        f"lab/{POLLED}/reply",
        "--json",
        "--limit",
        "1000000",
    )
    ends: dict[str, dict[tuple[str | None, int | None], str]] = {}
    for line in said.splitlines():
        reply = msgspec.json.decode(msgspec.json.decode(line)["payload"], type=Reply)
        if reply.state in TERMINAL:
            ends.setdefault(reply.id, {})[reply.boot, reply.eseq] = reply.state
    asked = b"\n".join(await asyncio.to_thread(made.lab.on_the_line, POLLED, "<"))
    for id_ in made.commands:
        states = list(ends.get(id_, {}).values())
        runs = asked.count(id_.encode())
        outcome.ends.update(states)
        if (
            len(states) != 1
            or runs > 1
            or (states[0] == "done") > runs
            or (runs and states[0] in ("expired", "rejected"))
        ):
            outcome.problems.append(f"{id_}: {runs} times on the line, ends in the log: {states or 'none'}")


def table(outcome: Outcome) -> str:
    """The result as Markdown."""
    copies = {copy.name: copy for copy in outcome.copies}
    beside = ("in InfluxDB", "missing", "double", "set aside") if copies else ()
    heads = ("sent", "read by an edge", "stored", "reported lost", "missing", "double", *beside)
    lines = ["| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for v in outcome.verdicts:
        what = f"{v.name}, {RATES[v.name]} Hz" if RATES[v.name] else f"{v.name}, polled"
        numbers = [v.sent, v.produced, v.stored, sum(v.reported.values()), len(v.missing), v.double]
        if c := copies.get(v.name):
            numbers += [c.there, len(c.missing), c.double, c.set_aside]
        lines.append(f"| {what} | " + " | ".join(f"{n:_}".replace("_", " ") for n in numbers) + " |")
    return "\n".join(lines)


def by_kind(done: Counter[str]) -> str:
    """How often each fault was there, as Markdown."""
    return "\n".join(
        ["| fault | times |", "|---|---:|", *(f"| {name} | {done[name]} |" for name in FAULTS if done[name])]
    )


def report(outcome: Outcome, made: Campaign) -> None:
    kinds = Counter(made.done)
    print(
        f"\n{outcome.rounds} rounds, {len(made.done)} faults of {len(kinds)} kinds, settled after"
        f" {outcome.settled_s:.0f} s\n"
    )
    print(table(outcome))
    reasons = sum((v.reported for v in outcome.verdicts), Counter[str]())
    print(f"\nreported lost: {dict(reasons) or 'nothing'}; sent again by a second client: {outcome.republished}")
    print(f"commands: {len(made.commands)}, ends: {dict(outcome.ends)}; started again: {made.revived}")
    print(f"in InfluxDB and no longer in the store: {sum(copy.beyond for copy in outcome.copies)}\n")
    print(by_kind(kinds))
    for v in outcome.verdicts:
        if v.missing or v.contradictions:
            print(f"{v.name}: missing {v.missing[:5]} … {v.missing[-5:]}, contradictions {v.contradictions}")
    for c in outcome.copies:
        if c.missing:
            print(f"{c.name}: missing in InfluxDB {c.missing[:5]} … {c.missing[-5:]}")
    for problem in outcome.problems:
        print(problem)


async def whole(rounds: int, minutes: float, only: Sequence[str], influx: bool, seed: int, folder: Path) -> bool:
    rng = random.Random(seed)
    async with campaign(folder, rng, influx=influx) as made:
        for why in left_out(made):
            print(why, flush=True)
        outcome = await run(made, draw(rng, rounds, only or possible(made)), minutes * 60)
        report(outcome, made)
    return outcome.good


def main(argv: Sequence[str] | None = None) -> int:
    top = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="Break the delivery promise.")
    top.add_argument("--rounds", type=int, default=20)
    top.add_argument("--minutes", type=float, default=math.inf, help="begin no round later than this")
    top.add_argument("--seed", type=int, default=int(time.time()))
    top.add_argument("--influx", choices=("auto", "yes", "no"), default="auto", help="auto: when there is an influxd")
    top.add_argument("--only", action="append", choices=sorted(FAULTS), default=[], help="only these faults")
    args = top.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="labwire-faults-"))
    print(f"seed {args.seed}, in {folder}", flush=True)
    influx = args.influx == "yes" or (args.influx == "auto" and influxd_path() is not None)
    good = asyncio.run(whole(args.rounds, args.minutes, args.only, influx, args.seed, folder))
    if good:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
