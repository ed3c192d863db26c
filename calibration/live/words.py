"""A line somebody types at a run, as a command: the same words for a terminal and for a script. Pure."""

from dataclasses import dataclass

from broker.calibration_run import CalibrationRun, Question
from broker.messages import Value

WORDS = {
    "n": "next",
    "next": "next",
    "a": "accept",
    "accept": "accept",
    "r": "repeat",
    "repeat": "repeat",
    "s": "skip",
    "skip": "skip",
    "x": "abort",
    "abort": "abort",
}
DEFAULTS = ("accept", "next")
_HELP = {
    "next": "n next",
    "accept": "a accept",
    "repeat": "r repeat",
    "skip": "s REASON skip",
    "abort": "x REASON abort",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A command with its arguments."""

    name: str
    args: dict[str, Value]


class Unclear(ValueError):
    """A line nobody understands here; one sentence."""


def said(view: CalibrationRun, line: str) -> Said:
    """What ``line`` means now. A slash makes a command of what would be an answer. Raises Unclear."""
    text = line.strip()
    key, equals, value = text.partition("=")
    if equals and key.strip() in {q.key for q in view.form} and view.phase != "reading":
        return _step(view, "answer", {"key": key.strip(), "value": value.strip()})
    if text.startswith("/"):
        return _command(view, text[1:])
    question = asked(view)
    if question is not None and text:
        return _step(view, "answer", {"key": question.key, "value": _chosen(question, text)})
    if question is not None and question.needed:
        raise Unclear(f"{question.label}: an answer is needed")
    if view.phase == "reading" and view.typed and text.partition(" ")[0].lower() not in WORDS:
        return _reading(view, text)
    return _command(view, text)


def asked(view: CalibrationRun) -> Question | None:
    """The question the next line answers: the first that is open, those that are needed before the others."""
    if view.phase == "reading":
        return None
    open_ = [q for q in view.form if not q.value]
    return next((q for q in open_ if q.needed), open_[0] if open_ else None)


def hint(view: CalibrationRun) -> str:
    """What can be typed now, in one line."""
    question = asked(view)
    ways = [_HELP[name] for name in view.can if name in _HELP]
    if question is not None:
        kind = (
            f" [{' / '.join(question.choices)}]" if question.choices else f" [{question.unit}]" if question.unit else ""
        )
        free = "" if question.needed else ", Enter for none"
        return f"{question.label}{kind}{free}" + ("   (/x REASON abort)" if "abort" in view.can else "")
    if view.phase == "reading" and view.typed:
        what = " and ".join("reference" if n == "reference" else "item" for n in reversed(view.typed))
        begin = next(
            (f", Enter for {q.value}" for q in view.form if q.key == "x" and q.value and len(view.form) == 1), ""
        )
        return f"type the {what}{begin}   ({', '.join(ways)})"
    default = next((name for name in DEFAULTS if name in view.can), "")
    return (f"Enter {default}   " if default else "") + ", ".join(ways)


def _command(view: CalibrationRun, text: str) -> Said:
    word, _, rest = text.strip().partition(" ")
    name = WORDS.get(word.lower()) if word else next((d for d in DEFAULTS if d in view.can), None)
    if name is None:
        raise Unclear(f"{text!r} means nothing here; {hint(view)}" if text else f"say what to do: {hint(view)}")
    return _step(view, name, {"reason": rest.strip()} if rest.strip() else {})


def _step(view: CalibrationRun, name: str, args: dict[str, Value]) -> Said:
    return Said(name, {**args, "step": view.step})


def _chosen(question: Question, text: str) -> str:
    """A choice may be shortened as far as it stays the only one."""
    if question.type != "choice" or text in question.choices:
        return text
    found = [c for c in question.choices if c.startswith(text.lower())]
    if len(found) != 1:
        raise Unclear(f"{question.label}: {' or '.join(question.choices)}")
    return found[0]


def _reading(view: CalibrationRun, text: str) -> Said:
    """``20.01``, or ``20.01 20.05`` for reference and item; ``!`` behind it: I am sure."""
    sure = text.endswith("!")
    numbers = text.rstrip("! ").split()
    keys = [key for key, name in (("x", "reference"), ("I", "item")) if name in view.typed]
    begin = {q.key: q.value for q in view.form}
    if not numbers and keys == ["x"] and begin.get("x"):
        numbers = [begin["x"]]
    if len(numbers) == 1 and keys == ["x", "I"] and begin.get("x"):
        numbers = [begin["x"], *numbers]
    if len(numbers) != len(keys):
        raise Unclear(hint(view))
    args: dict[str, Value] = dict(zip(keys, numbers, strict=True))
    return _step(view, "reading", {**args, **({"sure": True} if sure else {})})
