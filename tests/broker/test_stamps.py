from hypothesis import given
from hypothesis import strategies as st

from broker.stamps import Stamps

streams = st.sampled_from(["", "/a", "/b"])


@given(st.lists(st.one_of(st.none(), st.tuples(streams, st.integers(0, 9), st.integers(0, 3))), max_size=40))
def test_no_stamp_comes_twice_in_a_stream_not_even_after_a_kill(script: list[tuple[str, int, int] | None]) -> None:
    """None: the process is killed, and what was noted on disk is from the beginning of that run."""
    used: set[tuple[str, int, int]] = set()
    stamps, since = Stamps({}), dict[str, tuple[int, int]]()
    run: list[tuple[int, int]] = []
    for step in script:
        if step is None:
            stamps = Stamps(since)
            stamps.found("i", run)
            since, run = dict(stamps.noted), []
            continue
        stream, first, length = step
        fold = stamps.take("i", first, first + length, stream)
        new = {(stream, t, fold) for t in range(first, first + length + 1)}
        assert not new & used
        used |= new
        run.append((first + length, fold))


def test_an_end_that_nothing_was_found_in_changes_nothing() -> None:
    stamps = Stamps({"i": (7, 1)})
    stamps.found("i", [])

    assert stamps.last("i") == 7
    assert stamps.take("i", 8, None, "") == 1
    assert stamps.take("i", 8, None, "") == 2
