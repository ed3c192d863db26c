"""Keys of a real terminal, and lines of a pipe."""

import os
import pty
from pathlib import Path

import pytest

from calibration.live.keys import Keys
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("pressed", "typing", "lines"),
    [
        ("abc", "abc", []),
        ("ab\x7fc\r", "", ["ac"]),
        ("\x08x", "x", []),
        ("one\ntwo\r", "", ["one", "two"]),
        ("wrong\x15right", "right", []),
        ("20,01 °C", "20,01 °C", []),
        ("\x1b[A", "", []),
        ("\x04", "", [None]),
        ("a\x04", "a", []),
    ],
)
async def test_keys_become_lines(pressed: str, typing: str, lines: list[str | None]) -> None:
    keys = Keys()
    keys.press(pressed)
    assert keys.typing == typing
    assert [keys.lines.get_nowait() for _ in range(keys.lines.qsize())] == lines


async def test_a_terminal_key_by_key_and_as_it_was_afterwards() -> None:
    import termios

    master, slave = pty.openpty()
    try:
        before, keys = termios.tcgetattr(slave), Keys()
        with keys.terminal(slave):
            os.write(master, b"nex")
            await eventually(lambda: keys.typing == "nex")
            os.write(master, b"t\r")
            await eventually(lambda: keys.lines.qsize() == 1)
        assert keys.lines.get_nowait() == "next"
        assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)


async def test_a_file_line_by_line_to_its_end(tmp_path: Path) -> None:
    path, keys = tmp_path / "lines", Keys()
    path.write_text("a\nb")
    with path.open() as file:
        keys.pipe(file)
        await eventually(lambda: keys.lines.qsize() == 3)
    assert [keys.lines.get_nowait() for _ in range(3)] == ["a\n", "b", None]
