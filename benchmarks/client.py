"""CPU time per QoS 1 message: broker.client beside paho-mqtt and aiomqtt, on one Mosquitto.

Each measurement is a process of its own that only receives or only publishes; the rounds of the peers alternate, so
that a busy machine is busy for all of them. Counted is the CPU time of the whole process (all its threads) from the
first message to the last acknowledgement; connecting and imports are not.
"""

import argparse
import asyncio
import logging
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import mosquitto
from broker.acl import User
from broker.client import Client
from broker.config import BrokerConfig
from broker.topics import Kind, Topics

USER = User("edge-bench", "edge", ("bench",))
TOPIC = Topics().of("bench", Kind.STATUS)  # an edge may write and read it
PAYLOAD = (
    b'{"ts":1795219199123,"boot":"mh8x2k3q-7f3a","seq":123456,"values":{"temp":21.437,"valve":true,"mode":"ramp"}}'
)
WINDOW = 500
READY = "ready"


def began() -> float:
    """Tell the parent that the peer is ready, and take the time."""
    print(READY, flush=True)
    return time.process_time()


# --- labwire ---


def _client(port: int) -> Client:
    password_file = Path("password")
    config = BrokerConfig(port=port, user=USER.name, password_file=str(password_file))
    return Client(config, f"bench-{secrets.token_hex(4)}", max_outstanding=WINDOW)


async def labwire_receive(port: int, count: int) -> float:
    async with _client(port) as client:
        client.subscribe(TOPIC)
        await client.subscribed()
        begin, left = began(), count
        async for message in client.messages:
            client.ack(message)
            left -= 1
            if not left:
                break
        return time.process_time() - begin


async def labwire_batch_receive(port: int, count: int) -> float:
    async with _client(port) as client:
        client.subscribe(TOPIC)
        await client.subscribed()
        begin, left = began(), count
        while left > 0:
            for message in await client.batch():
                client.ack(message)
                left -= 1
        return time.process_time() - begin


async def labwire_publish(port: int, count: int) -> float:
    async with _client(port) as client:
        await client.room()
        begin = began()
        for _ in range(0, count, WINDOW):
            await asyncio.gather(*(client.publish(TOPIC, PAYLOAD) for _ in range(WINDOW)))
        return time.process_time() - begin


# --- paho, without its thread: the cheapest way to use it ---


def _paho(port: int) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(USER.name, Path("password").read_text(encoding="utf-8"))
    client.max_inflight_messages_set(WINDOW)
    client.connect("127.0.0.1", port)
    while not client.is_connected():
        client.loop(0.1)
    return client


async def paho_receive(port: int, count: int) -> float:
    client, left = _paho(port), count
    granted: list[int] = []

    def on_message(_client: paho.Client, _userdata: object, _message: paho.MQTTMessage) -> None:
        nonlocal left
        left -= 1

    client.on_message = on_message
    client.on_subscribe = lambda _c, _u, mid, _codes, _properties: granted.append(mid)
    client.subscribe(TOPIC, 1)
    while not granted:
        client.loop(0.1)
    begin = began()
    while left > 0:
        client.loop(0.1)
    used = time.process_time() - begin
    client.disconnect()
    return used


async def paho_publish(port: int, count: int) -> float:
    client, left = _paho(port), count

    def on_publish(*_args: object) -> None:
        nonlocal left
        left -= 1

    client.on_publish = on_publish
    begin = began()
    for k in range(0, count, WINDOW):
        for _ in range(WINDOW):
            client.publish(TOPIC, PAYLOAD, 1)
        while left > count - k - WINDOW:
            client.loop(0.1)
    used = time.process_time() - begin
    client.disconnect()
    return used


# --- aiomqtt ---


def _aiomqtt(port: int) -> aiomqtt.Client:
    secret = Path("password").read_text(encoding="utf-8")
    quiet = logging.getLogger("aiomqtt")  # it warns at each publish beyond the tenth that waits
    quiet.setLevel(logging.ERROR)
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        username=USER.name,
        password=secret,
        protocol=aiomqtt.ProtocolVersion.V5,
        max_inflight_messages=WINDOW,
        max_concurrent_outgoing_calls=WINDOW,
        logger=quiet,
    )


