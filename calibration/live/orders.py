"""What a person decides in a run: which commands a stage takes, and what they do. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from broker.calibration_run import Question, Stage
from broker.messages import Command, Value
from calibration.live import forms
from calibration.live.forms import FormError
from calibration.live.machine import Machine
from calibration.live.plan import curve_kind, nearness, visits
from calibration.live.times import second, stamp
from calibration.record import Person, RecordError, Sample

WAY_OUT = ("skip", "abort")
CAN: dict[Stage, tuple[str, ...]] = {
    "prepare": ("answer", "next", "abort"),
    "set": ("next", *WAY_OUT),
    "settling": ("repeat", *WAY_OUT),
    "timeout": ("repeat", *WAY_OUT),
    "stopped": WAY_OUT,
    "reading": ("reading", "repeat", *WAY_OUT),
    "review": ("accept", "repeat", *WAY_OUT),
    "eccentricity": ("answer", "next", *WAY_OUT),
    "adjust": ("answer", "next", "abort"),
    "finish": ("answer", "next", "abort"),
    "done": (),
    "aborted": (),
}
MOST_SEEN = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it was done, and one sentence. ``later``: the same may be done in a moment."""

    done: bool
    text: str
    later: bool = False


class _No(Exception):
    """Why it was not done."""


class _Later(_No):
    """Why it was not done yet."""


def can(machine: Machine) -> list[str]:
    """The commands the run takes now."""
    found = list(CAN[machine.stage])
    if machine.stage == "reading" and not machine.typed:
        found.remove("reading")
    if machine.stage == "review" and machine.progress.error:
        found.remove("accept")
    return found


def obey(machine: Machine, command: Command, now: float, *, vouched: bool = False) -> Answer:
    """Do it, once. ``vouched``: somebody has made sure that ``by`` is who they say."""
    machine.now = max(machine.now, now)
    if command.id in machine.progress.seen:
        return Answer(False, "this command has been here before")
    machine.set(seen=[*machine.progress.seen, command.id][-MOST_SEEN:])
    try:
        _check(machine, command)
        return Answer(True, _do(machine, command, Person(name=command.by, at=second(now), authenticated=vouched)))
    except (_No, FormError) as e:
        return Answer(False, str(e), isinstance(e, _Later))


def _check(machine: Machine, command: Command) -> None:
    seen, name = command.args.get("step"), command.name
    if seen is not None and seen != step(machine):
        last = machine.progress.log[-1] if machine.progress.log else None
        told = f": {last.text}" + (f" (by {last.by})" if last.by else "") if last else ""
        raise _No(f"this was for step {seen}, the run is at step {step(machine)}{told}")
    if name not in can(machine):
        ways = ", ".join(can(machine)) or "nothing"
        raise _No(f"{name} cannot be done now ({machine.stage}); it takes {ways}")


def step(machine: Machine) -> int:
    """Counts the visits of all parts, from 1; what comes before is 0."""
    progress = machine.progress
    if machine.stage == "prepare":
        return 0
    found = visits(machine.procedure, "as_found", progress.adjusted)
    before = len(found) if progress.part == "as_left" else 0
    return before + min(progress.index + 1, len(machine.visits) or 1)


def _do(machine: Machine, command: Command, person: Person) -> str:
    _there(machine, person)
    doing: dict[str, Callable[[Machine, Mapping[str, Value], str], str]] = {
        "next": _next,
        "accept": _accept,
        "repeat": _repeat,
        "skip": _skip,
        "abort": _abort,
        "answer": _answer,
        "reading": _reading,
    }
    return doing[command.name](machine, command.args, person.name)


def _there(machine: Machine, person: Person) -> None:
    """Who took a hand in it; a name that is vouched for now replaces one that was only typed."""
    people = machine.progress.people
    if (person.name, person.authenticated) not in [(p.name, p.authenticated) for p in people]:
        machine.set(people=[*(p for p in people if p.name != person.name), person])


# next


