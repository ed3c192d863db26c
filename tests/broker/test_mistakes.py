import pytest

from broker.config import ConfigError
from broker.mistakes import Mistakes


def test_sentences_say_where_and_come_together() -> None:
    mistakes = Mistakes(where="edge.toml: ")
    here = mistakes.within("instrument 'x'")
    here.add("one")
    here.within("poll 1").add("two")

    assert mistakes.found == ["edge.toml: instrument 'x': one", "edge.toml: instrument 'x': poll 1: two"]


def test_attempt_keeps_going_after_a_mistake_and_stops_at_a_surprise() -> None:
    mistakes = Mistakes()

    assert mistakes.attempt(int, "7") == 7
    assert mistakes.attempt(int, "seven") is None
    with mistakes.noting():
        raise ConfigError("told")
    assert mistakes.found == ["invalid literal for int() with base 10: 'seven'", "told"]
    with pytest.raises(KeyError):
        mistakes.attempt({}.__getitem__, "x")
