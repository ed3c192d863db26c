"""Checks of one component's file on this machine: folders, disk, secrets, serial lines, ports. Each only looks."""

import http.client
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from labwire.credentials import ANY
from labwire.doctor.account import Account, group_name
from labwire.doctor.database import check_influx
from labwire.doctor.finding import Finding
from labwire.doctor.parts import Part
from labwire.shown import size

FULL = 0.01
NEARLY_FULL = 0.1
ENOUGH = 20_000_000_000
"""Bytes: a tenth of a very large disk is no emergency."""


def check_data_dir(part: Part, account: Account) -> Iterator[Finding]:
    """The data folder, or the one it will be made in, can be written."""
    folder = part.data_dir
    if folder is None:
        return
    there = nearest(folder)
    if not account.may(there, "wx"):
        text = f"{account.name} may not write in {there}, where {part.kind} keeps its data (data_dir)"
        yield _error("data-dir", part, text, f"Give it to the service: install -d -o {account.name} {folder}")


def nearest(path: Path) -> Path:
    """``path``, or the folder above it that exists."""
    return next((p for p in (path, *path.parents) if p.exists()), Path("/"))


def check_disk(part: Part, account: Account) -> Iterator[Finding]:
    """The disk below the data folder has room."""
    if part.data_dir is None:
        return
    there = nearest(part.data_dir)
    usage = shutil.disk_usage(there)
    room = f"{size(usage.free)} of {size(usage.total)}"
    remedy = "Make room or move data_dir to a larger disk; [retention] in logger.toml says how long samples stay."
    if usage.free < FULL * usage.total:
        yield _error("disk-full", part, f"the disk of {there} is full: {room} are free", remedy)
    elif usage.free < min(NEARLY_FULL * usage.total, ENOUGH):
        yield Finding(
            "warning", "disk-nearly-full", str(part.path), f"the disk of {there} has only {room} free", remedy
        )


def check_secrets(part: Part, account: Account) -> Iterator[Finding]:
    """Each secret can be read by its service, and by nobody else."""
    for key, path in part.secrets:
        if not path.exists():
            yield _error("secret", part, f"{key} names {path}, which is not there", _where_from(key, path))
        elif not account.may(path, "r"):
            remedy = f"Give it to the service: chown {account.name} {path}"
            yield _error("secret", part, f"{account.name} may not read {path} ({key})", remedy)
        elif path.stat().st_mode & 0o007:
            mode = path.stat().st_mode & 0o777
            yield Finding(
                "warning",
                "secret-open",
                str(part.path),
                f"everybody may read {path} ({key}, mode {mode:o})",
                f"chmod 600 {path}",
            )


def _where_from(key: str, path: Path) -> str:
    if key == "broker.password_file":
        return f"On the server 'labwire broker prepare' writes it into secrets_dir: copy it to {path}, mode 600."
    if key == "tokens_file":
        return f"Make the first token: labwire bridge token add NAME --role operator --file {path}"
    return f"Write the secret into {path}, mode 600."


def check_serial(part: Part, account: Account) -> Iterator[Finding]:
    """Each instrument's serial port is there and may be used; it is not opened, a line may be somebody's."""
    if part.kind != "edge" or part.config is None:
        return
    for instrument in part.config.instruments:
        path = getattr(instrument.address, "path", "")
        if path:
            yield from _check_port(part, instrument.name, Path(path), account.with_unit())


def _check_port(part: Part, name: str, path: Path, account: Account) -> Iterator[Finding]:
    if not path.exists():
        there = (
            sorted(str(p) for p in Path("/dev/serial/by-id").glob("*")) if Path("/dev/serial/by-id").is_dir() else []
        )
        remedy = (
            "Plug it in and look at its cable and power; serial ports here: " + (", ".join(there[:5]) or "none") + "."
        )
        yield _error("serial-missing", part, f"instrument {name}: the serial port {path} is not there", remedy)
    elif not account.may(path, "rw"):
        group = group_name(path.stat().st_gid)
        remedy = f"Put it into the port's group and start the edge again: usermod -aG {group} {account.name}"
        yield _error("serial-permission", part, f"instrument {name}: {account.name} may not use {path}", remedy)


def check_page_port(part: Part, account: Account) -> Iterator[Finding]:
    """Whoever listens on the bridge's port is a bridge."""
    if part.kind != "bridge" or part.config is None or not part.config.port:
        return
    host = "127.0.0.1" if part.config.host in ANY else part.config.host
    if listens(host, part.config.port) and not is_bridge(host, part.config.port):
        text = f"port {part.config.port} of {host} is taken by something that is no bridge of labwire"
        remedy = f"Find it with 'ss -ltnp sport = :{part.config.port}' and stop it, or give the bridge another port."
        yield _error("port-taken", part, text, remedy)


def listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def is_bridge(host: str, port: int) -> bool:
    """Whether /healthz answers as a bridge does."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        told = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(told, dict) and "history" in told


def check_history(part: Part, account: Account) -> Iterator[Finding]:
    """The logger's database can be read by whoever shows it."""
    if part.config is None or part.kind not in ("bridge", "replay") or not part.config.history_db:
        return
    path = Path(part.config.history_db)
    files = [path, *(f for end in ("-wal", "-shm") if (f := path.with_name(path.name + end)).exists())]
    closed = [file for file in files if not account.may(file, "r")]
    remedy = f"Let the logger run once, and let {account.name} read its folder: chmod o+rx {path.parent}, or one group."
    if not path.exists() and account.may(nearest(path), "x"):
        text = f"history_db names {path}, which is not there: curves will have no past"
        yield _error("history", part, text, "Start the logger, or name its data_dir with /labwire.db in history_db.")
    elif closed:
        yield _error("history", part, f"{account.name} may not read {closed[0]} (history_db)", remedy)
    elif account.own and (problem := _unreadable(path)):
        yield _error("history", part, problem, remedy)


def _unreadable(path: Path) -> str:
    from logger.store.history import History
    from logger.store.reading import HistoryError

    try:
        with History(path):
            return ""
    except HistoryError as e:
        return str(e)


def check_register(part: Part, account: Account) -> Iterator[Finding]:
    """The register of calibrations is there and can be opened."""
    named = getattr(part.config, "calibration_dir", "")
    if not named:
        return
    from calibration.register import Register, RegisterError

    try:
        Register.open(Path(named))
    except RegisterError as e:
        remedy = f"Make it with 'labwire cal init --dir {named}', or correct calibration_dir."
        yield _error("register", part, f"the register of calibrations cannot be opened: {e}", remedy)


def check_page(part: Part, account: Account) -> Iterator[Finding]:
    """The page and its libraries are there."""
    if part.kind != "bridge" or part.config is None:
        return
    from bridge_ws.site import find

    if problem := find(part.config.dashboard_dir).problem:
        remedy = "Run 'make' in labwire's folder or install the wheel, which has them, and start the bridge again."
        yield _error("page", part, problem, remedy)


def check_database(part: Part, account: Account) -> Iterator[Finding]:
    """InfluxDB takes what the logger would write."""
    if part.kind == "logger" and part.config is not None and part.config.influx is not None:
        yield from check_influx(part.path, part.config.influx)


Check = Callable[[Part, Account], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    check_data_dir,
    check_disk,
    check_secrets,
    check_serial,
    check_page_port,
    check_history,
    check_register,
    check_page,
    check_database,
)


def _error(check: str, part: Part, text: str, remedy: str) -> Finding:
    return Finding("error", check, str(part.path), text, remedy)
