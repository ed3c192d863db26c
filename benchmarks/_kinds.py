"""The kinds of faults: what each needs for itself, where it is possible, and rounds drawn at random."""

import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks._campaign import Campaign
from benchmarks._influxdb import Database

Fault = Callable[[Campaign], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Two faults at once may not have a need in common. ``part``: of a campaign that it takes, "" none."""

    needs: frozenset[str]
    fault: Fault
    part: str = ""


def _influxdb(what: Callable[[Database, Any], Coroutine[Any, Any, None]]) -> Kind:
    async def fault(campaign: Campaign) -> None:
        if campaign.database is not None:
            await what(campaign.database, campaign.pause)

    return Kind(frozenset({"InfluxDB"}), fault, "InfluxDB")


def _kind(needs: str, fault: Fault, part: str = "") -> Kind:
    return Kind(frozenset(needs.split(", ")), fault, part)


FAULTS: dict[str, Kind] = {
    "kill broker": _kind("broker", Campaign.kill_broker),
    "restart broker": _kind("broker", Campaign.restart_broker),
    "broker forgets": _kind("broker", Campaign.broker_forgets),
    "freeze broker": _kind("broker", Campaign.freeze_broker),
    "kill logger": _kind("logger", Campaign.kill_logger),
    "restart logger": _kind("logger", Campaign.restart_logger),
    "freeze logger": _kind("logger", Campaign.freeze_logger),
    "restore logger": _kind("logger, disk", Campaign.restore_logger),
    "wipe logger": _kind("logger, disk", Campaign.wipe_logger),
    "kill edge": _kind("edge", Campaign.kill_edge),
    "restart edge": _kind("edge", Campaign.restart_edge),
    "cut link": _kind("link", Campaign.cut_link),
    "stall link": _kind("link", Campaign.stall_link),
    "delay link": _kind("link", Campaign.delay_link),
    "cut logger's link": _kind("logger's link", Campaign.cut_loggers_link),
    "stall logger's link": _kind("logger's link", Campaign.stall_loggers_link),
    "single bytes": _kind("pieces", Campaign.single_bytes),
    "duplicates": _kind("duplicates", Campaign.duplicates),
    "overflow": _kind("edge, link, logger, disk", Campaign.overflow),
    "disk full": _kind("disk", Campaign.full_disk, "disk"),
    "disk refuses": _kind("logger, disk", Campaign.disk_refuses),
    "step edge's clock": _kind("edge's clock", Campaign.step_edges_clock, "clocks"),
    "step logger's clock": _kind("logger's clock", Campaign.step_loggers_clock, "clocks"),
    "kill InfluxDB": _influxdb(Database.kill),
    "restart InfluxDB": _influxdb(Database.restart),
    "freeze InfluxDB": _influxdb(Database.freeze),
    "InfluxDB away": _influxdb(Database.away),
}


def possible(campaign: Campaign) -> list[str]:
    """The kinds that can be done here."""
    parts = {"": True, "clocks": campaign.clocks, "disk": campaign.disk, "InfluxDB": campaign.database}
    return [name for name, kind in FAULTS.items() if parts[kind.part]]


def draw(rng: random.Random, rounds: int, names: Sequence[str] = tuple(FAULTS), two: float = 0.4) -> list[list[str]]:
    """The faults of each round: one, or with probability ``two`` two that do not get in each other's way."""
    plan: list[list[str]] = []
    for _ in range(rounds):
        first = rng.choice(names)
        others = [name for name in names if not FAULTS[name].needs & FAULTS[first].needs]
        plan.append([first, rng.choice(others)] if others and rng.random() < two else [first])
    return plan
