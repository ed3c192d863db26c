"""The commands that read the store: ledger, log and export. They work while the logger runs and when it does not."""

import contextlib
import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from broker.runtime import EXIT_OK, EXIT_SURPRISE, boot_ms
from logger import export, when
from logger.store import History, HistoryError, LedgerLine, LogEntry, Rows

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
            print(f"labwire: {_sentence(e, args)}", file=sys.stderr)
            return EXIT_SURPRISE
        except when.WhenError as e:
            print(f"labwire: {e}", file=sys.stderr)
            return EXIT_USAGE

    return run


def _sentence(e: Exception, args: Namespace) -> str:
    if isinstance(e, OSError) and args.command == "export" and args.output is not None:
        return f"{args.output} cannot be written: {e.strerror or e}"
    return str(e)


# --- ledger -----------------------------------------------------------------------------------------------------------


def ledger(args: Namespace, history: History) -> int:
    lines = sorted(history.ledger(args.instrument), key=lambda x: (x.source, x.boot, x.stream == "events"))
    for line in lines:
        print(json.dumps(_ledger_json(line)) if args.json else ledger_text(line))
    if not args.json:
        gaps = sum(not line.complete for line in lines)
        print(f"something is missing in {gaps} of {len(lines)}" if gaps else f"all {len(lines)} are complete")
    return EXIT_OK


def ledger_text(line: LedgerLine) -> str:
    """One numbering for a person: complete, or what is missing and why."""
    count = sum(b - a + 1 for a, b in line.stored)
    what = ("sample set" if line.stream == "samples" else "record") + ("" if count == 1 else "s")
    begun = boot_ms(line.boot)
    since = "" if begun is None else f"  since {when.iso(begun * 1000)[:19]}Z"
    text = f"{line.source}  {line.boot}{since}  {count} {what}"
    if line.complete:
        return f"{text}  complete"
    gaps = [f"  missing {g.a}…{g.b - 1} ({g.b - g.a}): {g.reason}" for g in line.gaps]
    return "\n".join([f"{text}  of {line.end}", *gaps])


def _ledger_json(line: LedgerLine) -> dict[str, Any]:
    gaps = [{"from": g.a, "to": g.b - 1, "reason": g.reason} for g in line.gaps]
    return asdict(line) | {"gaps": gaps, "complete": line.complete}


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


# --- export -----------------------------------------------------------------------------------------------------------


def export_(args: Namespace, history: History) -> int:
    span = history.span(args.instrument)
    if span is None:
        known = ", ".join(history.instruments()[:20]) or "none"
        print(f"labwire: there are no samples of {args.instrument!r}; instruments: {known}", file=sys.stderr)
        return EXIT_SURPRISE
    now_us = time.time_ns() // 1000
    start = when.parse(args.start, now_us) if args.start else span[0]
    end = when.parse(args.end, now_us) if args.end else span[1] + 1
    if args.format == "parquet" and not args.output:
        print("labwire: parquet needs -o FILE", file=sys.stderr)
        return EXIT_USAGE
    remarks = history.remarks(args.instrument, start, end)
    columns = export.series(history.channels(args.instrument, start, end), *remarks)
    rows = history.rows(args.instrument, None, start, end)
    if args.output is None:
        _drain(export.write_csv(sys.stdout, columns, rows))
        return EXIT_OK
    with _partial(args.output) as target:
        _progress(_table(args.format, target, columns, rows), start, end, args.instrument)
    return EXIT_OK


def _table(format_: str, target: Path, columns: Sequence[export.Series], rows: Iterator[Rows]) -> Iterator[Rows]:
    if format_ == "parquet":
        yield from export.write_parquet(target, columns, rows)
        return
    with target.open("w", encoding="utf-8", newline="") as out:
        yield from export.write_csv(out, columns, rows)


@contextlib.contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A name beside ``path``, which becomes it when everything is written: half an export never has its name."""
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _drain(written: Iterator[Rows]) -> None:
    for _ in written:
        pass


def _progress(written: Iterator[Rows], start: int, end: int, what: str) -> None:
    """Drive the export, with a bar on a terminal."""
    if not sys.stderr.isatty():
        _drain(written)
        return
    from rich.console import Console
    from rich.progress import Progress

    count = 0
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=max(1, end - start))
        for rows in written:
            count += len(rows.chunk)
            bar.update(task, completed=int(rows.chunk.t_us[-1]) - start, description=f"{what}: {count} rows")
        bar.update(task, completed=max(1, end - start))


COMMANDS: dict[str, Callable[[Namespace, Path], int]] = {
    "ledger": _guarded(ledger),
    "log": _guarded(log),
    "export": _guarded(export_),
}
