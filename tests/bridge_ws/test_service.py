"""The whole bridge: real broker, real web server, real clients."""

from pathlib import Path

from tests.bridge_ws.bench import bridge, instrument
from tests.support.broker import TestBroker


async def test_an_instrument_appears_with_its_values(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        described = await page.until(op="describe", state="online")
        await page.send(op="sub", id=1, filter="lab/+/data", mode="latest")
        ts = await balance.sample(weight=21.5, stable=True)
        value = await page.value("balance1", "weight", 21.5)

        assert described["meta"]["name"] == "Balance"
        assert value == [ts, 21.5, None]
