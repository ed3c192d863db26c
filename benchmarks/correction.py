"""CPU of 64 channels at 1 kHz through ``Instrument.block``: as they come, and with a calibration applied to each.

No peer: nothing else corrects at the edge with a record behind it. The row without a calibration is the yardstick.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from broker.agent import Agent, AgentConfig
from broker.calibration import Calibration, Correction, Uncertainty
from broker.config import BrokerConfig
from broker.messages import Channel, Command, Meta, Value

CHANNELS = [f"c{i}" for i in range(64)]
ROWS, BLOCKS_A_S = 40, 25
U = [Uncertainty(x=0, U=0.02), Uncertainty(x=100, U=0.0201)]
TABLE = [(10.0 * i, 0.01 * i) for i in range(11)]
KINDS: dict[str, Calibration | None] = {
    "no calibration": None,
    "u and cal only": Calibration(id="K-1", range=(0, 100), U=U),
    "straight line": Calibration(
        id="K-1", range=(0, 100), U=U, correction=Correction(type="poly", x0=50, scale=50, coef=[-0.5, 0.25])
    ),
    "cubic": Calibration(
        id="K-1", range=(0, 100), U=U, correction=Correction(type="poly", x0=50, scale=50, coef=[-0.5, 0.25, 0.1, 0.01])
    ),
    "table of 11": Calibration(id="K-1", range=(0, 100), U=U, correction=Correction(type="table", points=TABLE)),
}


async def _nothing(command: Command, progress: Callable[[float], None]) -> dict[str, Value]:
    return {}


async def once(calibration: Calibration | None, seconds: int) -> tuple[float, float]:
    """(CPU s per second of signal, spooled bytes per sample)."""
    rng = random.Random(1)
    blocks = [{c: [50 + rng.gauss(0, 3) for _ in range(ROWS)] for c in CHANNELS} for _ in range(5)]
    meta = Meta(channels={c: Channel(unit="V") for c in CHANNELS})
    with tempfile.TemporaryDirectory() as folder:
        async with Agent(BrokerConfig(port=1), "pi", AgentConfig(data_dir=folder), version="1") as edge:
            one = edge.instrument("i1", meta, _nothing, correct=True)
            one.calibrate(dict.fromkeys(CHANNELS, calibration) if calibration else {})
            begun = time.process_time()
            for k in range(seconds * BLOCKS_A_S):
                one.block(blocks[k % 5], t0_us=1_795_000_000_000_000 + k * 40_000, dt_us=1000)
            cpu = time.process_time() - begun
            size = sum(path.stat().st_size for path in Path(folder).rglob("*.seg"))
    return cpu / seconds, size / seconds / (len(CHANNELS) * ROWS * BLOCKS_A_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| 64 × 1 kHz | CPU of one core | bytes a sample on disk |\n|---|---:|---:|")
    for name, calibration in KINDS.items():
        found = [asyncio.run(once(calibration, args.seconds)) for _ in range(args.rounds)]
        print(f"| {name} | {100 * statistics.median(f[0] for f in found):.1f} % | {found[0][1]:.0f} |")


if __name__ == "__main__":
    main()
