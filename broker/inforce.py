"""The calibrations of one instrument as its edge applies them: heard from the broker, remembered on disk.

What is in force stays in force until it is replaced, voided or withdrawn: over a restart, without a broker, and when
it vanishes from the broker without a word, which makes the instrument degraded. Nothing goes back to raw silently.
"""

import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from broker.calibration import Calibration
from broker.correction import Corrector, adds, corrector, ended, raw_name
from broker.messages import Channel, Meta

log = logging.getLogger("broker.inforce")

SILENT_S = 60.0
"""What the broker retains comes at once; after so long on one connection it is not there."""

Correct = bool | Collection[str]
"""Which channels are to be corrected: all, none, or these."""

Problem = Literal["vanished", "refused", "overdue"]
_OVER: dict[Problem, str] = {
    "vanished": "the broker says again what is in force",
    "refused": "nothing is left that cannot be applied",
    "overdue": "what was overdue is no longer in force",
}


@dataclass(frozen=True, slots=True)
class News:
    """An event to be published. ``kind``: each problem has its own, so that one may end while another goes on."""

    text: str
    channel: str
    kind: str = "calibration"
    severity: Literal["info", "warning", "error"] = "info"
    state: Literal["", "raised", "cleared"] = ""


class InForce:
    """``correctors`` are what to apply now, by channel. ``described`` is what the driver says the instrument is."""

    def __init__(self, path: Path, correct: Correct = False, described: Meta | None = None) -> None:
        self._path, self._correct = path, correct
        self._described = Meta() if described is None else described
        self._disk = ""
        self._standing: dict[tuple[str, Problem], str] = {}
        self._heard_on = 0  # the number of a connection; 0 is none
        self._connection = (0, 0.0)  # and since when it is known
        self.correctors: dict[str, Corrector] = {}
        self._kept = self._read() if self.wanted else {}
        self._compile()

    @property
    def wanted(self) -> bool:
        """Whether anything is to be corrected here at all."""
        return bool(self._correct)

    @property
    def problem(self) -> str:
        """What makes the instrument degraded, or an empty text."""
        told = [text for (_, problem), text in sorted(self._standing.items()) if problem != "overdue"]
        return "; ".join([*told, *([self._disk] if self._disk else [])])

    # --- the description ---

    def describe(self, meta: Meta) -> tuple[Meta, list[News]]:
        """The driver's description with the raw channels that are published now, and what that changes."""
        self._described = meta
        news = self._compile()
        return self.description(), news

    def description(self) -> Meta:
        """A corrected channel holds a float; its raw value stands beside it, of the type it has."""
        channels: dict[str, Channel] = {}
        for name, channel in self._described.channels.items():
            channels[name] = channel
            c = self.correctors.get(name)
            if c is not None and c.add is not None:
                channels[name] = msgspec.structs.replace(channel, type="float")
                channels[raw_name(name)] = msgspec.structs.replace(channel, label=f"{channel.label or name} (raw)")
        return msgspec.structs.replace(self._described, channels=channels)

    # --- what the broker says ---

    def hear(self, heard: Mapping[str, Calibration], connection: int) -> list[News]:
        """The map of the calibration topic, heard on ``connection``; an empty one when the topic was deleted."""
        self._heard_on = connection
        before = dict(self._kept)
        names = [name for name in sorted({*heard, *before}) if self._covers(name)]
        news = [n for name in names for n in self._take(name, heard)]
        news += self._compile()
        refused = {name for name, problem in self._standing if problem == "refused"}
        changed = [name for name in names if self._kept.get(name) != before.get(name) and name not in refused]
        return news + [n for name in changed for n in _change(name, before.get(name), self._kept[name])]

    def watch(self, connection: int | None, now: float, now_ms: int) -> list[News]:
        """Call now and then: nothing came on this connection (None: there is none), a due date has passed.

        ``now`` is monotonic, in s.
        """
        news = self.hear({}, connection) if connection and self._silent(connection, now) else []
        for name, c in self.correctors.items():
            late = now_ms * 1000 >= c.due_us
            news += self._stand(name, "overdue", f"{c.id} is overdue: values count as uncertain" if late else "")
        return news

    def corrected_before(self, channels: Collection[str]) -> list[News]:
        """The driver delivered these corrected already."""
        text = "the driver has corrected it already: {} is not applied on top"
        return [
            n
            for name in sorted(channels)
            for n in self._stand(name, "refused", text.format(self._kept[name].id), "error")
        ]

    # --- inside ---

    def _silent(self, connection: int, now: float) -> bool:
        if self._connection[0] != connection:
            self._connection = (connection, now)
        return self._heard_on != connection and now - self._connection[1] > SILENT_S

    def _covers(self, name: str) -> bool:
        return self._correct is True or (not isinstance(self._correct, bool) and name in self._correct)

    def _take(self, name: str, heard: Mapping[str, Calibration]) -> list[News]:
        new, old = heard.get(name), self._kept.get(name)
        if new is None:
            if old is None or ended(old):
                return []
            text = f"{old.id} has vanished from the broker and was not withdrawn: it goes on being applied"
            return self._stand(name, "vanished", text)
        news = self._stand(name, "vanished", "")
        if new != old:
            self._kept[name] = new
            self._write()
        return news

    def _stand(
        self, name: str, problem: Problem, text: str, severity: Literal["warning", "error"] = "warning"
    ) -> list[News]:
        """A problem stands, or (with an empty text) no more; news where that is new."""
        key = (name, problem)
        if self._standing.get(key, "") == text:
            return []
        if text:
            self._standing[key] = text
            log.warning("%s: %s: %s", self._path.stem, name, text)
            return [News(text, name, f"calibration-{problem}", severity, "raised")]
        del self._standing[key]
        return [News(_OVER[problem], name, f"calibration-{problem}", "info", "cleared")]

    def _compile(self) -> list[News]:
        """What is kept, as far as it can be applied to what the driver delivers."""
        self.correctors, news = {}, []
        for name, calibration in self._kept.items():
            if not self._covers(name) or ended(calibration):
                news += self._stand(name, "refused", "")
                continue
            reason = refusal(name, calibration, self._described)
            if name in self._described.channels and not reason:
                self.correctors[name] = corrector(calibration)
            news += self._stand(name, "refused", reason, "error")
        gone = [name for name, problem in self._standing if problem == "overdue" and name not in self.correctors]
        return news + [n for name in gone for n in self._stand(name, "overdue", "")]

    # --- the disk ---

    def _read(self) -> dict[str, Calibration]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Calibration])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as e:
            self._disk = f"what calibration was in force is not known: {self._path.name} cannot be read: {e}"
            log.error("%s cannot be read: %s", self._path, e)
            return {}

    def _write(self) -> None:
        """Whole or not at all, and on the disk before it is applied."""
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(msgspec.json.encode(self._kept))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            self._disk = ""
        except OSError as e:
            self._disk = f"calibrations would be lost in a restart: {self._path.name}: {e.strerror or e}"
            log.error("%s cannot be written: %s", self._path, e.strerror or e)


