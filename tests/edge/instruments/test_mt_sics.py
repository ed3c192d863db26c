import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.commands import CommandFailed
from broker.config import ConfigError, convert
from edge.driver import About
from edge.instruments.mt_sics import Balance, BalanceOptions, SicsError, Weight, parse_done, parse_text, parse_weight
from edge.links.base import BadAnswerError, LinkError
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulating
from tests.edge.support import ABOUT, Collected, ScriptedLink, command, serial_link, supervised
from tests.support.waiting import eventually


@pytest.mark.parametrize(("line", "weight"), [
    (b"S S     100.00 g\r\n", Weight(100.0, "g", "stable")),
    (b"S D    -0.0012 g\r\n", Weight(-0.0012, "g", "moving")),
    (b"S S       12 PCS\r\n", Weight(12.0, "PCS", "stable")),
    (b"S S   1.5\r\n", Weight(1.5, "", "stable")),
    (b"S I\r\n", Weight(None, "", "busy")),
    (b"S +\r\n", Weight(None, "", "overload")),
    (b"S -\r\n", Weight(None, "", "underload")),
])  # fmt: skip
def test_weights_of_the_manual(line: bytes, weight: Weight) -> None:
    assert parse_weight(line) == weight


@given(st.decimals(-999_999, 999_999, places=4), st.sampled_from("SD"), st.sampled_from(["g", "kg", "mg", "ct"]))
def test_any_weight_comes_back(value: object, status: str, unit: str) -> None:
    weight = parse_weight(f"S {status} {value:>10} {unit}\r\n".encode())

    assert weight == Weight(float(str(value)), unit, "stable" if status == "S" else "moving")


@given(st.binary(max_size=40))
def test_garbage_is_never_a_weight_by_surprise(line: bytes) -> None:
    with contextlib.suppress(SicsError):
        assert parse_weight(line).state in ("stable", "moving", "busy", "overload", "underload")


@pytest.mark.parametrize(("line", "said"), [
    (b"ES\r\n", "does not know the command"), (b"ET\r\n", "garbled bytes"), (b"EL\r\n", "cannot execute"),
    (b"S\r\n", "not an answer to S"), (b"T S 1.0 g\r\n", "not an answer to S"), (b"S X 1.0 g\r\n", "not a weight"),
    (b"S S one g\r\n", "not a weight"), (b"\xff\xff\r\n", "not ASCII"), (b"\r\n", "not an answer"),
])  # fmt: skip
def test_what_is_no_weight(line: bytes, said: str) -> None:
    with pytest.raises(SicsError, match=said):
        parse_weight(line)


def test_texts() -> None:
    assert parse_text(b'I4 A "B021002593"\r\n', "I4") == "B021002593"
    with pytest.raises(SicsError):
        parse_text(b"I4 I\r\n", "I4")


@pytest.mark.parametrize("line", [b"Z A\r\n", b"T S   10.0 g\r\n", b"T D   10.0 g\r\n"])
def test_done(line: bytes) -> None:
    parse_done(line, line[:1].decode())


@pytest.mark.parametrize(("line", "code"), [
    (b"T I\r\n", "busy"), (b"T +\r\n", "overload"), (b"T -\r\n", "underload"), (b"T L\r\n", "parameter"),
])  # fmt: skip
def test_refusals_say_why(line: bytes, code: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        parse_done(line, "T")
    assert failed.value.code == code


def test_options() -> None:
    assert convert({"every_ms": 1000, "unit": "kg"}, BalanceOptions, "").unit == "kg"
    with pytest.raises(ConfigError, match="every_ms is at least 20"):
        convert({"every_ms": 1}, BalanceOptions, "")


def balance(**options: object) -> Balance:
    return Balance(ABOUT, BalanceOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("answer", "quality"), [(b"S I", "bad"), (b"S +", "+inf"), (b"S -", "-inf")])
async def test_no_weight_has_a_quality_instead(answer: bytes, quality: str) -> None:
    sample = await balance()._weigh(ScriptedLink(lambda _: [answer + b"\r\n"]))

    assert sample.values == {"weight": None, "stable": False}
    assert sample.q == {"weight": quality}


async def test_another_unit_is_never_taken_for_the_declared_one() -> None:
    with pytest.raises(BadAnswerError, match="weighs in ct, g was expected"):
        await balance()._weigh(ScriptedLink(lambda _: [b"S S 1.0 ct\r\n"]))


async def test_an_error_answer_is_a_bad_answer_with_the_manuals_words() -> None:
    with pytest.raises(BadAnswerError, match=r"i1: the balance cannot execute the command now \(EL\)"):
        await balance()._weigh(ScriptedLink(lambda _: [b"EL\r\n"]))


async def test_another_device_is_not_a_balance() -> None:
    with pytest.raises(LinkError, match="not an answer to I4"):
        await balance().start(ScriptedLink(lambda _: [b"EUROSTAR\r\n"]))


async def test_a_refused_command_fails_with_the_reason() -> None:
    def busy(data: bytes) -> list[bytes]:
        return [b"T I\r\n"]

    with pytest.raises(CommandFailed, match="busy or was not stable"):
        await balance().execute(ScriptedLink(busy), command("tare"), Collected(), print)


async def test_the_display_takes_ascii_without_quotes() -> None:
    link = ScriptedLink(lambda _: [b"D A\r\n"])
    await balance().execute(link, command("display", text="lot 7"), Collected(), print)

    assert link.written == [b'D "lot 7"\r\n']
    for text in ('say "hi"', "µ", "a\r\nZ"):
        with pytest.raises(CommandFailed, match="ASCII"):
            await balance().execute(link, command("display", text=text), Collected(), print)
    assert len(link.written) == 1


async def test_the_simulated_balance_weighs_tares_and_zeroes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.simulators.balance.SETTLE_S", 0.05)
    monkeypatch.setattr("edge.simulators.balance.STILL_S", 0.2)
    async with (
        simulating([parse_word("mt-sics:b")], tmp_path, seed=1) as sims,
        supervised(balance(every_ms=50), serial_link(tmp_path, "b")) as (one, out),
    ):
        sims["b"].tell("load", "50")
        await eventually(lambda: out.latest("weight") > 49.9 and out.samples[-1].values["stable"] is True)
        tared = await one.execute(command("tare", ttl_ms=20_000), print)
        await one.execute(command("clear_tare"), print)
        await eventually(lambda: out.latest("weight") > 49.9)
        await one.execute(command("zero"), print)
        await eventually(lambda: abs(out.latest("weight")) < 0.01)
        sims["b"].tell("load", "300")
        await eventually(lambda: out.samples[-1].q == {"weight": "+inf"})

    meta = out.metas[-1]
    assert (meta.vendor, meta.model, meta.serial) == ("Mettler-Toledo", "MS204TS", "B021002593")
    assert tared["weight"] == pytest.approx(0, abs=0.002)
    assert any(s.values["stable"] is False for s in out.samples)
    assert out.state == "online"


def test_meta_is_what_the_page_shows() -> None:
    meta = Balance(About("b"), BalanceOptions()).meta

    assert meta.channels["weight"].unit == "g"
    assert meta.channels["weight"].resolution == 0.0001
    assert meta.channels["stable"].type == "bool"
    assert set(meta.commands) == {"tare", "clear_tare", "zero", "display", "display_weight"}
