"""How a run begins: what the instruments say, what the register has in force, then every check."""

import asyncio
import secrets
from dataclasses import replace

from broker.runtime import Clock
from broker.topics import Topics
from calibration.live.host import Host
from calibration.live.plan import Setup
from calibration.live.start import Facts, NotBegun, Wanted, begin, instruments
from calibration.publish import messages
from calibration.register import Register, RegisterError


async def prepare(host: Host | None, register: Register, wanted: Wanted, topics: Topics, wait_s: float) -> Setup:
    """Everything that is fixed for the run. ``host`` None: nothing is live. Raises NotBegun."""
    names = instruments(wanted, topics)
    if host is None and names:
        raise NotBegun(f"{', '.join(names)} can only be heard with a broker: -c calibration.toml")
    facts = await host.facts(names, wait_s) if host is not None and names else Facts()
    return await asyncio.to_thread(checked, register, wanted, facts, topics)


def checked(register: Register, wanted: Wanted, facts: Facts, topics: Topics) -> Setup:
    """The same where nothing has to be waited for; blocks on the register. Raises NotBegun."""
    try:
        known = replace(facts, in_force=messages(register, round(wanted.begin * 1000)))
    except RegisterError as e:
        raise NotBegun(str(e)) from e
    return begin(register, wanted, known, topics)


def new_run(clock: Clock) -> str:
    """A name for a run: it sorts by time and is its own."""
    from calibration.live.times import second

    stamp = second(clock()).replace("-", "").replace(":", "").lower()
    return f"{stamp[:8]}-{stamp[9:15]}-{secrets.token_hex(2)}"
