import asyncio
import tomllib
from collections.abc import Sequence

import pytest

from broker.commands import CommandFailed
from broker.config import convert
from broker.mistakes import Mistakes
from edge.driver import About, Rows, Sample
from edge.line.check import check_line
from edge.line.instrument import LineInstrument
from edge.line.tables import LineTable
from edge.links.base import BadAnswerError, LinkError, NoAnswerError
from tests.edge.support import ABOUT, Collected, ScriptedLink, command
from tests.support.waiting import eventually

POLLED = r"""
terminator = "\n"
init = ["*CLS", "*RST"]
init_pause_ms = 1
[[poll]]
send = "V?"
every_ms = 10
pattern = '(?P<voltage>\S+) V'
[channels.voltage]
unit = "V"
[commands.set_voltage]
send = "V {value:.2f}"
args.value = { type = "float" }
done = 'OK(?: (?P<voltage>\S+))?(?: (?P<note>.*))?'
failed = 'ERR (?P<text>.*)'
sets = "voltage"
[commands.name]
send = "NAME {text}"
args.text = { type = "str" }
[commands.beep]
send = "BEEP"
failed = "ERR.*"
"""
STREAMED = r"""
terminator = "\n"
silence_ms = 300
[[stream]]
pattern = 'C (?P<count>\d+)'
[[stream]]
pattern = 'T (?P<temp>\S+)'
[channels.count]
type = "int"
[channels.temp]
[commands.set]
send = "SET {x:d}"
args.x = { type = "int" }
done = "OK"
"""


def instrument(text: str, about: About = ABOUT) -> LineInstrument:
    mistakes = Mistakes()
    spec = check_line(convert(tomllib.loads(text), LineTable, ""), about.timeout_s, about.stale_ms, mistakes)
    assert mistakes.found == []
    return LineInstrument(about, spec)


class Meter:
    """Answers V? with what was set; ``say`` overrides."""

    def __init__(self) -> None:
        self.volts = 1.0
        self.say: list[Sequence[bytes]] = []

    def __call__(self, data: bytes) -> Sequence[bytes]:
        if self.say:
            return self.say.pop(0)
        if data == b"V?\n":
            return [b"%.2f" % self.volts, b" V\n"]
        if data.startswith(b"V "):
            self.volts = float(data[2:])
            return [b"OK\n"]
        return []


def no_progress(_: float) -> None:
    raise AssertionError("nobody promised progress")


async def test_meta() -> None:
    meta = instrument(POLLED, About("i1", label="Meter", vendor="V", model="M", serial="S", edge="pi")).meta

    assert (meta.name, meta.vendor, meta.model, meta.serial, meta.edge) == ("Meter", "V", "M", "S", "pi")
    assert meta.stale_ms == 5000
    assert meta.channels["voltage"].period_ms == 10
    assert meta.commands["set_voltage"].sets == "voltage"


async def test_start_sends_the_init_lines_and_forgets_the_answers() -> None:
    link = ScriptedLink(lambda data: [b"HELLO\n"])
    await instrument(POLLED).start(link)

    assert link.written == [b"*CLS\n", b"*RST\n"]
    assert link.stray() == b""


async def test_polls_become_samples() -> None:
    link, out = ScriptedLink(Meter()), Collected()
    task = asyncio.create_task(instrument(POLLED).run(link, out))
    await eventually(lambda: len(out.samples) >= 3)
    task.cancel()
    await asyncio.wait([task])

    assert out.samples[0] == Sample({"voltage": 1.0}, 1_000_000_000)


async def test_garbage_is_trouble_and_three_times_in_a_row_an_error() -> None:
    meter = Meter()
    meter.say = [[b"\xff\xfe\n"], [b"1.0 V\n"], [b"x\n"], [b"y\n"], [b"z\n"]]
    link, out = ScriptedLink(meter), Collected()
    with pytest.raises(LinkError, match=r"'z' does not match .* \(3 times in a row\)"):
        await instrument(POLLED).run(link, out)

    assert [s.values["voltage"] for s in out.samples] == [1.0]
    assert r"i1: 'V?': the answer '\xff\xfe' does not match" in out.troubles[0].reason


async def test_a_command_is_sent_judged_and_shown() -> None:
    link, out = ScriptedLink(Meter()), Collected()
    result = await instrument(POLLED).execute(link, command("set_voltage", value=2.345), out, no_progress)

    assert link.written == [b"V 2.35\n", b"V?\n"] or link.written == [b"V 2.35\n", b"V?\n"]
    assert result == {"voltage": 2.35}
    assert out.samples[0].values == {"voltage": 2.35}


async def test_the_answer_may_carry_results() -> None:
    meter = Meter()
    meter.say = [[b"OK 3.5 clipped to 3.5\n"], [b"3.5 V\n"]]
    result = await instrument(POLLED).execute(ScriptedLink(meter), command("set_voltage", value=9.0), Collected(),
                                              no_progress)  # fmt: skip

    assert result == {"voltage": 3.5, "note": "clipped to 3.5"}


