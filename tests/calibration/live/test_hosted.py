"""A run in a program: disk first, the record once."""

from pathlib import Path

from broker.messages import Command
from calibration.live.hosted import Hosted
from calibration.live.keep import Keep
from calibration.live.start import begin
from calibration.register import Register
from tests.calibration.live.bench import T0, Bench
from tests.calibration.live.lab import TOPICS, facts, register, wanted


def hosted(tmp_path: Path) -> tuple[Hosted, Bench]:
    made = register(tmp_path / "cal")
    setup = begin(made, wanted(), facts(), TOPICS)
    run = Hosted.new(setup, Keep(made.folder), made, lambda: T0)
    bench = Bench(run.machine)
    run.clock = lambda: bench.now
    return run, bench


async def order(run: Hosted, name: str, id_: str = "", **args: str) -> bool:
    answer = await run.order(
        Command(id=id_ or f"{name}-{run.machine.progress.rev}", name=name, args=dict(args), by="anna"), vouched=True
    )
    return answer.done


async def to_the_end(run: Hosted, bench: Bench) -> None:
    """Up to the last question."""
    bench.fill()
    bench.does("next")
    bench.points()
    bench.does("answer", key="adjust", value="yes")
    bench.does("next")
    bench.points()
    bench.fill()
    assert bench.stage == "finish"


async def test_a_decision_is_on_disk_before_it_is_answered(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    bench.fill()
    assert await order(run, "next")
    assert run.keep.load("r1").progress.stage == "set"


async def test_the_same_command_again_gets_the_same_answer(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    bench.fill()
    assert await order(run, "next", "same")
    rev = run.machine.progress.rev
    assert await order(run, "next", "same")
    assert run.machine.progress.rev == rev


async def test_the_record_is_performed_by_who_finished_it(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    await to_the_end(run, bench)
    assert await order(run, "next")
    assert bench.stage == "done"
    record = run.register.record("K-2026-0001")
    assert record.state == "performed"
    assert record.history[-1].by.authenticated
    assert run.keep.load("r1").progress.record == record.id
    assert Register.open(run.register.folder).entries()[-1].event == "performed"


async def test_killed_after_the_record_was_saved_it_is_not_saved_again(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    await to_the_end(run, bench)
    bench.does("next")
    assert run.machine.ready
    run.machine.set(record=run.register.next_number())
    await run._save()
    run._record("K-2026-0001")

    again = Hosted.again("r1", run.keep, run.register, lambda: bench.now)
    await again.tick()
    assert again.machine.stage == "done"
    assert [r.id for r in run.register.records()] == ["K-2026-0001"]
    assert [e.event for e in run.register.entries()].count("performed") == 1


async def test_a_register_that_refuses_is_told_and_asked_again(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    await to_the_end(run, bench)
    records = run.register.folder / "records"
    records.write_text("a file in the way")
    assert await order(run, "next")
    assert bench.stage == "finish"
    assert "the record cannot be saved" in run.view().error
    records.unlink()
    assert await order(run, "next")
    assert bench.stage == "done"


async def test_a_full_disk_is_shown(tmp_path: Path) -> None:
    run, bench = hosted(tmp_path)
    run.keep.folder.write_text("a file in the way")
    bench.fill()
    await order(run, "next")
    assert "cannot be written" in run.view().error
    run.keep.folder.unlink()
    await run.tick()
    assert run.view().error == ""
