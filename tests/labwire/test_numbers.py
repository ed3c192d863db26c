import pytest

from broker.messages import Value
from labwire.numbers import number_text


@pytest.mark.parametrize(
    ("value", "resolution", "text"),
    [
        (100.0, 0.0001, "100.0000"),
        (21.437, 0.5, "21.4"),
        (1234.4, 10, "1234"),
        (1.23456, None, "1.235"),
        (True, 1, "true"),
    ],
)
def test_digits(value: Value, resolution: float | None, text: str) -> None:
    assert number_text(value, resolution) == text