def _next(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    match machine.stage:
        case "prepare":
            return _prepared(machine, by)
        case "set":
            visit = machine.visit
            machine.set_out(f"the point is set: {visit}", by)
            return f"{visit} is set"
        case "eccentricity":
            _complete(machine)
            machine.set(
                eccentric={**machine.progress.eccentric, machine.progress.part: forms.eccentric(machine.progress)}
            )
            machine.after_points(by)
            return "eccentricity is kept"
        case "adjust":
            return _adjusted(machine, by)
        case _:
            return _finished(machine, by)


def _complete(machine: Machine) -> None:
    """Everything that is needed is answered, and counted."""
    form = forms.questions(machine.procedure, machine.setup, machine.progress)
    open_ = forms.missing(form)
    if open_:
        raise _No(f"not answered: {', '.join(open_)}")
    machine.set(room=forms.room(form, machine.progress.room), answers=_with_defaults(machine, form))
    machine.deviate(*forms.deviations(form))


def _with_defaults(machine: Machine, form: list[Question]) -> dict[str, str]:
    return {**machine.progress.answers, **{q.key: q.value for q in form if q.value}}


def _prepared(machine: Machine, by: str) -> str:
    _complete(machine)
    machine.go("set", "the work begins", by)
    machine.automatic()
    return "the work begins"


def _adjusted(machine: Machine, by: str) -> str:
    _complete(machine)
    answer = machine.progress.answers["adjust"]
    if answer == forms.YES and curve_kind(machine.procedure) and machine.correction_found is None:
        raise _No(f"there is no curve to put in force ({machine.unfitted}); answer no, or abort")
    machine.set(
        adjusted="yes" if answer == forms.YES else "no",
        adjustment=machine.progress.answers.get("adjustment", ""),
    )
    text = "adjusted; as left follows" if answer == forms.YES else "left as it was found"
    machine.note(text, by)
    machine.begin_left(by)
    return text


def _finished(machine: Machine, by: str) -> str:
    _complete(machine)
    try:
        machine.draft("0")
    except (RecordError, ValueError) as e:
        raise _No(f"this is no record yet: {e}") from e
    others = [p for p in machine.progress.people if p.name != by]
    people = [*others, *(p for p in machine.progress.people if p.name == by)]
    machine.set(end=second(machine.now), error="", people=people)
    machine.note("the work is finished", by)
    return "the work is finished"


# the point


def _accept(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    visit = machine.visit
    machine.accept(by)
    return f"{visit} is accepted"


def _repeat(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    visit, taken = machine.visit, len(machine.progress.readings)
    machine.discard()
    reason = _text(args, "reason")
    if taken:
        machine.deviate(f"{visit}: {taken} readings discarded and repeated by {by or 'nobody'}{_because(reason)}")
    machine.set_out(f"{visit} again{_because(reason)}", by)
    return f"{visit} is repeated"


def _skip(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    reason = _text(args, "reason")
    if not reason:
        raise _No("what is skipped needs a reason")
    if machine.stage == "eccentricity":
        machine.deviate(f"eccentricity skipped by {by or 'nobody'}: {reason}")
        machine.after_points(by, eccentric=False)
        return "eccentricity is skipped"
    visit = machine.visit
    machine.discard()
    machine.deviate(f"{visit}: skipped by {by or 'nobody'}: {reason}")
    machine.advance(f"{visit} is skipped: {reason}", by)
    return f"{visit} is skipped"


def _abort(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    reason = _text(args, "reason")
    if not reason:
        raise _No("what is aborted needs a reason")
    machine.set(end=second(machine.now))
    machine.go("aborted", f"aborted: {reason}", by)
    return "the run is aborted; nothing was recorded"


# what only a person knows


def _answer(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    """``key`` and ``value``, or several keys at once."""
    given = {str(args["key"]): args.get("value")} if "key" in args else dict(args)
    given.pop("step", None)
    form = {q.key: q for q in forms.questions(machine.procedure, machine.setup, machine.progress)}
    unknown = [key for key in given if key not in form]
    if unknown:
        raise _No(f"nothing asks for {', '.join(unknown)} now")
    taken = {key: forms.take(form[key], "" if value is None else str(value)) for key, value in given.items()}
    machine.set(answers={**machine.progress.answers, **taken})
    return "; ".join(f"{form[key].label}: {value}" for key, value in taken.items())


def _reading(machine: Machine, args: Mapping[str, Value], by: str) -> str:
    _settled(machine)
    reference = _value(machine, "reference", args.get("x"))
    item = _value(machine, "item", args.get("I"))
    _plausible(machine, args, reference)
    sample = Sample(I=item, x=reference, t=stamp(machine.now))
    _new(machine, sample)
    machine.read(sample, by)
    unit = machine.procedure.unit
    return f"I = {item} {unit}, x = {reference} {unit}"


def _settled(machine: Machine) -> None:
    state = machine.settle_state
    if state is None:
        return
    if not state.settled:
        raise _Later(f"not settled ({state.phase}, {100 * state.progress:.0f} %): nothing is recorded yet")
    machine.keep_settled(state)


def _value(machine: Machine, name: str, given: Value) -> str:
    """What was typed, or what the instrument says now."""
    if name in machine.typed:
        if given is None:
            raise _No(f"the reading of the {name} is missing")
        return forms.numeral(str(given), name)
    last = machine.latest(name)
    patience = max(machine.procedure.reading.pair_dt_s, machine.procedure.reading.period_s)
    if last is None or machine.now - last.t > patience:
        raise _Later(f"the {name} has sent no good sample for {patience:g} s")
    return last.text


def _plausible(machine: Machine, args: Mapping[str, Value], reference: str) -> None:
    """A typed reference that is far from the point is taken only with ``sure``."""
    visit = machine.visit
    near = nearness(machine.procedure, visit.x) if visit else None
    if visit is None or near is None or "reference" not in machine.typed or args.get("sure"):
        return
    if abs(float(reference) - visit.x) > near:
        raise _No(f"{reference} is far from {visit.nominal}: say it again with sure, if it is so")


def _new(machine: Machine, sample: Sample) -> None:
    """A live sample is read once."""
    live = [n for n in ("item", "reference") if n not in machine.typed]
    last = machine.latest(live[0]) if live else None
    if last is not None and last.t == machine.read_at:
        raise _Later("there is no new sample since the last reading")
    machine.read_at = None if last is None else last.t


def _text(args: Mapping[str, Value], key: str) -> str:
    value = args.get(key)
    return value.strip()[:500] if isinstance(value, str) else ""


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
