"""Values of a real instrument's connection, through a real broker."""

import asyncio
import time

import pytest

from broker.messages import Data
from calibration.live.reading import NothingRead, good, mean, read
from tests.bridge_ws.bench import instrument
from tests.support.broker import TestBroker


async def test_the_mean_of_the_next_values(mosquitto: TestBroker) -> None:
    async with instrument(mosquitto) as balance:
        wanted = asyncio.ensure_future(read(mosquitto.config("viewer"), "balance1", "weight", time.time, timeout_s=25))
        while not wanted.done():
            await balance.sample(weight=200.01)
            await balance.sample(weight=float("1e9"), q={"weight": "bad"})
            await asyncio.sleep(0.02)
        assert await wanted == "200.010"


async def test_a_silent_channel_is_said(mosquitto: TestBroker) -> None:
    with pytest.raises(NothingRead, match="balance1/weight gave no good value"):
        await read(mosquitto.config("viewer"), "balance1", "weight", time.time, timeout_s=0.5)


def test_only_good_numbers_of_now() -> None:
    def message(**more: object) -> Data:
        return Data(ts=2000, boot="b-1", seq=0, values={"a": 1.5, "b": True}, **more)  # type: ignore[arg-type]

    assert good(message(), "a", 2.0) == ["1.5"]
    assert good(message(), "a", 2.1) == []
    assert good(message(), "b", 0) == []
    assert good(message(), "c", 0) == []
    assert good(message(q={"a": "bad"}), "a", 0) == []


@pytest.mark.parametrize(
    ("values", "middle"), [(["1.0", "1.1", "1.1"], "1.07"), (["5", "6"], "5.5"), (["1e-07"], "0.00000010")]
)
def test_one_digit_more(values: list[str], middle: str) -> None:
    assert mean(values) == middle
