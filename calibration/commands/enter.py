"""``labwire cal enter``: a calibration from typed readings, asked for one by one or out of a file."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from calibration.commands import EXIT_FAILED, EXIT_OK, Wrong, read_text
from calibration.commands.common import add_by, add_dir, by, register, sentences
from calibration.compute import compute
from calibration.procedure import Procedure
from calibration.record import Eccentric, Point, Span
from calibration.register import Register, RegisterError, when
from calibration.register.entering import (
    Entered,
    RunName,
    Visit,
    begin,
    named,
    number,
    performed,
    placed,
    point,
    read_procedure,
    visits,
)
from calibration.register.typed import from_csv, from_toml
from calibration.table import text as printed


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("procedure", type=Path)
    parser.add_argument("--item", required=True)
    parser.add_argument(
        "--standard", action="append", default=[], required=True, metavar="ID[@POINT]", help="may be repeated"
    )
    parser.add_argument("--readings", type=Path, metavar="FILE", help="CSV or TOML (default: they are asked for)")
    parser.add_argument("--begin", default="", metavar="TIME", help="of the work (default: now)")
    parser.add_argument("--end", default="", metavar="TIME")
    parser.add_argument("--answer", action="append", default=[], metavar="WHAT=TEXT", help="what the procedure asks")
    parser.add_argument(
        "--room", action="append", default=[], metavar="temperature=20.1:20.5:21.0", help="min:mean:max"
    )
    parser.add_argument("--deviation", action="append", default=[], help="from the procedure; may be repeated")
    add_dir(parser)
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Returns 1 where the item does not conform in the end. Raises Wrong."""
    kept, text = register(args), read_text(args.procedure)
    with sentences():
        who = by(args)
        ids, used = named(args.standard, read_procedure(text))
        rules, _ = begin(kept, text, args.item, ids, args.begin or who.at)
        if args.readings:
            entered = _with(placed(_file(args.readings, rules), used), args)
            done = performed(kept, text, args.item, ids, entered, who)
        else:
            with _diary(kept, args.item, who.at) as diary:
                entered = _with(placed(asked(rules, diary), used), args)
                done = performed(kept, text, args.item, ids, entered, who)
        results = compute(done, rules)
    print(printed(results, rules))
    print(f"\n{done.id} is performed; next: labwire cal review {done.id}")
    return EXIT_FAILED if list(results.values())[-1].passed is False else EXIT_OK


def _file(path: Path, rules: Procedure) -> Entered:
    text = read_text(path)
    try:
        return from_toml(text, rules) if path.suffix == ".toml" else from_csv(text, rules)
    except RegisterError as e:
        raise Wrong(f"{path}: {e}") from e


def _with(entered: Entered, args: argparse.Namespace) -> Entered:
    """The command line's word goes before the file's."""
    times = {name: when.normal(getattr(args, name)) for name in ("begin", "end") if getattr(args, name)}
    if "begin" in times:
        times = {"end": times["begin"], **times}
    return Entered(
        entered.points,
        entered.eccentricity,
        {**entered.answers, **dict(_pair(a) for a in args.answer)},
        {**entered.environment, **dict(_room(r) for r in args.room)},
        [*entered.deviations, *args.deviation],
        {**entered.about, **times},
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise Wrong(f"{text!r} is not WHAT=TEXT")
    return key.strip(), value.strip()


def _room(text: str) -> tuple[str, Span]:
    key, value = _pair(text)
    parts = [number(part) for part in value.split(":")]
    if len(parts) not in (1, 3):
        raise Wrong(f"{text!r} is not such as temperature=20.1:20.5:21.0")
    low, middle, high = parts if len(parts) == 3 else parts * 3
    return key, Span(min=low, mean=middle, max=high)


# --- one by one ------------------------------------------------------------------------------------------------------


class Diary:
    """What is typed, line by line in a file: nobody types it twice."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.write("run", "nominal", "direction", "series", "x", "I")

    def write(self, *cells: str) -> None:
        self._file.write(",".join(cells) + "\n")
        self._file.flush()


@contextmanager
def _diary(kept: Register, item: str, at: str) -> Iterator[Diary]:
    """Gone when all went well. Raises Wrong naming the file when it did not."""
    path = kept.folder / "runs" / f"entered-{item}-{at.replace(':', '')}.csv"
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            yield Diary(file)
    except (Wrong, RegisterError, KeyboardInterrupt) as e:
        said = str(e) or "interrupted"
        raise Wrong(f"{said}; what was typed is in {path}, for --readings") from e
    except OSError as e:
        raise Wrong(f"{path} cannot be written: {e.strerror}") from e
    path.unlink()


def asked(rules: Procedure, diary: Diary) -> Entered:
    """Everything from the terminal: as found, as left where there was an adjustment, what the procedure asks."""
    for step in rules.steps.before:
        _line(f"{step}, then Enter: ")
    points: dict[RunName, list[Point]] = {"as_found": _run(rules, "as_found", diary)}
    eccentricity = _eccentricity(rules, "as_found")
    if rules.adjust.allowed and _line("adjusted, and to be read again as left? [y/N] ").casefold().startswith("y"):
        points["as_left"] = _run(rules, "as_left", diary)
        eccentricity |= _eccentricity(rules, "as_left")
    for step in rules.steps.after:
        _line(f"{step}, then Enter: ")
    answers = {ask: _line(f"{ask}: ") for ask in rules.asks}
    return Entered(points, eccentricity, {ask: said for ask, said in answers.items() if said}, _asked_room(rules))


def _run(rules: Procedure, name: RunName, diary: Diary) -> list[Point]:
    return [_visit(rules, name, visit, diary) for visit in visits(rules)]


def _visit(rules: Procedure, name: RunName, visit: Visit, diary: Diary) -> Point:
    where = (
        f"{name.replace('_', ' ')}, {visit.nominal} {rules.unit} {visit.direction}{' (check)' if visit.check else ''}"
    )
    readings = []
    for count in range(1, rules.reading.typed + 1):
        of = f"{where}, {count} of {rules.reading.typed}"
        reference = _number(f"{of}, reference (Enter: {visit.nominal}): ", visit.nominal)
        shown = _number(f"{of}, item: ")
        diary.write(name, visit.nominal, visit.direction, str(visit.series), reference, shown)
        readings.append((shown, reference))
    return point(visit, readings)


def _eccentricity(rules: Procedure, name: RunName) -> dict[RunName, Eccentric]:
    if not any(line.from_ == "eccentricity" for line in rules.budget.values()):
        return {}
    load, centre = _number("eccentricity, load: "), _number("eccentricity, shown in the centre: ")
    others = [_number(f"eccentricity, position {place}: ") for place in range(1, 5)]
    return {name: Eccentric(load=load, centre=centre, others=others)}


def _asked_room(rules: Procedure) -> dict[str, Span]:
    found = {}
    for name in ("temperature", "humidity", "pressure"):
        if getattr(rules.environment, name) is not None:
            low, high = _number(f"{name}, smallest: "), _number(f"{name}, largest: ")
            middle = number(str((float(low) + float(high)) / 2))
            found[name] = Span(min=low, mean=middle, max=high)
    return found


def _number(question: str, usual: str = "") -> str:
    """Asks until it is a number."""
    while True:
        said = _line(question) or usual
        try:
            return number(said)
        except RegisterError as e:
            print(f"{e}: once more")


def _line(question: str) -> str:
    print(question, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Wrong("the input ended before all was entered")
    return line.strip()
