"""What the bridge knows, message by message."""

from typing import Any

from bridge_ws.rings import Rings
from bridge_ws.world import MOST_INSTRUMENTS, World
from broker.messages import Block, Calibration, Channel, Data, EdgeStatus, Hold, Meta, Run, ServiceStatus, Status

META = Meta(edge="pi", channels={"x": Channel()})


class Now:
    """A clock in the test's hand, ms."""

    def __init__(self, ms: float = 1_000_000) -> None:
        self.ms = ms

    def __call__(self) -> float:
        return self.ms


def world(now: Now | None = None) -> World:
    made = World(Rings(), now or Now())
    made.broker(True, 1, "")
    return made


def status(state: str = "online", **more: Any) -> Status:
    fields: dict[str, Any] = {"state": state, "boot": "b", "ts": 1, "edge": "pi"}
    return Status(**fields | more)


def data(seq: int, x: float, ts: int = 1_000_000) -> Data:
    return Data(ts=ts, boot="b", seq=seq, values={"x": x})


def test_an_instrument_comes_and_goes() -> None:
    w = world()
    w.meta("a", META)
    w.status("a", status(), None)
    w.data("a", data(0, 1.0), b"")
    assert not w.drop_if_gone("a")
    w.meta("a", None)
    assert not w.drop_if_gone("a")
    w.status("a", None, None)

    assert w.drop_if_gone("a")
    assert not w.instruments
    assert not w.registry.of("a")


def test_duplicates_change_nothing() -> None:
    w = world()
    assert w.data("a", data(0, 1.0), b"") is not None
    assert w.data("a", data(0, 2.0), b"") is None

    assert [latest[1] for latest in w.instruments["a"].latest.values()] == [1.0]


def test_late_blocks_are_history_not_now() -> None:
    now = Now()
    w = world(now)
    w.data("a", data(9, 9.0), b"")
    late = Block(boot="b", seq=0, n=2, t_us=[5_000_000, 6_000_000], cols={"x": [1.0, 2.0]}, late=True)

    assert w.block("a", late) is None
    assert [latest[1] for latest in w.instruments["a"].latest.values()] == [9.0]
    now.ms += 1000
    (hint,) = w.backfill.due(now.ms)
    assert (hint.instrument, hint.from_ms, hint.to_ms) == ("a", 5000, 6001)


def test_heartbeats_are_not_news() -> None:
    w = world()

    assert w.status("a", status(ts=1), None)
    assert not w.status("a", status(ts=2, hold=[Hold(boot="b", first=0, next=9)]), None)
    assert w.status("a", status(ts=3, hold=[Hold(boot="b", first=0, next=9, lost=4)]), None)
    assert w.status("a", status("degraded", ts=4), None)


def test_an_edge_takes_its_instruments_along() -> None:
    w = world()
    w.meta("a", META)
    w.status("a", status(), None)
    w.edge_status("pi", EdgeStatus(state="lost", boot="e"), None)

    assert w.links().instruments["a"].state == "lost"
    assert w.links().edges["pi"].state == "lost"


def test_silence_does_not_count_while_the_broker_is_down() -> None:
    now = Now()
    w = world(now)
    w.status("a", status(edge=""), None)
    w.broker(False, 1, "no link")
    now.ms += 600_000
    assert w.links().instruments["a"].state == "online"
    assert w.links().broker == "down"
    w.broker(True, 2, "")
    now.ms += 80_000
    assert w.links().instruments["a"].state == "online"
    now.ms += 10_001
    assert w.links().instruments["a"].state == "lost"


def test_a_connection_lost_between_two_looks_is_noticed() -> None:
    now = Now()
    w = world(now)
    w.data("a", data(0, 1.0), b"")
    before = w.covers_from_ms("a")
    now.ms += 5000
    w.broker(True, 2, "")

    assert w.covers_from_ms("a") == before + 5000


def test_services_tell_their_figures() -> None:
    w = world()
    w.service_status("logger/main", ServiceStatus(state="holding", boot="b", figures={"rows": 5}), None)

    peer = w.links().services["logger/main"]
    assert (peer.state, peer.figures) == ("holding", {"rows": 5})
    w.service_status("logger/main", None, None)
    assert not w.links().services


def test_a_late_will_of_a_service_is_not_believed() -> None:
    w = world()
    w.service_status("logger/main", ServiceStatus(state="online", boot="b2", ts=5), None)
    w.service_status("logger/main", ServiceStatus(state="lost", boot="b1", conn=3), None)

    assert w.links().services["logger/main"].state == "online"


def test_only_an_old_will_makes_no_service() -> None:
    w = world()
    w.service_status("logger/main", ServiceStatus(state="lost", boot="b1", conn=3), None)

    assert w.links().services["logger/main"].state == "lost"


def test_a_calibration_is_news_once() -> None:
    w = world()
    w.meta("a", META)
    calibration = {"x": Calibration(id="c1")}

    assert w.calibration("a", calibration)
    assert not w.calibration("a", calibration)
    assert w.describe(w.instruments["a"]).calibration == calibration
    assert w.calibration("a", {})
    assert w.describe(w.instruments["a"]).calibration == {}
    assert not w.calibration("a", {})


def test_a_calibration_may_come_before_its_instrument_and_makes_none() -> None:
    w = world()
    calibration = {"x": Calibration(id="c1")}
    w.calibration("a", calibration)
    assert not w.drop_if_gone("a")
    assert not w.instruments

    w.meta("a", META)
    assert w.describe(w.instruments["a"]).calibration == calibration


def test_a_channel_that_changes_its_type_loses_its_value() -> None:
    w = world()
    w.meta("a", META)
    w.data("a", data(0, 1.0), b"")
    (info,) = w.meta("a", Meta(channels={"x": Channel(type="str")}))

    assert info.type == "str"
    assert not w.instruments["a"].latest


def test_runs_are_kept_until_they_are_many() -> None:
    w = world()
    for k in range(1200):
        w.run(f"r{k}", Run(run=f"r{k}", name="n", start=k, by="a", end=k + 1))
    w.run("on", Run(run="on", name="n", start=1, by="a"))

    assert len(w.runs) <= 1001
    assert "on" in w.runs
    w.run("on", None)
    assert "on" not in w.runs


def test_more_instruments_than_there_can_be_are_counted() -> None:
    w = world()
    for k in range(MOST_INSTRUMENTS):
        w.data(f"i{k}", data(0, 1.0), b"")

    assert w.data("one-more", data(0, 1.0), b"") is None
    assert w.refused_instruments == 1


def test_a_wrong_clock_is_said() -> None:
    w = world()
    w.data("a", data(0, 1.0, ts=1_000_000 - 60_000), b"")

    link = w.links().instruments["a"]
    assert (link.clock_ms, link.age_ms) == (60_000, 0)
