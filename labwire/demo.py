"""``labwire demo``: a whole labwire on this machine, every part a process of its own, nothing pretended.

Mosquitto, simulated instruments behind pseudo-terminals and the edge that reads them, a simulated plant and the adapter
that reads it, the logger and the bridge with the page. Its data stays in one folder, so the next start has history.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from broker import mosquitto
from broker.config import ConfigError
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, run, set_up_logging
from edge.simulators.run import tell
from labwire import demo_calibration, live, net, page
from labwire.demo_folder import INSTRUMENTS, PLANT, DemoFolder, Ports, open_folder
from labwire.processes import Child, Died, Processes, Program, python

LEVELS = ("debug", "info", "warning", "error")
FIRST = ("mosquitto", "instruments", "plant")
"""Are started together; everything else needs them."""
READY_S = 60.0
"""How long the page may take; a slow machine needs ten seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line."""

    data: Path
    host: str
    port: int
    seconds: float | None
    table: bool


class _Stop(Exception):
    """Ends the task group: a signal came or the time is over."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo until Ctrl-C, until --seconds are over, or until one of its processes dies (then 1)."""
    args = _parser().parse_args(argv)
    set_up_logging(args.log_level)
    if args.link:
        return print_link(args.data)
    # Whoever works with a broker of their own has these set; the demo's parts must not go there.
    for name in [name for name in os.environ if name.startswith("LABWIRE_")]:
        del os.environ[name]
    settings = Settings(args.data, args.host, args.port, args.seconds, not args.no_table)
    failures: list[str] = []

    async def body(stop: asyncio.Event) -> None:
        failures.extend(await demo(settings, stop))

    code = run(body)
    for failure in failures:
        print(f"labwire demo: {failure}", file=sys.stderr)
    return EXIT_SURPRISE if failures else code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="labwire demo",
        description="A whole labwire on this machine: a broker, simulated instruments, the log and the page.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="the page's port (the next free one if it is taken)")
    parser.add_argument("--host", default="127.0.0.1", help="the page's address; 0.0.0.0 for other machines' browsers")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("labwire-data"),
        help="where data, logs and secrets stay; default: %(default)s",
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after so long")
    parser.add_argument("--link", action="store_true", help="print the operator's link again and end")
    parser.add_argument("--no-table", action="store_true", help="no live table in the terminal")
    parser.add_argument(
        "--log-level", choices=LEVELS, default="warning", help="of the demo itself; the parts write DATA/logs"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def print_link(data: Path) -> int:
    """Print the link of the demo in ``data``; a remark when none runs there."""
    folder = DemoFolder(data)
    if not folder.link_file.exists():
        print(f"labwire demo: there was no demo in {data} yet", file=sys.stderr)
        return EXIT_CONFIG
    print(folder.link_file.read_text(encoding="utf-8").strip())
    try:
        with open_folder(data):
            print("(no demo runs there now)", file=sys.stderr)
    except ConfigError:
        pass  # it is held: a demo runs
    return EXIT_OK


async def demo(settings: Settings, stop: asyncio.Event) -> list[str]:
    """Start everything, show it, end it. Returns what went wrong, one text each. Raises ConfigError."""
    failures: list[str] = []
    with open_folder(settings.data) as folder:
        ports = choose_ports(settings)
        wanted = _prepare(folder, ports)
        async with Processes(folder.logs) as processes:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_stopper(stop), name="stopper")
                    await _start(wanted, folder, processes, group)
                    await _ready(folder, ports)
                    await _show(settings, folder, ports, group)
                    raise _Stop
            except* (Died, page.NotReady) as problems:
                failures += [str(e) for e in problems.exceptions]
            except* _Stop:
                pass
            print("stopping …" if not failures else "stopping the others …", flush=True)
    return failures