@pytest.mark.parametrize(("answer", "code", "said"), [
    (b"ERR out of range\n", "instrument", "the instrument says: out of range"),
    (b"WHAT\n", "bad_answer", "the instrument answered 'WHAT'"),
])  # fmt: skip
async def test_answers_that_mean_failure(answer: bytes, code: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=said) as failed:
        await instrument(POLLED).execute(ScriptedLink(lambda _: [answer]), command("set_voltage", value=9.0),
                                         Collected(), no_progress)  # fmt: skip
    assert failed.value.code == code


async def test_a_command_without_expected_answer_is_done_when_it_is_sent() -> None:
    link = ScriptedLink(lambda _: [])

    assert await instrument(POLLED).execute(link, command("name", text="A1"), Collected(), no_progress) == {}
    assert link.written == [b"NAME A1\n"]


async def test_any_answer_that_is_no_failure_is_done_when_only_failures_are_known() -> None:
    link = ScriptedLink(lambda _: [b"beeped\n"])

    assert await instrument(POLLED).execute(link, command("beep"), Collected(), no_progress) == {}


async def test_no_answer_to_a_command() -> None:
    with pytest.raises(NoAnswerError):
        await instrument(POLLED, About("i1", timeout_s=0.02)).execute(
            ScriptedLink(lambda _: []), command("beep"), Collected(), no_progress
        )


async def test_a_letter_the_line_does_not_have_is_refused_before_anything_is_sent() -> None:
    link = ScriptedLink(lambda _: [])
    with pytest.raises(CommandFailed, match="'µ' cannot be written in ascii"):
        await instrument(POLLED).execute(link, command("name", text="µ"), Collected(), no_progress)

    assert link.written == []


async def test_slow_lines_are_samples_and_fast_ones_blocks() -> None:
    link, out = ScriptedLink(lambda _: []), Collected()
    task = asyncio.create_task(instrument(STREAMED).run(link, out))
    link.feed(b"C 1\n", 0)
    await eventually(lambda: len(out.items) == 1)
    link.feed(b"C 2\n", 2_000_000)
    await eventually(lambda: len(out.items) == 2)
    link.feed(b"C 3\nC 4", 2_010_000)
    link.feed(b"\nC 5\n", 2_020_000)
    await eventually(lambda: len(out.items) == 3)
    task.cancel()
    await asyncio.wait([task])

    assert out.items[:2] == [Sample({"count": 1}, 0), Sample({"count": 2}, 2_000_000)]
    assert out.items[2] == Rows({"count": [3, 4, 5]}, t_us=[2_010_000, 2_020_000, 2_020_000])


async def test_a_fast_stream_gathers_for_40_ms() -> None:
    link, out, slept = ScriptedLink(lambda _: []), Collected(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        link.feed(b"C 3\n", 20_000)
        await asyncio.sleep(0)

    driver = instrument(STREAMED)
    driver.sleep = sleep
    task = asyncio.create_task(driver.run(link, out))
    link.feed(b"C 1\n", 0)
    await eventually(lambda: len(out.items) == 1)
    link.feed(b"C 2\n", 10_000)
    await eventually(lambda: len(out.items) == 2)
    task.cancel()
    await asyncio.wait([task])

    assert slept == [0.04]
    assert [b.cols for b in out.blocks] == [{"count": [2, 3]}]


async def test_a_fast_stream_of_two_kinds_of_lines_keeps_its_order() -> None:
    link, out = ScriptedLink(lambda _: []), Collected()
    task = asyncio.create_task(instrument(STREAMED).run(link, out))
    link.feed(b"C 1\n", 0)
    await eventually(lambda: len(out.items) == 1)
    link.feed(b"C 2\nC 3\nT 4.5\nC 4\n", 10_000)
    await eventually(lambda: len(out.items) == 4)
    task.cancel()
    await asyncio.wait([task])

    assert [b.cols for b in out.blocks] == [{"count": [2, 3]}, {"temp": [4.5]}, {"count": [4]}]


async def test_a_command_to_a_streaming_instrument_gets_the_line_that_is_no_stream() -> None:
    link, out = ScriptedLink(lambda _: [b"C 7\nOK\nT 21.5\n"]), Collected()
    driver = instrument(STREAMED)
    task = asyncio.create_task(driver.run(link, out))
    result = await driver.execute(link, command("set", x=3), out, no_progress)
    await eventually(lambda: len(out.items) == 2)
    task.cancel()
    await asyncio.wait([task])

    assert result == {}
    assert [s.values for s in out.samples] == [{"count": 7}]
    assert [b.cols for b in out.blocks] == [{"temp": [21.5]}]
    assert out.troubles == []


async def test_stream_garbage_is_trouble_and_too_much_of_it_an_error() -> None:
    link, out = ScriptedLink(lambda _: []), Collected()
    task = asyncio.create_task(instrument(STREAMED).run(link, out))
    while not task.done():
        link.feed(b"nonsense\n", 10**6 * len(out.items))
        await asyncio.sleep(0.01)
    with pytest.raises(BadAnswerError, match=r"nothing that can be read within 0\.3 s"):
        await task

    assert "'nonsense' does not match" in out.troubles[0].reason


async def test_a_silent_stream_is_an_error() -> None:
    with pytest.raises(NoAnswerError, match=r"no answer within 0\.3 s"):
        await instrument(STREAMED).run(ScriptedLink(lambda _: []), Collected())
