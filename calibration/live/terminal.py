"""A run at a terminal, or in a script: what it shows, what is typed, until it is over."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live

from broker.calibration_run import CalibrationRun
from broker.messages import Command, Value
from broker.runtime import Sleep
from calibration.live import forms
from calibration.live.hosted import Hosted
from calibration.live.keys import Keys
from calibration.live.orders import Answer
from calibration.live.screen import draw, plain
from calibration.live.words import Said, Unclear, said

STEP_S = 0.1
FORMS = ("prepare", "eccentricity", "adjust", "finish")
ASKING = (*FORMS, "set", "timeout", "review")


class Stuck(Exception):
    """A script that cannot go on; one sentence."""


@dataclass
class Guide:
    """``keys`` None: nobody is there. ``given`` are answers known beforehand; ``feed`` more stored samples, False at
    their end; ``live`` draws the screen, else lines are printed."""

    hosted: Hosted
    console: Console
    keys: Keys | None
    by: str
    vouched: bool = False
    live: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    feed: Callable[[], bool] | None = None
    sleep: Sleep = asyncio.sleep
    answer: str = ""
    _waiting: str | None = None
    _ended: bool = False
    _shown: CalibrationRun | None = None
    _place: tuple[str, int] = ("", -1)
    _fresh: bool = False

    async def run(self, stop: asyncio.Event) -> bool:
        """Whether it came to its end; False when it was stopped before. Raises Stuck."""
        screen = Live(console=self.console, auto_refresh=False, transient=False) if self.live else None
        with screen or nullcontext():
            self._show(screen)
            while not self.hosted.machine.over and not stop.is_set():
                await self._step()
                self._show(screen)
                if self.feed is None or self._asking(self.hosted.view()):
                    await self.sleep(STEP_S)
            self._show(screen)
        return self.hosted.machine.over

    def _show(self, screen: Live | None) -> None:
        view = self.hosted.view()
        if self._place != (view.phase, view.step):
            self._place, self.answer = (view.phase, view.step), self.answer if self._fresh else ""
        self._fresh = False
        if screen is not None:
            typing, size = self.keys.typing if self.keys else "", self.console.size
            screen.update(draw(view, typing, self.answer, size.width, size.height), refresh=True)
        elif view != self._shown:
            plain(self.console, self._shown, view)
            self._shown = view

    async def _step(self) -> None:
        if self.feed is None:
            await self.hosted.tick()
        view = self.hosted.view()
        if await self._known(view):
            return
        if self.hosted.machine.setup.auto and view.phase in FORMS and not forms.missing(view.form):
            await self._order(Said("next", {}))
        elif self.feed is not None and not self._asking(view):
            await self._fed(view)
        else:
            await self._listen(view)

    async def _known(self, view: CalibrationRun) -> bool:
        """Answers that were given beforehand go in as soon as they are asked for."""
        answers: dict[str, Value] = {
            q.key: self.given[q.key] for q in view.form if q.key in self.given and not q.value and view.phase in FORMS
        }
        if not answers:
            return False
        answer = await self._order(Said("answer", answers))
        if not answer.done:
            raise Stuck(answer.text)
        return True

    def _asking(self, view: CalibrationRun) -> bool:
        return view.phase in ASKING or (view.phase == "reading" and bool(view.typed))

    async def _fed(self, view: CalibrationRun) -> None:
        if self.feed is not None and not self.feed():
            raise Stuck(f"the samples end before this was done: {view.text}")
        await self.hosted.settle()

    async def _listen(self, view: CalibrationRun) -> None:
        line = self._line(view)
        if line is None:
            return
        try:
            answer = await self._order(said(view, line))
        except Unclear as e:
            self._unclear(str(e))
            return
        if answer.later and not self.live:
            self._waiting = line
        elif not answer.done:
            self._unclear(answer.text)

    def _unclear(self, text: str) -> None:
        """A person tries again; a script must not go on blindly."""
        self.answer = text
        if not self.live:
            raise Stuck(text)

    def _line(self, view: CalibrationRun) -> str | None:
        """The next line, if there is one; of a script only where the run asks. Raises Stuck at its end."""
        if self._waiting is not None:
            line, self._waiting = self._waiting, None
            return line
        asking = self._asking(view)
        if self.keys is None or (self._ended and asking):
            self._nobody(view, asking)
            return None
        if (not self.live and not asking) or self.keys.lines.empty():
            return None
        line_or_end = self.keys.lines.get_nowait()
        self._ended = line_or_end is None
        return line_or_end

    def _nobody(self, view: CalibrationRun, asking: bool) -> None:
        if not asking or (self.hosted.machine.setup.auto and view.phase in ("set", "review")):
            return
        open_ = [f"--answer {q.key}=… ({q.label})" for q in view.form if q.needed and not q.value]
        raise Stuck(f"{view.text}: nobody is there to answer" + (f": {', '.join(open_)}" if open_ else ""))

    async def _order(self, words: Said) -> Answer:
        command = Command(id=secrets.token_hex(8), name=words.name, args=words.args, by=self.by)
        answer = await self.hosted.order(command, vouched=self.vouched)
        self.answer, self._fresh = answer.text, True
        return answer
