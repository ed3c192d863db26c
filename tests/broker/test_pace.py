"""When to try again, when to ask, when to give a link up."""

from hypothesis import given
from hypothesis import strategies as st

from broker.pace import KeepAlive, Retry, Verdict


def test_waits_double_to_a_minute() -> None:
    retry = Retry(rng=lambda: 0.0)

    assert [retry.after(None) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_waits_are_shortened_at_random_by_up_to_a_half() -> None:
    retry = Retry(rng=lambda: 1.0)

    assert [retry.after(None) for _ in range(3)] == [0.5, 1, 2]


def test_after_a_good_connection_almost_at_once_and_then_from_one_second() -> None:
    retry = Retry(rng=lambda: 0.5)
    for _ in range(5):
        retry.after(None)

    assert retry.after(10.0) == 0.1
    assert retry.after(None) == 0.75


def test_a_connack_alone_is_not_yet_good() -> None:
    retry = Retry(rng=lambda: 0.0)

    assert [retry.after(9.9) for _ in range(3)] == [1, 2, 4]


def test_three_unexplained_closes_are_another_client_with_this_id() -> None:
    retry = Retry(rng=lambda: 0.0)

    assert [retry.after(0.5, unexplained=True) for _ in range(2)] == [1, 2]
    assert not retry.rival
    assert retry.after(0.5, unexplained=True) == 60
    assert retry.rival
    assert retry.after(0.5, unexplained=True) == 60
    retry.after(60.0, unexplained=True)
    assert not retry.rival


def test_a_broker_that_dies_again_and_again_is_not_another_client() -> None:
    """It refuses connections for a moment in between."""
    retry = Retry(rng=lambda: 0.0)

    for _ in range(5):
        retry.after(0.5, unexplained=True)
        retry.after(None, unexplained=True)
        assert not retry.rival


def test_explained_ends_are_not_another_client() -> None:
    retry = Retry(rng=lambda: 0.0)

    for _ in range(5):
        retry.after(0.5, unexplained=False)
    assert not retry.rival


def test_a_quiet_link_is_asked_and_then_given_up_within_the_interval() -> None:
    alive = KeepAlive(20, now=100)

    assert alive.look(109.9) is Verdict.FINE
    assert alive.due() == 110
    assert alive.look(110) is Verdict.ASK
    assert alive.look(115) is Verdict.FINE
    assert alive.due() == 120
    assert alive.look(120) is Verdict.DEAD


def test_an_answer_keeps_it_alive() -> None:
    alive = KeepAlive(20, now=0)

    assert alive.look(10) is Verdict.ASK
    alive.said(10)
    alive.heard(10.1)
    assert alive.look(19.9) is Verdict.FINE
    assert alive.look(20.2) is Verdict.ASK


def test_who_only_hears_still_says_something() -> None:
    """The broker closes a client that is silent for 1.5 × keep-alive, however much it listens."""
    alive = KeepAlive(20, now=0)
    alive.heard(9.9)

    assert alive.look(10) is Verdict.ASK


def test_who_only_speaks_still_notices_a_dead_link() -> None:
    alive = KeepAlive(20, now=0)
    alive.said(9.9)

    assert alive.look(10) is Verdict.ASK
    alive.said(19.9)
    assert alive.look(20) is Verdict.DEAD


@given(st.lists(st.tuples(st.sampled_from(["heard", "said", "look"]), st.floats(0, 50)), max_size=30))
def test_looking_when_due_never_stands_still(steps: list[tuple[str, float]]) -> None:
    """After a look at the due instant the next one is later, or the link is dead: no busy loop."""
    alive, now = KeepAlive(20, now=0), 0.0
    for what, passed in steps:
        now += passed
        if what == "heard":
            alive.heard(now)
        elif what == "said":
            alive.said(now)
        else:
            verdict = alive.look(now)
            if verdict is Verdict.ASK:
                alive.said(now)
            assert verdict is Verdict.DEAD or alive.due() > now
