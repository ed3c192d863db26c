"""``labwire doctor``: what is wrong, and one sentence of what to do about it. Changes nothing."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from broker.clock import quality
from broker.config import BrokerConfig, ConfigError
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, set_up_logging
from labwire.credentials import READERS
from labwire.doctor import broker as brokers
from labwire.doctor import lab as labs
from labwire.doctor import local, parts, server
from labwire.doctor.account import Account, account
from labwire.doctor.finding import Finding
from labwire.doctor.parts import Part
from labwire.doctor.probe import Answers, ask, greet
from labwire.shown import printable
from labwire.survey import gather

SURVEY_S = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when nothing is wrong, 1 with findings, 2 when there is nothing to look at."""
    args = _parser().parse_args(argv)
    set_up_logging("critical")  # what a client would log is among the findings
    try:
        files, who = parts.find(args.config), account(args.user)
        findings = asyncio.run(examine(files, who))
    except ConfigError as e:
        print(f"labwire doctor: {e}", file=sys.stderr)
        return EXIT_CONFIG
    print(_json(findings) if args.json else "\n".join(report(findings, files, who)))
    return EXIT_SURPRISE if findings else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire doctor", description="What is wrong, and what to do about it.")
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        nargs="+",
        default=[],
        action="extend",
        metavar="FILE",
        help="configurations, or folders of them; default: /etc/labwire and this folder",
    )
    parser.add_argument("--user", help="the account the services run as; default: yours, for root 'labwire'")
    parser.add_argument("--json", action="store_true", help="one list, for programs")
    return parser


def _json(findings: list[Finding]) -> str:
    return json.dumps(msgspec.to_builtins(findings), ensure_ascii=False)


def report(findings: list[Finding], files: Sequence[Path], who: Account) -> list[str]:
    """Lines for people."""
    lines = [f"{len(files)} files, for the account {who.name}: {', '.join(map(str, files))}", ""]
    for finding in findings:
        lines.append(f"{finding.level}: {printable(finding.text)}  [{finding.check}]")
        lines += [f"    in {printable(finding.where)}", f"    → {printable(finding.remedy)}", ""]
    count = Counter(f.level for f in findings)
    return [*lines, f"{count['error']} errors, {count['warning']} warnings" if findings else "nothing is wrong"]


async def examine(files: Sequence[Path], who: Account) -> list[Finding]:
    """Everything that is wrong, errors first; each once."""
    read = [parts.read(path) for path in files]
    found = [finding for _, wrong in read for finding in wrong]
    known = [part for part, _ in read if part is not None]
    for part in known:
        found += _local(part, who)
    found += _between(known)
    found += await _brokers(known)
    unique: dict[tuple[str, str], Finding] = {}
    for finding in found:
        unique.setdefault((finding.check, finding.text), finding)
    return sorted(unique.values(), key=lambda f: f.level != "error")


def _local(part: Part, who: Account) -> Iterator[Finding]:
    for check in local.CHECKS:
        try:
            yield from check(part, who)
        except ModuleNotFoundError as e:
            yield parts.not_installed(part.kind, part.path, e.name)


def _between(known: list[Part]) -> Iterator[Finding]:
    """What several files say together."""
    edges = [part for part in known if part.kind in ("edge", "msr")]
    for part in known:
        if part.kind == "broker" and part.config is not None:
            yield from server.check_folder(part)
            yield from server.check_rights(part, edges)
    folders = Counter(str(p.data_dir) for p in known if p.data_dir is not None)
    for part in known:
        if folders[str(part.data_dir)] > 1:
            text = f"{folders[str(part.data_dir)]} files have the data folder {part.data_dir}"
            yield Finding("error", "data-dir-shared", str(part.path), text, "Give each its own data_dir.")


async def _brokers(known: list[Part]) -> list[Finding]:
    """Each broker as each of its users; then the laboratory, as whoever may read most."""
    found: list[Finding] = []
    good: list[Part] = []
    users = [(part, part.broker) for part in known if part.broker is not None]
    for (part, _), looked in zip(users, await asyncio.gather(*(_look(p, b, known) for p, b in users)), strict=True):
        found += [finding for check in brokers.CHECKS if looked for finding in check(looked)]
        good += [part] if looked and looked.greeting.accepted else []
    for part in _readers(good):
        found += await _lab(part, good)
    return found


async def _look(part: Part, broker: BrokerConfig, known: list[Part]) -> brokers.Looked | None:
    try:
        greeting = await greet(broker)
        answers = await ask(broker) if greeting.accepted else Answers()
    except ConfigError:
        return None  # its secret cannot be read: that is among the findings
    return brokers.Looked(str(part.path), broker, greeting, answers, server.server_of(known, broker), time.time())


def _readers(good: list[Part]) -> Iterator[Part]:
    """For each root of each broker the part that may read most."""
    seen: set[tuple[str, int, str]] = set()
    for part in sorted(good, key=lambda p: not (p.broker and p.broker.user.startswith(READERS))):
        place = (part.broker.host, part.broker.port, part.broker.root) if part.broker else None
        if place is not None and place not in seen:
            seen.add(place)
            yield part


async def _lab(part: Part, good: list[Part]) -> list[Finding]:
    if part.broker is None:
        return []
    survey = await gather(part.broker, timeout_s=SURVEY_S, who="doctor")
    root = part.broker.root
    stores = any(p.broker and p.broker.root == root and p.kind in ("edge", "msr", "logger", "broker") for p in good)
    lab = labs.Lab(str(part.path), survey, release(), time.time(), quality().trusted, stores)
    return [finding for check in labs.CHECKS for finding in check(lab)]


def release() -> str:
    try:
        return version("labwire")
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
