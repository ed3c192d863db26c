"""The life of a command: each state once, exactly one end, and a late word that corrects."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.ops import DoCommand
from bridge_ws.pending import GRACE_MS, KEEP_MS, MOST, Commands, CommandState, Pending
from broker.messages import TERMINAL, Problem, Reply


class Asker:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.states: list[CommandState] = []

    def tell(self, state: CommandState) -> None:
        self.states.append(state)

    @property
    def names(self) -> list[str]:
        return [s.state for s in self.states]


def started(ttl_ms: int = 1000, timeout_ms: int = 5000) -> tuple[Commands, Asker]:
    commands, asker = Commands(), Asker()
    ask = DoCommand("c1", "oven1", "heat", ttl_ms=ttl_ms)
    commands.add(Pending("ID", ask, asker, by="olga", now_ms=0, timeout_ms=timeout_ms))
    return commands, asker


def reply(state: str, **more: Any) -> Reply:
    return Reply(id="ID", state=state, ts=1, **more)  # type: ignore[arg-type]


def test_the_usual_life() -> None:
    commands, asker = started()
    commands.sent("ID")
    commands.reply(reply("accepted"), "oven1", 10)
    commands.reply(reply("running", progress=0.5), "oven1", 20)
    assert len(commands) == 1
    commands.reply(reply("done", result={"value": 450.0}), "oven1", 30)

    assert asker.names == ["sent", "accepted", "running", "done"]
    assert {s.id for s in asker.states} == {"c1"}
    assert asker.states[2].progress == 0.5
    assert asker.states[3].result == {"value": 450.0}
    assert len(commands) == 0


def test_an_answer_faster_than_the_brokers_word_stands() -> None:
    commands, asker = started()
    commands.reply(reply("done"), "oven1", 10)
    commands.sent("ID")

    assert asker.names == ["done"]


def test_nobody_answers() -> None:
    commands, asker = started(ttl_ms=1000)
    commands.sent("ID")
    assert commands.expire(1000 + GRACE_MS) == 0
    assert commands.expire(1001 + GRACE_MS) == 1

    assert asker.names == ["sent", "no_answer"]
    assert asker.states[-1].error is not None


def test_a_late_answer_corrects_and_nothing_corrects_that() -> None:
    commands, asker = started()
    commands.expire(10_000)
    assert commands.reply(reply("accepted"), "oven1", 11_000)
    assert commands.reply(reply("failed", error=Problem(code="door")), "oven1", 12_000)
    assert not commands.reply(reply("done"), "oven1", 13_000)

    assert asker.names == ["no_answer", "accepted", "failed"]


def test_once_accepted_the_commands_own_time_counts() -> None:
    commands, asker = started(ttl_ms=1000, timeout_ms=60_000)
    commands.reply(reply("accepted"), "oven1", 500)
    assert commands.expire(60_500 + GRACE_MS) == 0
    commands.reply(reply("running"), "oven1", 60_000)
    assert commands.expire(120_000 + GRACE_MS) == 0
    assert commands.expire(120_001 + GRACE_MS) == 1

    assert asker.names == ["accepted", "running", "no_answer"]


def test_another_instrument_cannot_answer() -> None:
    commands, asker = started()

    assert not commands.reply(reply("done"), "pump1", 10)
    assert asker.names == []


def test_what_could_not_be_sent_has_failed() -> None:
    commands, asker = started()
    commands.fail("ID", Problem(code="not_sent", message="not authorised"))

    assert asker.names == ["failed"]
    assert not commands.reply(reply("done"), "oven1", 10)


def test_finished_ones_are_forgotten_in_time() -> None:
    commands, _ = started()
    commands.reply(reply("done"), "oven1", 0)
    commands.expire(5000 + GRACE_MS + KEEP_MS)
    assert commands.get("ID") is not None
    commands.expire(5001 + GRACE_MS + KEEP_MS)
    assert commands.get("ID") is None


def test_the_table_is_bounded() -> None:
    commands = Commands()
    for k in range(MOST + 5):
        commands.add(Pending(str(k), DoCommand("c", "i", "n"), Asker(), by="", now_ms=0, timeout_ms=1))

    assert commands.get("4") is None
    assert commands.get("5") is not None


STEPS = st.one_of(
    st.sampled_from(["accepted", "running", "done", "failed", "rejected", "expired"]),
    st.just("sent"),
    st.integers(0, 20_000),
)


@given(st.lists(STEPS, max_size=30))
def test_at_most_one_terminal_state_and_nothing_after_it(steps: list[str | int]) -> None:
    commands, asker = started()
    now = 0.0
    for step in steps:
        match step:
            case "sent":
                commands.sent("ID")
            case str():
                commands.reply(reply(step), "oven1", now)
            case int():
                now += step
                commands.expire(now)

    ends = [k for k, name in enumerate(asker.names) if name in TERMINAL]
    assert len(ends) <= 1
    assert not ends or ends[0] == len(asker.names) - 1