def refusal(name: str, calibration: Calibration, meta: Meta) -> str:
    """Why a calibration cannot be applied to a channel, or an empty text; also when there is no description yet."""
    channel, c = meta.channels.get(name), calibration
    if channel is None:
        return f"{c.id} is not applied: there is no channel {name}" if meta.channels else ""
    if raw_name(name) in meta.channels:
        return f"{c.id} is not applied: the driver delivers {raw_name(name)}, so it corrects {name} itself"
    if channel.type not in ("float", "int"):
        return f"{c.id} is not applied: {name} is of type {channel.type}, which cannot be corrected"
    if adds(c) and c.signal == "corrected":
        return f"{c.id} is not applied: it was made with corrected values, which would be corrected twice"
    if c.unit and channel.unit and c.unit != channel.unit:
        return f"{c.id} is not applied: it is in {c.unit}, {name} is in {channel.unit}"
    return ""


def _change(name: str, old: Calibration | None, new: Calibration) -> list[News]:
    """What a person should hear of a new message; that a due date comes near changes nothing here."""
    if ended(new):
        if old is None or ended(old):
            return []
        why = f" ({new.reason})" if new.reason else ""
        return [News(f"{new.id} is {new.status}{why}: raw values again", name, severity="warning")]
    if old is not None and not ended(old) and _same(old, new):
        return []
    what = "values are corrected" if adds(new) else "there is nothing to correct"
    return [News(f"{new.id} revision {new.rev} is in force: {what}", name)]


def _same(old: Calibration, new: Calibration) -> bool:
    return (old.id, old.rev, old.sha256, old.correction) == (new.id, new.rev, new.sha256, new.correction)
