"""A run drawn for a terminal, and told line by line where there is none."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from broker.calibration_run import CalibrationRun, Room, Visited
from calibration.live.words import asked, hint

BARS = "▁▂▃▄▅▆▇█"
MOST_FORM = 6
OTHERS = 18
"""Lines of a screen that are no results."""
PARTS = {"as_found": "as found", "as_left": "as left", "adjust": "adjust", "": ""}


def draw(view: CalibrationRun, typing: str, said: str, width: int = 100, height: int = 40) -> RenderableType:
    """The whole screen. ``typing`` is what stands on the line, ``said`` the last answer. What is asked must be seen, so
    a low screen has fewer results."""
    rows = max(1, height - OTHERS - min(len(view.form), MOST_FORM) - len(view.warnings) - bool(view.error))
    parts: list[RenderableType] = [_head(view), Rule(style="dim"), _now(view)]
    parts += [_plots(view, max(10, width - 30))] if view.pairs else []
    parts += [_room(view.room)] if view.room else []
    parts += [_results(view, rows)] if view.results else []
    parts += [Text(view.correction, style="cyan")] if view.correction else []
    parts += [Text(f"⚠ {w}", style="yellow") for w in view.warnings]
    parts += [Text(f"✗ {view.error}", style="bold red")] if view.error else []
    parts += [Rule(style="dim"), *_asked(view), _line(view, typing, said)]
    return Group(*parts)


def _head(view: CalibrationRun) -> Table:
    table = Table.grid(expand=True)
    table.add_column(ratio=1)
    table.add_column(justify="right")
    item = f"{view.item}{f' (serial {view.serial})' if view.serial else ''}"
    where = f" at {view.instrument}/{view.channel}" if view.instrument else ""
    table.add_row(
        Text(view.title, style="bold"), Text(f"{view.procedure} rev {view.procedure_rev}  run {view.run}", style="dim")
    )
    table.add_row(
        Text(f"{item}{where}  ←  {view.reference} ({', '.join(view.standards)})"),
        Text(f"{PARTS[view.part]}  {view.step}/{view.steps}"),
    )
    return table


def _now(view: CalibrationRun) -> RenderableType:
    text = Text(view.text, style="bold")
    if view.settled is None:
        return text
    table = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=view.settled, width=24, complete_style="green", finished_style="green")
    table.add_row(text, bar)
    return Group(table, Text(_settling(view), style="dim"))


def _settling(view: CalibrationRun) -> str:
    s = view.settling
    if s is None:
        return ""
    drift = "" if s.drift is None else f"drift {s.drift:.2g} (max {s.drift_max:g})"
    scatter = "" if s.s is None else f"scatter {s.s:.2g} (max {s.s_max:g})"
    rest = "" if not s.remaining_s or s.remaining_s < 1 else f"at least {s.remaining_s:.0f} s more"
    return "  ".join(filter(None, [drift, scatter, rest]))


def _plots(view: CalibrationRun, most: int) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, k in (("reference", 2), ("item", 1)):
        values = [float(v) for pair in view.pairs if (v := pair[k]) is not None]
        if values:
            table.add_row(name, Text(spark(values[-most:]), style="cyan"), f"{values[-1]:g} {view.unit}")
    return table


def spark(values: Sequence[float]) -> str:
    """A small plot in one line."""
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(BARS[min(7, int(8 * (v - low) / span))] for v in values)


def _room(room: dict[str, Room]) -> Text:
    words = []
    for name, r in room.items():
        limits = "" if r.low is None else f" (allowed {r.low:g} to {r.high:g})"
        words.append(f"{name} {r.now:g}, {r.min:g} to {r.max:g}{limits}")
    return Text("room: " + ";  ".join(words), style="dim")


def _results(view: CalibrationRun, rows: int) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for head in ("", f"/ {view.unit}", "n", "x", "I", "E", "s", "r₁", ""):
        table.add_column(head, justify="left" if head in ("", f"/ {view.unit}") else "right", no_wrap=True)
    for row in view.results[-rows:]:
        table.add_row(*_cells(row))
    return table


def _cells(row: Visited) -> list[str | Text]:
    mark = {True: Text("within", style="green"), False: Text("outside", style="red"), None: Text("")}[row.within]
    if row.warnings:
        mark = mark + Text(" ⚠", style="yellow")
    point = f"{row.nominal} {'check' if row.check else row.direction}"
    r1 = "" if row.r1 is None else f"{row.r1:.2f}"
    return [PARTS[row.part], point, str(row.n), row.x, row.I, row.E, row.s, r1, mark]


def _asked(view: CalibrationRun) -> list[RenderableType]:
    found: list[RenderableType] = []
    question = asked(view)
    form = view.form if view.phase != "reading" else []
    first = max(0, min(form.index(question) - 2, len(form) - MOST_FORM)) if question in form else 0
    for q in form[first : first + MOST_FORM]:
        mark, style = ("✓", "dim") if q.value else ("→", "bold") if q is question else (" ", "")
        found.append(Text(f"{mark} {q.label}: {q.value}", style=style))
    return found or [Text(text) for text in view.asks]


def _line(view: CalibrationRun, typing: str, said: str) -> Group:
    return Group(Text(said, style="dim"), Text(hint(view), style="italic"), Text(f"> {typing}▏"))


def plain(console: Console, before: CalibrationRun | None, view: CalibrationRun) -> None:
    """What is new since ``before``, a line each."""
    if before is None:
        console.print(
            f"{view.title} ({view.procedure} rev {view.procedure_rev}), run {view.run}", highlight=False, soft_wrap=True
        )
    old = {(e.ts, e.text) for e in before.log} if before else set()
    for entry in view.log:
        if (entry.ts, entry.text) not in old:
            console.print(
                f"  {entry.text}" + (f"  [{entry.by}]" if entry.by else ""),
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    known = len(before.results) if before else 0
    for row in view.results[known:]:
        cells = [str(c) for c in _cells(row)]
        console.print("  = " + "  ".join(filter(None, cells)), highlight=False, markup=False, soft_wrap=True)
    for warning in [w for w in view.warnings if before is None or w not in before.warnings]:
        console.print(f"  ! {warning}", highlight=False, markup=False, soft_wrap=True)
    if view.error and (before is None or view.error != before.error):
        console.print(f"  ! {view.error}", highlight=False, markup=False, soft_wrap=True)
    if before is None or (view.phase, view.step, asked(view)) != (before.phase, before.step, asked(before)):
        console.print(f"{view.text} · {hint(view)}", highlight=False, markup=False, soft_wrap=True)
