"""Checks of broker.toml: whether Mosquitto's folder is what it says, and whether the edges' rights fit their files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from broker.acl import acl_text
from broker.config import BrokerConfig, ConfigError, read_secret
from broker.users import UsersConfig
from labwire.doctor.finding import Finding
from labwire.doctor.parts import Part

RELOAD = "then 'systemctl reload labwire-mosquitto'"


def server_of(parts: Sequence[Part], broker: BrokerConfig) -> Part | None:
    """The broker.toml among ``parts`` that is about ``broker``."""
    return next(
        (p for p in parts if p.kind == "broker" and p.config is not None and p.config.port == broker.port), None
    )


def check_folder(part: Part) -> Iterator[Finding]:
    """Rights, users and limits in Mosquitto's own folder are those of broker.toml and labwire's mosquitto.conf."""
    config: UsersConfig = part.config
    folder, where = Path(config.data_dir), str(part.path)
    remedy = f"labwire broker prepare -c {part.path}, {RELOAD}."
    acl, conf, passwords = (_text(folder / name) for name in ("acl", "mosquitto.conf", "passwords"))
    if conf is None or acl is None or passwords is None:
        text = f"{folder} has no mosquitto.conf, acl and passwords that can be read here"
        yield Finding("warning", "broker-unprepared", where, text, remedy)
        return
    if acl != acl_text([u.user for u in config.user], config.root):
        yield Finding(
            "error", "acl-stale", where, f"the rights in {folder / 'acl'} are not those of {part.path}", remedy
        )
    if "\nacl_file " not in conf:
        yield Finding("error", "acl-missing", where, f"{folder / 'mosquitto.conf'} has no acl_file", remedy)
    if "\nmax_queued_messages " not in conf or "\nmax_inflight_messages " not in conf:
        text = f"the queue limits in {folder / 'mosquitto.conf'} are at their defaults: messages are dropped in silence"
        yield Finding("error", "queue-limits", where, text, remedy.replace("reload", "restart"))
    known = {line.partition(":")[0] for line in passwords.splitlines()}
    if missing := sorted({u.name for u in config.user} - known):
        yield Finding("error", "user-unknown", where, f"Mosquitto does not have {', '.join(missing)} yet", remedy)


def check_rights(part: Part, edges: Sequence[Part]) -> Iterator[Finding]:
    """What an edge's file serves its user may publish."""
    users = {u.name: u for u in part.config.user}
    for edge in edges:
        if edge.broker is None or edge.config is None or edge.broker.user not in users:
            continue
        served = [table.name for table in getattr(edge.config, "instruments", None) or edge.config.instrument]
        if missing := sorted(set(served) - set(users[edge.broker.user].instruments)):
            text = f"{edge.broker.user} may not publish {', '.join(missing)}, which {edge.path} serves"
            remedy = f"Add it to instruments of {edge.broker.user} in {part.path}, 'labwire broker prepare', {RELOAD}."
            yield Finding("error", "rights", str(edge.path), text, remedy)


def why_refused(part: Part, broker: BrokerConfig, where: str) -> Finding:
    """Why the broker of ``part`` does not accept the user of ``broker``; the wire does not tell."""
    config: UsersConfig = part.config
    known = {u.name for u in config.user}
    kept = Path(config.secrets_dir) / broker.user
    text = f"{broker.host}:{broker.port} does not accept user {broker.user!r}"
    if broker.user not in known:
        remedy = f"Add it to {part.path}, run 'labwire broker prepare', {RELOAD}."
        return Finding("error", "user-unknown", where, f"{text}: {part.path} has no such user", remedy)
    try:
        same = broker.password() == read_secret(str(kept), "its password")
    except ConfigError:
        same = False
    if not same:
        remedy = f"Copy {kept} to {broker.password_file or 'the file of broker.password_file'}, mode 600."
        return Finding("error", "wrong-password", where, f"{text}: its password is not that of {kept}", remedy)
    remedy = f"labwire broker prepare -c {part.path}, {RELOAD}."
    return Finding("error", "user-unknown", where, f"{text}: Mosquitto has not taken {part.path} yet", remedy)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
