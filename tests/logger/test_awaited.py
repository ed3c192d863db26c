from collections.abc import Sequence

from broker.messages import Commit, Hold, Mark, ServiceStatus, Status
from logger.awaited import AFTER_S, Alarm, Awaited
from logger.share import Share
from tests.logger.support import BOOT

LATE = AFTER_S + 1


def holds(next_: int, first: int = 0, stored_by: str = "main", records: int = 0, state: str = "online") -> Status:
    return Status(
        state=state,  # type: ignore[arg-type]
        boot=BOOT,
        edge="pi",
        stored_by=stored_by,
        hold=[Hold(BOOT, first, next_)],
        ehold=[Hold(BOOT, 0, records)],
    )


def stored(upto: int, have: Sequence[tuple[int, int]] = (), eupto: int = -1) -> Commit:
    return Commit(store="s", run="r", boots={BOOT: Mark(upto, list(have))}, eboots={BOOT: Mark(eupto)})


def there(name: str, state: str = "online") -> tuple[str, ServiceStatus]:
    return name, ServiceStatus(state=state, boot=BOOT)  # type: ignore[arg-type]


def of(awaited: Awaited, at: float) -> list[tuple[str, str]]:
    return [(alarm.instrument, alarm.state) for alarm in awaited.due(at)]


def main(*patterns: str) -> Awaited:
    return Awaited("main", Share(patterns or ("*",)))


def test_an_edge_that_is_told_nothing_for_five_minutes_once_and_until_it_is() -> None:
    awaited = main()
    awaited.status("oven1", holds(41, records=3))
    assert of(awaited, 0) == of(awaited, AFTER_S - 1) == []
    assert awaited.due(AFTER_S) == [
        Alarm(
            "oven1",
            "raised",
            "41 sample sets and 3 replies or events wait at the edge 'pi' to be stored, for 5 minutes and more:"
            " the logger 'main' has said nothing of them",
        )
    ]
    assert awaited.raised == 1
    assert of(awaited, 2 * AFTER_S) == []
    awaited.commit("main", "oven1", stored(40))
    assert of(awaited, 2 * AFTER_S) == []  # the records still wait
    awaited.commit("main", "oven1", stored(40, eupto=2))
    assert of(awaited, 2 * AFTER_S) == [("oven1", "cleared")]
    assert (awaited.raised, of(awaited, 9 * AFTER_S)) == (0, [])


def test_nothing_waits_where_everything_is_stored_or_gone() -> None:
    awaited = main()
    awaited.commit("main", "idle", stored(9))  # retained, heard before the status
    awaited.status("idle", holds(10))
    awaited.status("empty", holds(10, first=10))
    awaited.status("lost", holds(10, state="lost"))
    assert of(awaited, 0) == of(awaited, LATE) == []


def test_a_slow_backlog_is_no_alarm_but_an_overflowing_spool_is_no_progress() -> None:
    awaited = main()
    awaited.status("slow", holds(1000))
    awaited.status("holes", holds(1000))
    awaited.status("full", holds(1000))
    found = []
    for minute in range(20):
        awaited.commit("main", "slow", stored(minute))
        awaited.commit("main", "holes", stored(0, have=[(500, 500 + minute)]))
        awaited.status("full", holds(1000 + minute, first=minute))
        found += of(awaited, 60.0 * minute)
    assert found == [("full", "raised")]


def test_another_loggers_watermark_is_none() -> None:
    """An edge obeys only the logger it names."""
    awaited = main()
    awaited.status("oven1", holds(10, stored_by="kilns"))
    awaited.commit("main", "oven1", stored(9))
    assert of(awaited, 0) == []
    (alarm,) = awaited.due(LATE)
    assert alarm.text.endswith("the logger 'kilns' is not there (stored_by)")
    awaited.status("oven1", holds(10))
    assert of(awaited, LATE) == [("oven1", "cleared")]


def test_each_instrument_is_looked_after_by_the_logger_it_names_while_that_is_there() -> None:
    awaited = main()
    awaited.logger(*there("kilns"))
    awaited.status("kiln1", holds(10, stored_by="kilns"))
    awaited.status("plant", holds(10, stored_by=""))
    assert of(awaited, 0) == []
    assert of(awaited, LATE) == [("plant", "raised")]
    awaited.logger(*there("kilns", "lost"))
    assert of(awaited, LATE) == []
    assert of(awaited, 2 * LATE) == [("kiln1", "raised")]


def test_an_instrument_of_nobody_is_somebodys_alarm() -> None:
    awaited = main("!kiln*")
    awaited.status("kiln1", holds(10, stored_by=""))
    awaited.status("kiln2", holds(10, stored_by="main"))
    assert of(awaited, 0) == []
    assert of(awaited, LATE) == [("kiln2", "raised")]
