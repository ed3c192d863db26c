"""The commands that read the store: ledger, log and export. They work while the logger runs and when it does not."""

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from broker.runtime import EXIT_OK, EXIT_SURPRISE
from logger import cli_export, cli_ledger, when
from logger.export.ask import ExportError
from logger.export.plan import NothingThere
from logger.store import History, HistoryError, LogEntry

EXIT_USAGE = 2


def _guarded(command: Callable[[Namespace, History], int]) -> Callable[[Namespace, Path], int]:
    """Open the store; what a person can mend is one sentence."""

    def run(args: Namespace, database: Path) -> int:
        try:
            with History(database) as history:
                return command(args, history)
        except (HistoryError, OSError) as e:
            if isinstance(e, BrokenPipeError):  # `labwire log | head`
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - kept until the process ends
                return EXIT_OK
            print(f"labwire: {e}", file=sys.stderr)
            return EXIT_SURPRISE
        except (when.WhenError, ExportError) as e:
            print(f"labwire: {e}", file=sys.stderr)
            return EXIT_SURPRISE if isinstance(e, NothingThere) else EXIT_USAGE

    return run


# --- log --------------------------------------------------------------------------------------------------------------


def log(args: Namespace, history: History) -> int:
    now_us = time.time_ns() // 1000
    since = when.parse(args.since, now_us) // 1000 if args.since else None
    until = when.parse(args.until, now_us) // 1000 if args.until else None
    for entry in history.log(args.topic, since, until, args.limit):
        if args.full and entry.payload is None:
            entry = replace(entry, payload=history.payload(entry))
        print(json.dumps(_log_json(entry), ensure_ascii=False) if args.json else log_text(entry))
    return EXIT_OK


def log_text(entry: LogEntry) -> str:
    """One message on one line: time, topic, marks, payload (sample sets by their numbers)."""
    marks = f"q{entry.qos}{' retained' if entry.retain else ''}{' late' if entry.late else ''}"
    return f"{when.iso(entry.t_ms * 1000)[:-4]}Z  {entry.topic}  {marks}  {_content(entry)}"


def _content(entry: LogEntry) -> str:
    if entry.payload is None:
        last = f"…{entry.seq + entry.n - 1}" if entry.seq is not None and entry.n > 1 else ""
        return f"{entry.boot or '(no boot)'} {entry.seq}{last}  {entry.length} bytes"
    text = _text(entry.payload)
    if text is None:
        return f"{entry.length} bytes that are no text: {entry.payload[:60].hex(' ')}"
    return text if entry.readable else f"cannot be read: {text[:200]}"


def _text(payload: bytes) -> str | None:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _log_json(entry: LogEntry) -> dict[str, Any]:
    fields = asdict(entry)
    payload, _, _ = fields.pop("payload"), fields.pop("book"), fields.pop("block")
    if entry.seq is None:
        fields = {k: v for k, v in fields.items() if k not in ("boot", "seq", "n", "late", "digest")}
    if payload is None:
        return fields
    text = _text(payload)
    return fields | ({"payload_hex": payload.hex()} if text is None else {"payload": text})


COMMANDS: dict[str, Callable[[Namespace, Path], int]] = {
    "ledger": _guarded(cli_ledger.run),
    "log": _guarded(log),
    "export": _guarded(cli_export.run),
}
