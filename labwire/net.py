"""Finding ports and naming this machine."""

import socket

from broker import mosquitto

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  (names for "every address", nothing is bound here)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``port`` of ``host`` now and nobody else answers there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do; without it a port would look taken for a minute after the last demo.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    with socket.socket(family) as caller:
        caller.settimeout(1)
        local = ("::1" if family == socket.AF_INET6 else "127.0.0.1") if host in ANY else host
        return caller.connect_ex((local, port)) != 0


def port_near(host: str, wanted: int, tries: int = 20) -> int:
    """``wanted`` if it is free, else the next free one above, else any."""
    for port in range(wanted, min(wanted + tries, 65536)):
        if is_free(host, port):
            return port
    return mosquitto.free_port(host)


def shown_host(host: str) -> str:
    """How another machine would call the address ``host`` that a server listens on."""
    if host not in ANY:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: it only asks the routing table for our own outward address (192.0.2.0/24 is nobody's).
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        name: str = probe.getsockname()[0]
        return name
