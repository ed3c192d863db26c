import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.messages import Block, Data, decode
from broker.topics import Kind
from logger.store import History
from logger.store.melt import AT
from tests.logger.support import BOOT, T_MS, Packet, block, data, meta, open_store, packet, write

DB = "labwire.db"


def replayed(folder: Path) -> list[Data | Block]:
    """Every sample message of the log, written again and read back."""
    with History(folder / DB) as history:
        entries = history.log(None, None, None, 10_000)
        return [
            decode(Kind.BLOCK if e.block else Kind.DATA, history.payload(e) or b"")
            for e in entries
            if e.seq is not None
        ]


def original(sent: Packet) -> Data | Block:
    message: Data | Block = decode(Kind.BLOCK if sent.topic.endswith("block") else Kind.DATA, sent.payload)
    return message


def test_every_message_comes_back_with_the_same_content(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    described = meta(temp="float", n="int", big="int64", on="bool", mode="str")
    rev = described.rev
    sent = [
        data(0, {"temp": 21.5, "n": 3, "big": "9223372036854775807", "on": True, "mode": "ramp"}, rev=rev),
        data(1, {"temp": None, "n": 4}, q={"temp": "nan"}, u={"n": 0.5}, us=7, rev=rev),
        block(2, 40, rev=rev, cal={"temp": "c-1"}, fold=2),
        block(
            42,
            3,
            {"temp": [1.0, None, 3.0]},
            t_us=[T_MS + 5, T_MS, T_MS + 9],
            q={"temp": {"1": "nan"}},
            rev=rev,
        ),
        block(40, 4, {"temp": [k / 8 for k in (40, 41)] + [1.0, None]}, late=True, rev=rev),
        block(0, 1, {"temp": [9.0]}, u={"temp": [0.25]}, rev=rev),
    ]
    write(store, packet(Kind.META, described), *sent)
    found = replayed(tmp_path)

    assert found[:4] == [original(s) for s in sent[:4]]
    assert isinstance(found[4], Block)
    assert found[4].cols["temp"] == [5.0, 5.125, 1.0, None]
    assert isinstance(found[5], Block)
    assert found[5].cols["temp"] == [21.5], "a repetition with other values: the store has the first"


def test_values_that_did_not_fit_are_in_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    described = meta(temp="float", n="int")
    sent = [
        data(0, {"temp": True, "n": 1}, rev=described.rev),
        block(1, 3, {"temp": [1.0, "hot", 3.0], "n": [1, 2, 2.5]}, rev=described.rev),
    ]
    write(store, packet(Kind.META, described), *sent)

    assert replayed(tmp_path) == [original(s) for s in sent]


def test_after_melting_too(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    sent = [data(seq, {"temp": seq / 8, "mode": "x" * (seq % 3)}, us=seq) for seq in range(AT)]
    for each in sent:
        write(store, each)

    assert replayed(tmp_path) == [original(s) for s in sent]


def test_without_identity(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    sent = packet(Kind.DATA, Data(ts=T_MS, values={"temp": 1.0}))
    write(store, sent)

    assert replayed(tmp_path) == [original(sent)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(2, 60)), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_overlapping_blocks_are_cut_out_of_many_pieces(tmp_path: Path, spans: list[tuple[int, int]]) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    store = open_store(folder)
    sent = [block(seq, n, late=True) for seq, n in spans]
    for each in sent:
        write(store, each)

    assert replayed(folder) == [original(s) for s in sent]
    assert BOOT in sent[0].payload.decode()
