"""The projection's process: started by the logger, works until its standard input ends.

First line in: Order as JSON. Lines out: Report as JSON, every REPORT_S. It yields to the logger where the machine is
short of time (nice), and ends with it, however the logger ended.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from broker.runtime import EXIT_OK, EXIT_SURPRISE, set_up_logging
from broker.values import Figures
from logger.influx.config import InfluxConfig
from logger.influx.projector import Projector

REPORT_S = 2.0
NICE = 5


class Order(msgspec.Struct, frozen=True):
    """What to project, and where to."""

    influx: InfluxConfig
    database: str
    root: str
    level: str = "info"


class Report(msgspec.Struct, frozen=True):
    """How it goes. ``complaints``: (instrument, reason, number of values set aside) since the last report."""

    figures: Figures
    problem: str = ""
    complaints: list[tuple[str, str, int]] = []


def main() -> int:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    set_up_logging(order.level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the logger, which then closes our input
    os.nice(NICE)
    stop = threading.Event()
    projector = Projector(order.influx, Path(order.database), order.root, stop, time.time)
    work = threading.Thread(target=projector.run, name="influx: projector", daemon=True)
    work.start()
    threading.Thread(target=_watch_input, args=(stop,), name="influx: input", daemon=True).start()
    while work.is_alive() and not stop.wait(REPORT_S):
        report = Report(projector.figures(), projector.problem, projector.complaints())
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()
    if not stop.is_set():
        return EXIT_SURPRISE  # the thread's own traceback has been printed
    work.join(1.0)  # a request that still waits for its answer is given up: it goes again the next time
    return EXIT_OK


def _watch_input(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
