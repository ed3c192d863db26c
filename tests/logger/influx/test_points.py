from broker.messages import EdgeStatus, Event, Note, Problem, Reply, Run, ServiceStatus, Status, encode
from broker.topics import Kind, Topic
from logger.influx.points import MS, record, statuses
from logger.influx.refusals import parse
from tests.logger.support import BOOT, T_MS


def fields(line: bytes) -> dict[str, str]:
    return {k.decode(): v.decode() for k, v in parse(line).fields}


def test_a_reply_says_what_was_asked_and_what_became_of_it() -> None:
    reply = Reply(
        id="c1",
        state="failed",
        ts=T_MS,
        name="set_speed",
        by="anna",
        args={"rpm": 300, "mode": "slow"},
        error=Problem("busy", "in use"),
        boot=BOOT,
        eseq=7,
    )

    (line,) = record(Kind.REPLY, "stirrer1", encode(reply), 99)

    assert parse(line).head == b"reply,instrument=stirrer1,state=failed"
    assert int(parse(line).stamp) == T_MS * MS + 7
    assert fields(line) == {
        "text": '"set_speed rpm=300 mode=slow: failed (busy: in use)"',
        "id": '"c1"',
        "name": '"set_speed"',
        "by": '"anna"',
        "args": '"{\\"rpm\\": 300, \\"mode\\": \\"slow\\"}"',
        "error": '"busy: in use"',
    }


def test_an_event_has_its_kind_and_severity_as_tags() -> None:
    event = Event(ts=T_MS, kind="over temp", text="hot", severity="critical", state="raised", channel="temp")

    (line,) = record(Kind.EVENT, "oven1", encode(event), 12)

    assert parse(line).head == b"event,instrument=oven1,kind=over\\ temp,severity=critical,state=raised"
    assert int(parse(line).stamp) == T_MS * MS + 12  # it has no number of its own
    assert fields(line) == {"text": '"hot"', "channel": '"temp"'}


def test_a_note_and_a_run_are_one_point_for_each_instrument() -> None:
    note = Note(ts=T_MS, text="refilled", by="anna", instruments=["oven1", "oven2"])
    begun = Run(run="r1", name="batch 7", start=T_MS, by="anna")
    ended = Run(run="r1", name="batch 7", start=T_MS, end=T_MS + 5, by="anna", instruments=["oven1"])

    assert [parse(p).head for p in record(Kind.NOTE, "", encode(note), 1)] == [
        b"note,instrument=oven1",
        b"note,instrument=oven2",
    ]
    (start,), (end,) = record(Kind.RUN, "", encode(begun), 1), record(Kind.RUN, "", encode(ended), 2)
    assert (parse(start).head, parse(end).head) == (b"run,state=started", b"run,instrument=oven1,state=ended")
    assert int(parse(end).stamp) == (T_MS + 5) * MS + 2
    assert fields(end)["end_ms"] == f"{T_MS + 5}i"


def test_what_cannot_be_read_has_no_point() -> None:
    assert record(Kind.EVENT, "oven1", b"{}", 1) == []


def test_a_status_is_a_point_when_it_changes() -> None:
    known: dict[str, str] = {}
    topic = Topic(Kind.STATUS, "oven1")
    online = encode(Status(state="online", boot=BOOT, ts=T_MS, edge="pi"))
    will = encode(Status(state="lost", boot=BOOT))

    first = list(statuses([(topic, T_MS + 1, online), (topic, T_MS + 2, online), (topic, T_MS + 3, will)], known))
    again = list(statuses([(topic, T_MS + 4, will), (topic, T_MS + 5, b"rubbish")], known))

    assert [parse(p).head for p in first] == [
        b"status,instrument=oven1,state=online",
        b"status,instrument=oven1,state=lost",
    ]
    assert [int(parse(p).stamp) for p in first] == [T_MS * MS, (T_MS + 3) * MS]  # a will does not know the time
    assert (fields(first[0])["up"], fields(first[1])["up"]) == ("true", "false")
    assert again == []


def test_services_and_edges_are_points_with_their_figures_every_time() -> None:
    service = ServiceStatus(state="online", boot=BOOT, ts=T_MS, figures={"samples": 3, "lag_ms": None, "disk": "good"})
    edge = EdgeStatus(state="online", boot=BOOT, ts=T_MS, figures={"spool_bytes": 5})
    heard = [
        (Topic(Kind.SERVICE_STATUS, "main", "logger"), T_MS, encode(service)),
        (Topic(Kind.EDGE_STATUS, "pi"), T_MS, encode(edge)),
    ]

    first, second = list(statuses([*heard], {}))

    assert parse(first).head == b"service,name=main,service=logger"
    assert fields(first) == {"state": '"online"', "reason": '""', "samples": "3.0", "disk": '"good"'}
    assert (parse(second).head, fields(second)["spool_bytes"]) == (b"service,name=pi,service=edge", "5.0")
