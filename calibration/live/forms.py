"""What only a person knows: the questions of each stage, and what becomes of the answers. Pure."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from broker.calibration_run import Question
from calibration.live.plan import Setup, curve_kind
from calibration.live.progress import Progress, Tally
from calibration.procedure import Procedure
from calibration.record import Eccentric

DONE, NOT_DONE = "done", "not done"
YES, NO = "yes", "no"
ROOM_UNITS = {"temperature": "°C", "humidity": "%", "pressure": "hPa"}
CORNERS = ("front left", "back left", "back right", "front right")
_T = re.compile(r"\bT\b")


class FormError(ValueError):
    """An answer that cannot be taken; one sentence."""


def questions(procedure: Procedure, setup: Setup, progress: Progress) -> list[Question]:
    """The form of this stage, with the answers it has so far."""
    blank = {
        "prepare": _prepare,
        "adjust": _adjust,
        "eccentricity": _eccentricity,
        "finish": _finish,
    }.get(progress.stage)
    if blank is None:
        return []
    return [_filled(q, progress) for q in blank(procedure, setup, progress)]


def _filled(q: Question, progress: Progress) -> Question:
    value = progress.answers.get(q.key, q.value)
    return msgspec.structs.replace(q, value=value)


def _prepare(procedure: Procedure, setup: Setup, _: Progress) -> list[Question]:
    serial = [] if setup.item.serial else [Question(key="serial", label="serial number of the item")]
    asks = [Question(key=f"ask-{k}", label=text) for k, text in enumerate(procedure.asks, 1)]
    return serial + asks + _steps("before", procedure.steps.before) + _room(procedure, setup, "begin")


def _finish(procedure: Procedure, setup: Setup, _: Progress) -> list[Question]:
    observations = Question(key="observations", label="observations", needed=False)
    return [*_steps("after", procedure.steps.after), *_room(procedure, setup, "end"), observations]


def _adjust(procedure: Procedure, setup: Setup, _: Progress) -> list[Question]:
    if curve_kind(procedure):
        value = YES if setup.auto else ""
        return [
            Question(key="adjust", label="put the new curve in force", type="choice", choices=[YES, NO], value=value)
        ]
    return [
        Question(key="adjust", label="was the instrument adjusted", type="choice", choices=[YES, NO]),
        Question(key="adjustment", label="what was adjusted", needed=False),
    ]


def _eccentricity(_: Procedure, setup: Setup, progress: Progress) -> list[Question]:
    part = progress.part
    names = [("load", "load on the pan"), ("centre", "reading, centre")]
    names += [(corner.replace(" ", "-"), f"reading, {corner}") for corner in CORNERS]
    return [Question(key=f"{part}-{key}", label=label, type="number") for key, label in names]


def _steps(prefix: str, texts: Sequence[str]) -> list[Question]:
    return [
        Question(key=f"{prefix}-{k}", label=text, type="choice", choices=[DONE, NOT_DONE])
        for k, text in enumerate(texts, 1)
    ]


def _room(procedure: Procedure, setup: Setup, when: str) -> list[Question]:
    """Only where no instrument tells."""
    if setup.room:
        return []
    return [
        Question(key=f"{name}-{when}", label=f"{name} of the room", type="number", unit=ROOM_UNITS[name])
        for name in wanted_room(procedure)
    ]


def wanted_room(procedure: Procedure) -> list[str]:
    """Quantities of the room that have limits, or stand in a formula of the budget."""
    formulas = [line.half or line.u or "" for line in procedure.budget.values()]
    named = {name for name in ROOM_UNITS if getattr(procedure.environment, name) is not None}
    if any(_T.search(text) for text in formulas):
        named.add("temperature")
    return [name for name in ROOM_UNITS if name in named]


def take(q: Question, value: str) -> str:
    """The answer as it is kept. Raises FormError."""
    text = value.strip()
    if q.type == "choice" and text not in q.choices:
        raise FormError(f"{q.label}: {text!r} is none of {', '.join(q.choices)}")
    if not text and q.needed:
        raise FormError(f"{q.label}: an answer is needed")
    return numeral(text, q.label) if q.type == "number" and text else text


def numeral(text: str, what: str) -> str:
    """A typed number with all its digits; a decimal comma is a point. Raises FormError."""
    plain = text.strip().replace(",", ".", 1).replace("\u2212", "-")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(plain) > 40 or not plain.isascii():
        raise FormError(f"{what}: {text!r} is not a number")
    return f"{number:f}"


def missing(form: Sequence[Question]) -> list[str]:
    """Labels without a needed answer."""
    return [q.label for q in form if q.needed and not q.value]


def deviations(form: Sequence[Question]) -> list[str]:
    return [f"not done: {q.label}" for q in form if q.value == NOT_DONE]


def room(form: Sequence[Question], known: dict[str, Tally]) -> dict[str, Tally]:
    """With the quantities a person has read."""
    found = dict(known)
    for q in form:
        name = q.key.partition("-")[0]
        if q.type == "number" and name in ROOM_UNITS and q.value:
            value = float(q.value)
            found[name] = found[name].with_(value) if name in found else Tally(value, value, value, value, 1)
    return found


def eccentric(progress: Progress) -> Eccentric:
    """The test of this part, answered."""
    got = {key.removeprefix(f"{progress.part}-"): value for key, value in progress.answers.items()}
    return Eccentric(
        load=got["load"], centre=got["centre"], others=[got[corner.replace(" ", "-")] for corner in CORNERS]
    )


def labelled(procedure: Procedure, setup: Setup, answers: dict[str, str]) -> dict[str, str]:
    """What the record keeps: by the words that were asked, without what has a place of its own."""
    blank = Progress()
    form = [*_prepare(procedure, setup, blank), *_finish(procedure, setup, blank)]
    own = ("serial", "observations")
    return {
        q.label: answers[q.key]
        for q in form
        if answers.get(q.key) and q.type != "number" and (q.key not in own or q.key == "observations")
    }
