import pytest

from labwire.shown import number, printable, size, span, table


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0 B"), (999, "999 B"), (1234, "1.23 kB"), (75e9, "75 GB"), (3e16, "3e+04 TB")]
)
def test_sizes(value: float | None, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.42, "0.4 s"),
        (12, "12 s"),
        (300, "5 min"),
        (5999, "100 min"),
        (72_000, "20 h"),
        (300_000, "3 d"),
    ],
)
def test_spans(value: float | None, text: str) -> None:
    assert span(value) == text


def test_numbers() -> None:
    assert (number(None), number(1216.04)) == ("–", "1216")


def test_a_terminal_is_not_commanded_from_the_wire() -> None:
    assert printable("a\x1b[2Jb\nc µ") == "a\\x1b[2Jb\\x0ac µ"
    assert "\x1b" not in "".join(table(("name", "state"), [("x\x1b[31m", "online")]))


def test_columns_are_aligned() -> None:
    assert table(("a", "b"), [("long", "x"), ("s", "y")]) == ["a     b", "long  x", "s     y"]


def test_states_have_colours_and_titles_none() -> None:
    first, online, lost = table(("n", "state"), [("a", "online"), ("b", "lost")], colour=True)
    assert "\x1b" not in first
    assert "\x1b[32monline\x1b[0m" in online
    assert "\x1b[31mlost  \x1b[0m" in lost
