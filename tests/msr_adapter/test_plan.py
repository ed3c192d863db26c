"""What is subscribed for a configuration, from what a server offers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import Block, Value, encode
from msr_adapter.catalog import Catalog, Setting, Signal
from msr_adapter.plan import Planned, plan, reading_s, writes
from msr_adapter.wire import layout_of
from msr_adapter.wire.layout import Layout
from msr_adapter.wire.requests import MAX_BLOCK
from tests.msr_adapter.support import instrument

DOUBLE = layout_of("TDBL")


def signal(path: str, hz: float = 1000.0, *, task: int = 0, layout: Layout = DOUBLE, index: int = 0) -> Signal:
    return Signal(path.encode(), index, layout, task, hz)


def setting(path: str, typ: str = "TDBL", **more: int) -> Setting:
    return Setting(path.encode(), 0, layout_of(typ, **more), 0)


OFFER = Catalog(
    (
        signal("/Taskinfo/0/Period", index=0),
        signal("/a/fast", index=1),
        signal("/a/decimated", 100.0, index=2),
        signal("/a/vector", layout=layout_of("TSHORT_LIST", columns=3), index=3),
        signal("/b/slow", 10.0, task=1, index=4),
    ),
    (setting("/p/gain"), setting("/p/count", "TUCHAR"), setting("/p/list", "TDBL_LIST", columns=3)),
    (("/a/strange", "TQUAD"),),
)


def planned(text: str, offer: Catalog = OFFER) -> Planned:
    return plan([instrument(text)], offer)[0]


def kinds(one: Planned) -> list[tuple[str, int, int, list[int]]]:
    return [(s.mode, s.reduction, s.blocksize, s.indices) for s in one.streams]


def test_full_is_each_signals_own_rate() -> None:
    one = planned('signals = ["/a/fast", "/a/dec*", "/a/vector", "/b/**"]')

    assert kinds(one) == [("block", 1, 40, [1, 3]), ("block", 10, 4, [2]), ("sample", 1, 1, [4])]
    assert [s.group for s in one.streams] == [0, 1, 2]
    assert [s.task for s in one.streams] == [0, 0, 1]
    assert one.problems == ()


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ('"full"', ("block", 1, 40)),
        ("{ every = 10 }", ("block", 10, 4)),
        ("{ every = 50 }", ("sample", 50, 1)),
        ("{ per_second = 21 }", ("block", 48, 1)),
        ("{ per_second = 20 }", ("sample", 50, 1)),
        ("{ per_second = 5000 }", ("block", 1, 40)),
        ("{ per_second = 0.001 }", ("sample", 1_000_000, 1)),
        ('"on_change"', ("change", 50, 1)),
    ],
)
def test_rates(rate: str, expected: tuple[str, int, int]) -> None:
    ((mode, reduction, blocksize, _),) = kinds(planned(f'signals = ["/a/fast"]\nrate = {rate}'))

    assert (mode, reduction, blocksize) == expected


def test_the_last_set_that_names_a_signal_has_it() -> None:
    one = planned('signals = ["/a/*"]\nexclude = ["/a/vec*"]\nrate = { every = 100 }\n'
                  '[[instrument.set]]\nsignals = ["/a/fast"]\n')  # fmt: skip

    assert kinds(one) == [("block", 1, 40, [1]), ("sample", 100, 1, [2])]


def test_what_is_not_there_is_named() -> None:
    one = planned('signals = ["/a/fast", "/no/such", "/a/strange"]\nparameters = ["/q/**"]\n'
                  '[[instrument.parameter]]\npath = "/p/none"\nmin = 0\nmax = 1\n')  # fmt: skip

    assert one.problems == (
        "no signal on the server for /no/such, /a/strange",
        "of a type this version does not know: /a/strange",
        "no parameter on the server for /q/**, /p/none",
    )
    assert list(one.channels) == ["a_fast"]


def test_channels_say_where_they_come_from() -> None:
    one = planned('signals = ["/a/vector", "/b/slow"]\nchannels."/a/**" = { unit = "V", label = "Voltage" }\n'
                  'channels."/b/slow" = { range = [0, 5], resolution = 0.1, group = "Slow ones" }')  # fmt: skip

    vector, slow = one.channels["a_vector_2"], one.channels["b_slow"]
    assert (vector.type, vector.unit, vector.label, vector.group, vector.source) == (
        "int", "V", "Voltage 2", "a", "/a/vector[2]",
    )  # fmt: skip
    assert (slow.label, slow.group, slow.range, slow.period_ms) == ("slow", "Slow ones", (0, 5), 100)


@pytest.mark.parametrize(
    ("keys", "stale_ms"),
    [
        ('signals = ["/b/slow"]', 5000),
        ('signals = ["/c/**"]', 30_000),  # 10 s from one sample to the next
        ('signals = ["/a/decimated"]\nblock_ms = 4000', 12_000),  # a frame of 4 s
        ('signals = ["/c/**"]\nstale_ms = 700', 700),
        ('signals = ["/c/**"]\nrate = "on_change"', 30_000),
        ('signals = ["/a/*"]\nrate = "on_change"', 5000),  # read again before
    ],
)
def test_what_comes_seldom_is_not_old_before_it_can_come(keys: str, stale_ms: int) -> None:
    offer = Catalog((*OFFER.signals, signal("/c/slowest", 0.1, task=2)), ())
    one = planned(keys, offer)

    assert one.stale_ms == stale_ms
    assert reading_s([one]) == pytest.approx(0.6 * stale_ms / 1000)


def test_a_thousand_parameters_are_old_only_after_the_time_their_reading_takes() -> None:
    one = planned('parameters = ["**"]', Catalog((), tuple(setting(f"/p/{k}") for k in range(1200))))

    assert (reading_s([one]), one.stale_ms) == (6.0, 10_000)


def test_a_table_that_no_message_holds_is_left_out_and_named() -> None:
    table = layout_of("TDBL_MATRIX", rows=200, columns=200)
    offer = Catalog((signal("/big", layout=table), signal("/small")), (Setting(b"/map", 0, table, 0),))
    one = planned('signals = ["**"]\nparameters = ["**"]', offer)

    assert list(one.channels) == ["small"]
    assert one.problems == (
        "/big has 40000 elements, more than 4096 are not read",
        "/map has 40000 elements, more than 4096 are not read",
    )


def test_several_instruments_never_share_a_group() -> None:
    tables = [instrument('signals = ["/a/*"]'), instrument('signals = ["/a/*", "/b/*"]')]
    groups = [s.group for p in plan(tables, OFFER) for s in p.streams]

    assert groups == list(range(len(groups)))


@given(
    st.integers(1, 3000), st.integers(1, 80), st.sampled_from([10.0, 25.0, 1000.0, 10_000.0]), st.floats(0.01, 60_000)
)
def test_every_frame_fits_into_a_message_and_every_signal_is_in_one(
    count: int, width: int, hz: float, block_ms: float
) -> None:
    offer = Catalog(tuple(signal(f"/{'n' * width}/{k}", hz, index=k) for k in range(count)), ())
    one = planned(f'signals = ["**"]\nblock_ms = {block_ms}', offer)

    assert sorted(i for s in one.streams for i in s.indices) == list(range(count))
    for stream in one.streams:
        assert 1 <= stream.blocksize <= MAX_BLOCK
        cols: dict[str, list[Value]] = {
            c: [-1.2345678901234567e-100] * stream.blocksize for col in stream.columns for c in col.channels
        }
        t_us = [1795219199000000] * stream.blocksize
        assert len(encode(Block(boot="mh8x2k3q-7f3a", seq=2**50, n=stream.blocksize, cols=cols, t_us=t_us))) < 75_000


def test_a_writable_parameter_is_a_command_with_limits() -> None:
    one = planned('parameters = ["/p/*"]\n[[instrument.parameter]]\npath = "/p/gain"\nmin = 0\nmax = 10\nunit = "dB"\n'
                  'max_step = 2\nconfirm = true\n')  # fmt: skip

    assert list(one.channels) == ["p_gain", "p_count", "p_list_0", "p_list_1", "p_list_2"]
    ((name, spec),) = one.commands.items()
    value = spec.args["value"]
    assert (name, spec.sets, spec.confirm, spec.label) == ("set_p_gain", "p_gain", True, "Set gain")
    assert (value.type, value.min, value.max, value.unit, value.label) == (
        "float",
        0,
        10,
        "dB",
        "gain, by 2 at most",
    )
    assert one.channels["p_gain"].unit == "dB"


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("min = 0\nmax = 300", "/p/count cannot be set: max = 300 is no integer from 0 to 255, the range of its type"),
        ("min = 0.5\nmax = 3", "/p/count cannot be set: min = 0.5 is no integer"),
        ("min = 0\nmax = 1\nnon_finite = true", "it is an integer, non_finite is for floats"),
    ],
)
def test_limits_that_the_type_cannot_hold_make_no_command(keys: str, problem: str) -> None:
    one = planned(f'[[instrument.parameter]]\npath = "/p/count"\n{keys}\n')

    assert one.commands == {}
    assert problem in one.problems[0]
    assert list(one.channels) == ["p_count"]  # its value is shown all the same


def test_access_is_asked_for_only_where_something_may_be_written() -> None:
    assert not writes([instrument('parameters = ["/p/*"]')])
    assert writes([instrument('[[instrument.parameter]]\npath = "/p/gain"\nmin = 0\nmax = 1\n')])