async def aiomqtt_receive(port: int, count: int) -> float:
    async with _aiomqtt(port) as client:
        await client.subscribe(TOPIC, 1)
        begin, left = began(), count
        async for _message in client.messages:
            left -= 1
            if not left:
                break
        return time.process_time() - begin


async def aiomqtt_publish(port: int, count: int) -> float:
    async with _aiomqtt(port) as client:
        begin = began()
        for _ in range(0, count, WINDOW):
            await asyncio.gather(*(client.publish(TOPIC, PAYLOAD, 1) for _ in range(WINDOW)))
        return time.process_time() - begin


PEERS = {
    "labwire": (labwire_receive, labwire_publish),
    "labwire, batches": (labwire_batch_receive, None),
    "paho-mqtt": (paho_receive, paho_publish),
    "aiomqtt": (aiomqtt_receive, aiomqtt_publish),
}
LABWIRE, PAHO = "labwire", "paho-mqtt"


# --- one process a measurement ---


def start(folder: Path, peer: str, what: str, port: int, count: int) -> subprocess.Popen[str]:
    """Start a measurement and wait until its peer is ready."""
    command = [sys.executable, "-m", "benchmarks.client", "--peer", peer, "--what", what]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--count", str(count)], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if line != READY:
        process.kill()
        raise SystemExit(f"{peer} could not {what}: {line or 'it said nothing'}")
    return process


def finish(process: subprocess.Popen[str]) -> float:
    """The CPU seconds it used."""
    try:
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    return float(out)


def receive_cost(folder: Path, peer: str, port: int, count: int) -> float:
    receiver = start(folder, peer, "receive", port, count)
    finish(start(folder, LABWIRE, "publish", port, count))
    return finish(receiver)


def publish_cost(folder: Path, peer: str, port: int, count: int) -> float:
    return finish(start(folder, peer, "publish", port, count))


# --- the table ---


def measure(folder: Path, port: int, count: int, rounds: int) -> dict[tuple[str, str], float]:
    """(peer, what) → median CPU time per message, µs."""
    costs: dict[tuple[str, str], list[float]] = {}
    kinds: list[tuple[str, int, Callable[[Path, str, int, int], float]]] = [
        ("receive", 0, receive_cost),
        ("publish", 1, publish_cost),
    ]
    for _ in range(rounds):
        for what, which, cost in kinds:
            for peer in (p for p, functions in PEERS.items() if functions[which]):
                costs.setdefault((peer, what), []).append(cost(folder, peer, port, count) / count * 1e6)
    return {key: statistics.median(values) for key, values in costs.items()}


def table(costs: dict[tuple[str, str], float]) -> str:
    """Markdown; × is how many times the CPU of labwire a peer needs."""
    lines = ["| CPU per QoS 1 message | receive | × | publish | × |", "|---|---:|---:|---:|---:|"]
    for peer in PEERS:
        cells = []
        for what in ("receive", "publish"):
            cost = costs.get((peer, what))
            cells += ["", ""] if cost is None else [f"{cost:.1f} µs", f"{cost / costs[LABWIRE, what]:.1f}"]
        lines.append(f"| {peer} | {' | '.join(cells)} |")
    return "\n".join(lines)


async def compare(count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, port, password = Path(name), mosquitto.free_port(), secrets.token_hex(8)
        mosquitto.prepare(folder, {USER: password}, port=port)
        (folder / "password").write_text(password, encoding="utf-8")
        async with mosquitto.running(folder):
            costs = await asyncio.to_thread(measure, folder, port, count, rounds)
    print(table(costs))
    print(f"\nmedians of {rounds} rounds of {count} messages of {len(PAYLOAD)} bytes")
    for what, aim in (("receive", 4.0), ("publish", 2.5)):
        ratio = costs[PAHO, what] / costs[LABWIRE, what]
        verdict = "reached" if ratio >= aim else "MISSED"
        print(f"{what}: {ratio:.1f} × less than paho-mqtt, the aim is {aim:g} ×: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000, help=f"messages a round, a multiple of {WINDOW}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--what", choices=("receive", "publish"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.peer:
        asyncio.run(compare(args.count, args.rounds))
        return
    function = PEERS[args.peer][args.what == "publish"]
    assert function is not None
    print(asyncio.run(function(args.port, args.count)))


if __name__ == "__main__":
    main()
