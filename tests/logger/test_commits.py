from broker.messages import Mark
from logger.commits import Commits
from logger.store.writer import Watermark


def upto(n: int) -> Watermark:
    return Watermark({"b": Mark(upto=n)}, {})


def test_at_most_one_a_second_and_the_newest() -> None:
    commits = Commits()
    commits.put("oven1", upto(1))
    assert commits.due(10.0) == [("oven1", upto(1))]
    commits.put("oven1", upto(2))
    commits.put("oven1", upto(3))
    commits.put("balance1", upto(7))

    assert commits.due(10.5) == [("balance1", upto(7))]
    assert commits.due(11.0) == [("oven1", upto(3))]
    assert commits.due(99.0) == []


def test_without_progress_nothing_is_said() -> None:
    commits = Commits()
    commits.put("oven1", upto(1))
    commits.due(0.0)
    commits.put("oven1", upto(1))

    assert commits.due(5.0) == []


def test_after_a_connect_everything_is_said_again() -> None:
    commits = Commits()
    commits.put("oven1", upto(1))
    commits.due(0.0)
    commits.again()

    assert commits.due(0.1) == [("oven1", upto(1))]


def test_going_back_is_said_too() -> None:
    commits = Commits()
    commits.put("oven1", upto(5))
    commits.due(0.0)
    commits.put("oven1", upto(-1))

    assert commits.due(1.0) == [("oven1", upto(-1))]


def test_nobody_to_tell() -> None:
    commits = Commits()
    commits.put("oven1", Watermark({}, {}))

    assert commits.due(0.0) == []


def test_a_source_with_a_backlog_does_not_wait_for_the_second() -> None:
    commits = Commits()
    commits.put("oven1", upto(1))
    commits.due(0.0)
    commits.put("oven1", upto(2), urgent=True)

    assert commits.due(0.1) == [("oven1", upto(2))]
    commits.put("oven1", upto(3))
    assert commits.due(0.2) == []
