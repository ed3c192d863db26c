"""Ends a process group when its owner is gone, however it went: also by kill -9, when the owner could end nothing.

Started as the leader of the group, with a pipe as standard input that only the owner holds open and nobody writes to.
Works wherever there are process groups, where Linux's parent-death signal does not.
"""

import os
import signal
import sys
import time

GRACE_S = 3.0


def main() -> None:
    """Wait until the owner is gone, ask the group to end, and insist after GRACE_S."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