async def _stopper(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _Stop


def choose_ports(settings: Settings) -> Ports:
    """The wanted ports, or free ones in their place, saying so. Raises ConfigError."""
    try:
        page_port = net.port_near(settings.host, settings.port)
    except OSError as e:
        raise ConfigError(f"--host {settings.host} is no address of this machine: {e.strerror or e}") from e
    ports = Ports(settings.host, page_port, net.port_near("127.0.0.1", 1883), net.port_near("127.0.0.1", 2345))
    for wanted, got, what in (
        (settings.port, ports.page, "page"),
        (1883, ports.broker, "broker"),
        (2345, ports.plant, "plant"),
    ):
        if wanted != got:
            print(f"port {wanted} is taken, the {what} uses {got}", flush=True)
    return ports


def _prepare(folder: DemoFolder, ports: Ports) -> list[Program]:
    """Write the configurations; what is to be started. Raises ConfigError."""
    try:
        folder.prepare(ports)
        return programs(folder, ports)
    except mosquitto.MosquittoError as e:
        raise ConfigError(str(e)) from e


async def _start(wanted: list[Program], folder: DemoFolder, processes: Processes, group: asyncio.TaskGroup) -> None:
    print(f"starting in {folder.path} (each process writes to logs/) …", flush=True)
    first = [await _launch(program, processes, group) for program in wanted if program.name in FIRST]
    for child in first:
        await _settled(child, folder)
    for program in wanted:
        if program.name not in FIRST:
            await _launch(program, processes, group)


async def _launch(program: Program, processes: Processes, group: asyncio.TaskGroup) -> Child:
    child = await processes.start(program)
    group.create_task(child.watch(), name=f"watch {program.name}")
    return child


async def _ready(folder: DemoFolder, ports: Ports) -> None:
    """Print the address when the page really works. Raises NotReady."""
    await page.works(f"http://{_local(ports.host)}:{ports.page}", folder.token(), [*INSTRUMENTS, *PLANT], READY_S)
    link = folder.link(ports, net.shown_host(ports.host))
    folder.keep_link(link)
    print(f"\nThe page is ready:  {link}\nCtrl-C ends everything; the data stays.\n", flush=True)
    if ports.host not in net.LOOPBACK:
        print("The page is open to the network, without encryption: whoever has this link may command.\n", flush=True)


def programs(folder: DemoFolder, ports: Ports) -> list[Program]:
    """What is started, in this order."""
    simulated = [f"{kind}:{name}" for name, kind in INSTRUMENTS.items()]
    plant = ("--port", str(ports.plant), "--signals", "2", "--control", str(folder.plant_control))
    return [
        Program("mosquitto", (mosquitto.find(), "-c", "mosquitto.conf"), cwd=folder.mosquitto),
        Program("instruments", python("labwire", "edge", "simulate", *simulated, "--dir", str(folder.lines))),
        Program("plant", python("labwire", "msr", "simulate", *plant)),
        *(
            Program(name, python("labwire", name, "run", "--config", str(folder.config(name))))
            for name in ("logger", "bridge", "edge", "msr")
        ),
        Program("calibration", python("labwire", "cal", "serve", "--config", str(folder.config("calibration")))),
    ]


async def _settled(child: Child, folder: DemoFolder) -> None:
    """Wait until what needs ``child`` can be started: broker and plant listen, the serial lines are there."""
    if child.program.name == "mosquitto":
        await page.until(lambda: mosquitto.READY.search(child.output()) is not None)
    elif child.program.name == "instruments":
        await page.until(lambda: all(os.path.exists(folder.lines / name) for name in INSTRUMENTS))
        tell(folder.lines, demo_calibration.BATH, f"tau {demo_calibration.TAU_S}")
    elif child.program.name == "plant":
        await page.until(folder.plant_control.exists)


async def _show(settings: Settings, folder: DemoFolder, ports: Ports, group: asyncio.TaskGroup) -> None:
    """The table, until the time is over (for ever without ``seconds``)."""
    if settings.table:
        picture = live.Picture()
        group.create_task(live.follow(folder.broker_config("viewer", ports), picture), name="table's messages")
        group.create_task(live.show(picture), name="table")
    await asyncio.sleep(settings.seconds if settings.seconds is not None else float("inf"))


def _local(host: str) -> str:
    """The address at which this machine reaches its own page."""
    if host in net.ANY:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
