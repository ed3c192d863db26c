import itertools
import re
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.runtime import backoff, boot_ms, new_boot

PROGRAM = """
import asyncio, sys
from broker.config import ConfigError
from broker.runtime import run, set_up_logging

set_up_logging()

async def main(stop):
{body}

sys.exit(run(main))
"""


def program(body: str) -> list[str]:
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return [sys.executable, "-c", PROGRAM.format(body=indented)]


def finished(body: str) -> tuple[int, str]:
    done = subprocess.run(program(body), capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_main_that_returns_is_0() -> None:
    assert finished("await asyncio.sleep(0)") == (0, "")


def test_a_configuration_error_is_2_and_one_line() -> None:
    code, text = finished("raise ConfigError('edge.toml: unknown key')")

    assert code == 2
    assert len(text.splitlines()) == 1
    assert text.rstrip().endswith("ERROR   broker.runtime: edge.toml: unknown key")


def test_a_configuration_error_inside_task_groups_is_2_and_one_line() -> None:
    code, text = finished("""
async def worker():
    async with asyncio.TaskGroup() as inner:
        inner.create_task(fail())

async def fail():
    raise ConfigError('edge.toml: no such port')

async with asyncio.TaskGroup() as group:
    group.create_task(worker())
""")

    assert code == 2
    assert len(text.splitlines()) == 1
    assert "edge.toml: no such port" in text


def test_a_worker_that_dies_is_1_with_its_traceback_and_the_others_are_cancelled() -> None:
    code, text = finished("""
async def dies():
    raise KeyError("nobody foresaw this")

async def waits():
    try:
        await asyncio.sleep(3600)
    finally:
        print("tidied up", file=sys.stderr)

async with asyncio.TaskGroup() as group:
    group.create_task(waits(), name="waits")
    group.create_task(dies(), name="dies")
""")

    assert code == 1
    assert "tidied up" in text
    assert "KeyError: 'nobody foresaw this'" in text
    assert "in dies" in text


def test_a_surprise_beside_a_configuration_error_is_a_surprise() -> None:
    code, text = finished("raise BaseExceptionGroup('both', [ConfigError('x'), KeyError('y')])")

    assert code == 1
    assert "KeyError: 'y'" in text


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_stop_and_main_ends_by_itself_with_0(sig: signal.Signals) -> None:
    body = """
print("up", file=sys.stderr, flush=True)
await stop.wait()
print("bye", file=sys.stderr)
"""
    with subprocess.Popen(program(body), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "up\n"
        process.send_signal(sig)
        text = process.stderr.read()

        assert process.wait(30) == 0
        assert text == "bye\n"


def test_log_lines_name_time_level_and_channel() -> None:
    _, text = finished("import logging; logging.getLogger('edge.service').warning('line is silent')")

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING edge\.service: line is silent\n", text)


# --- boots ------------------------------------------------------------------------------------------------------------


def test_a_boot_is_short_and_looks_like_one() -> None:
    assert re.fullmatch(r"[0-9a-z]{8}-[0-9a-f]{4}", new_boot())


def test_a_boot_tells_when_it_began() -> None:
    assert boot_ms(new_boot(lambda: 1_795_219_199.123)) == 1_795_219_199_123
    assert boot_ms("esp32-4711") is None


def test_two_boots_of_one_instant_differ() -> None:
    boots = {new_boot(lambda: 1_795_219_199.0) for _ in range(20)}

    assert len(boots) > 1


@given(st.floats(0, 2e9), st.floats(0.001, 0.8e9))
def test_later_boots_sort_later(start: float, later: float) -> None:
    """Until 2059, when the milliseconds need a ninth digit."""
    if int(start * 1000) != int((start + later) * 1000):
        assert new_boot(lambda: start) < new_boot(lambda: start + later)


def test_a_boot_holds_the_time() -> None:
    before = int(time.time() * 1000)

    assert int(new_boot().split("-")[0], 36) - before < 60_000


# --- backoff ----------------------------------------------------------------------------------------------------------


def test_waits_double_up_to_the_longest() -> None:
    waits = itertools.islice(backoff(1, 60, rng=lambda: 0.0), 9)

    assert list(waits) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_wait_by_up_to_a_half(chance: float) -> None:
    for wait, full in zip(backoff(1, 60, rng=lambda: chance), [1, 2, 4, 8, 16, 32, 60, 60], strict=False):
        assert full / 2 <= wait <= full
