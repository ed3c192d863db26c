"""The outbox: what is dropped, what is never dropped, and that it is always bounded."""

from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.outbox import Outbox


def test_the_newest_value_wins() -> None:
    box = Outbox()
    box.values({1: (5, 1.0, None), 2: (5, 2.0, None)})
    box.values({1: (6, 1.5, "bad")})

    assert box.take_values() == {1: (6, 1.5, "bad"), 2: (5, 2.0, None)}
    assert not box


def test_the_oldest_frames_are_dropped_and_counted() -> None:
    box = Outbox(most_frames=3)
    for k in range(5):
        box.frame(bytes([k]))

    assert box.take_lag() == 2
    assert box.take_lag() == 0
    assert [box.next_frame() for _ in range(4)] == [b"\2", b"\3", b"\4", None]


def test_plain_messages_may_be_many_more_than_frames() -> None:
    box = Outbox(most_frames=40, most_messages=2000)
    for k in range(2500):
        box.frame(f"m{k}")

    assert box.take_lag() == 500
    assert box.next_frame() == "m500"


def test_frames_are_bounded_in_bytes_but_one_always_fits() -> None:
    box = Outbox(most_bytes=1000)
    for _ in range(5):
        box.frame(b"x" * 600)

    assert box.waiting_bytes == 600
    box.frame(b"y" * 5000)
    assert box.next_frame() == b"y" * 5000


def test_control_is_never_dropped_and_too_much_of_it_ends_the_client() -> None:
    box = Outbox(most_control=2)
    box.control("a")
    box.control("b")
    assert not box.overflowed
    box.control("c")

    assert box.overflowed
    assert [box.next_control() for _ in range(3)] == ["a", "b", None]


def test_a_dropped_frame_alone_is_worth_telling() -> None:
    box = Outbox(most_frames=1)
    box.frame(b"a")
    box.frame(b"b")
    box.next_frame()

    assert box
    assert box.take_lag() == 1
    assert not box


STEP = st.one_of(
    st.builds(lambda n: ("frame", b"x" * n), st.integers(0, 300)),
    st.builds(lambda n: ("message", "x" * n), st.integers(0, 300)),
    st.builds(lambda n: ("control", "x" * n), st.integers(0, 300)),
    st.builds(lambda n: ("values", n), st.integers(0, 9)),
    st.just(("take", 0)),
)


@given(st.lists(STEP, max_size=100))
def test_it_is_bounded_whatever_happens(steps: list[tuple[str, object]]) -> None:
    box = Outbox(most_control=5, most_control_bytes=800, most_frames=4, most_messages=20, most_bytes=1000)
    put = taken = 0
    for what, item in steps:
        match what:
            case "frame" | "message":
                box.frame(item)  # type: ignore[arg-type]
                put += 1
            case "control":
                box.control(item)  # type: ignore[arg-type]
            case "values":
                box.values({item: (0, 1.0, None)})  # type: ignore[dict-item]
            case _:
                taken += box.next_frame() is not None
                box.next_control()
        assert box.waiting_bytes <= 800 + 1000
    while box.next_frame() is not None:
        taken += 1

    assert taken + box.dropped == put
