"""What a person types: single keys of a terminal gathered to lines, or the lines of a pipe."""

import asyncio
import os
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

ENTER, ERASE, WIPE = ("\r", "\n"), ("\x7f", "\x08"), "\x15"


class Keys:
    """``typing`` is the line so far; whole lines come out of ``lines``, None at their end."""

    def __init__(self) -> None:
        self.typing = ""
        self.lines: asyncio.Queue[str | None] = asyncio.Queue()

    def press(self, text: str) -> None:
        """Some keys. Escape sequences (arrows) are left out."""
        if text.startswith("\x1b"):
            return
        for key in text:
            if key in ENTER:
                self.lines.put_nowait(self.typing)
                self.typing = ""
            elif key in ERASE:
                self.typing = self.typing[:-1]
            elif key == WIPE:
                self.typing = ""
            elif key == "\x04" and not self.typing:
                self.lines.put_nowait(None)
            elif key.isprintable():
                self.typing += key

    @contextmanager
    def terminal(self, fd: int) -> Iterator[None]:
        """Read the terminal ``fd`` key by key while the block runs; as it was afterwards."""
        before = termios.tcgetattr(fd)
        tty.setcbreak(fd)
        loop = asyncio.get_running_loop()
        loop.add_reader(fd, lambda: self.press(os.read(fd, 1024).decode(errors="replace")))
        try:
            yield
        finally:
            loop.remove_reader(fd)
            termios.tcsetattr(fd, termios.TCSADRAIN, before)

    def pipe(self, file: TextIO = sys.stdin) -> None:
        """Read lines of a pipe or a file in a thread of its own: a regular file cannot be waited for."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            try:
                for line in file:
                    loop.call_soon_threadsafe(self.lines.put_nowait, line)
                loop.call_soon_threadsafe(self.lines.put_nowait, None)
            except RuntimeError:
                return  # the run is over, and its loop with it

        threading.Thread(target=read, name="calibration stdin", daemon=True).start()
