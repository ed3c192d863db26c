"""``labwire cal history``: where an item sat, its calibrations, their drift and the interval that suggests."""

import argparse

from calibration.commands import EXIT_OK, Wrong
from calibration.commands.common import add_dir, place, register, sentences, table
from calibration.register import Register, when
from calibration.register.history import Calibration, Drift, calibrations, drifts, suggestion


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?")
    parser.add_argument("--at", default="", metavar="TIME", help="which item sat at --channel then, or where ITEM sat")
    parser.add_argument("--channel", default="", metavar="INSTRUMENT/CHANNEL")
    parser.add_argument("--target", type=float, default=0.9, help="share to be found in tolerance (default 0.9)")
    add_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    kept = register(args)
    with sentences():
        if args.channel:
            print(_sat(kept, args.channel, args.at))
        elif args.item and args.at:
            where = kept.item(args.item).where(when.normal(args.at))
            print(where or f"{args.item} sat nowhere at {args.at}")
        elif args.item:
            print("\n".join(_lines(kept, args.item, args.target)))
        else:
            raise Wrong("say an ITEM, or --channel INSTRUMENT/CHANNEL")
    return EXIT_OK


def _sat(kept: Register, channel: str, at: str) -> str:
    instrument, name = place(channel)
    if at:
        return kept.installed(instrument, name, at) or f"nothing sat at {channel} at {at}"
    rows = [(id_, p.start, p.end or "now") for id_, p in kept.book().placed() if str(p) == channel]
    return table([("item", "from", "to"), *sorted(rows, key=lambda row: row[1])])


def _lines(kept: Register, item: str, target: float) -> list[str]:
    entry = kept.item(item)
    made = calibrations(kept, item)
    sat = [(str(p), p.start, p.end or "now") for p in entry.placements]
    lines = [table([("sat at", "from", "to"), *sat]), ""]
    papers = [(e.date[:10], e.certificate, e.laboratory, "", "") for e in entry.externals]
    done = sorted([*map(_calibration, made), *papers])
    lines += [table([("date", "calibration", "by", "as found", "as left"), *done])]
    found = drifts(made)
    if found:
        lines += ["", table([("from", "to", "at", "left", "found", "per year", "E_n", ""), *map(_drift, found)])]
        lines += ["", *plot(made)]
    return [*lines, "", _interval(made, entry.months, target)]


def _calibration(c: Calibration) -> tuple[str, ...]:
    words = {True: "pass", False: "FAIL", None: "-"}
    left = c.left.passed if "as_left" in c.results else None
    return c.day, c.record.id, c.record.laboratory or "here", words[c.good_as_found], words[left]


def _drift(line: Drift) -> tuple[str, ...]:
    numbers = (f"{line.left:.4g}", f"{line.found:.4g}", f"{line.per_year:+.3g}", f"{line.en:.2f}")
    return line.before, line.after, f"{line.nominal:g}", *numbers, "" if line.agree else "they do not agree"


def plot(made: list[Calibration], half: int = 24) -> list[str]:
    """Errors over time, a line a calibration and point: as found x, as left o; the ends are the largest of them."""
    runs = [(c.day, p.nominal, p.error, "x" if name == "as_found" else "o") for c in made
            for name, run in c.results.items() for p in run.points]  # fmt: skip
    largest = max((abs(error) for *_, error, _ in runs), default=0.0) or 1.0
    lines = [f"errors, ends are ±{largest:.3g}; x as found, o as left"]
    for nominal in sorted({nominal for _, nominal, _, _ in runs}):
        for day in sorted({day for day, at, _, _ in runs if at == nominal}):
            cells = [" "] * (2 * half + 1)
            cells[half] = "|"
            for _, _, error, mark in (r for r in runs if (r[0], r[1]) == (day, nominal)):
                cells[half + round(half * error / largest)] = mark
            lines.append(f"{nominal:>8g}  {day}  [{''.join(cells)}]")
    return lines


def _interval(made: list[Calibration], months: int | None, target: float) -> str:
    found = suggestion(made, months, target)
    if found is None:
        return "no interval is suggested: none was agreed to, or nothing was judged as found"
    present = months or next(c.months for c in reversed(made) if c.months)
    share = f"{100 * found.observed:.0f} % found in tolerance, {100 * target:.0f} % wanted"
    return f"interval: {present} months now; method A3 suggests {found.suggested:.1f} ({share}); the owner decides"
