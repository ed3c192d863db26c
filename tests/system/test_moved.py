"""An instrument moves from one edge to another while the first still has something to deliver; with a real logger."""

from pathlib import Path

from logger.config import LoggerConfig
from logger.store import History
from tests.broker.test_agent import META, agent, nothing
from tests.logger.test_service import logger
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


def stored(config: LoggerConfig) -> int:
    if not config.database.exists():
        return 0
    with History(config.database) as history:
        return sum(len(rows.chunk) for rows in history.rows("balance1", None, 0, 2**62))


async def test_what_the_former_edge_has_spooled_is_stored_and_it_is_told_so(
    mosquitto: TestBroker, tmp_path: Path
) -> None:
    await mosquitto.stop()
    async with agent(mosquitto, tmp_path / "1") as former:
        balance = former.instrument("balance1", META, nothing)
        for k in range(100):
            balance.sample({"weight": k})
    await mosquitto.start()
    async with (
        logger(mosquitto, tmp_path) as config,
        agent(mosquitto, tmp_path / "2", "edge-other") as other,
    ):
        new = other.instrument("balance1", META, nothing)
        new.status("online")
        await eventually(lambda: new.announced)
        new.sample({"weight": 0})
        async with agent(mosquitto, tmp_path / "1") as former:
            old = former.instrument("balance1", META, nothing)
            await eventually(lambda: old.rival == "other")
            await eventually(lambda: stored(config) == 101, 20, "all stored")
            await eventually(lambda: not former._outbox.waiting, 20, "told that it is stored")
        assert not new.rival
