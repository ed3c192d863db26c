"""Buckets and tasks, made where they are missing and mended where they differ: ``labwire logger init-influx``."""

from collections.abc import Iterator

import msgspec

from broker.config import ConfigError
from logger.influx import downsample
from logger.influx.config import InfluxConfig
from logger.influx.downsample import Level
from logger.influx.server import Answer, Server

DAY_S = 86_400


class _Org(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Orgs(msgspec.Struct, frozen=True):
    orgs: list[_Org] = []


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    every_seconds: int = 0
    type: str = "expire"


class _Bucket(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    retention_rules: list[_Rule] = []

    @property
    def keep_s(self) -> int:
        return self.retention_rules[0].every_seconds if self.retention_rules else 0


class _Buckets(msgspec.Struct, frozen=True):
    buckets: list[_Bucket] = []


class _Task(msgspec.Struct, frozen=True):
    id: str
    name: str
    flux: str = ""
    status: str = "active"


class _Tasks(msgspec.Struct, frozen=True):
    tasks: list[_Task] = []


class _Setup(msgspec.Struct, frozen=True):
    allowed: bool = False


def prepare(config: InfluxConfig, server: Server) -> Iterator[str]:
    """Do it, saying each thing that was done or found. Raises ConfigError, Unreachable."""
    org = _org(config, server)
    yield from _bucket(server, org, config.bucket, config.keep_days)
    for level in downsample.levels(config):
        yield from _bucket(server, org, config.bucket + level.suffix, level.keep_days)
        yield _task(config, server, org, level)


def refresh(config: InfluxConfig, server: Server, from_s: int, to_s: int) -> Iterator[str]:
    """Make the points by minute and hour of a time again; says which bucket is done. Raises as ``prepare``."""
    org = _org(config, server)
    for level in downsample.levels(config):
        name = config.bucket + level.suffix
        if _find_bucket(server, org, name) is not None:
            for start in range(from_s // DAY_S * DAY_S, to_s, DAY_S):
                flux = downsample.once(config, level, max(start, from_s), min(start + DAY_S, to_s))
                query = {"query": flux, "type": "flux"}
                told = _ask(config, server, "POST", "/api/v2/query", {"orgID": org}, query)
                if b"error,reference" in told[:1000]:  # found after the answer had begun
                    raise ConfigError(f"{config.url} cannot fill the bucket {name}: {told.decode()[:500]}")
            yield f"bucket {name}: made again for that time"


def _org(config: InfluxConfig, server: Server) -> str:
    setup = server.request("GET", "/api/v2/setup")
    if setup.ok and msgspec.json.decode(setup.body, type=_Setup).allowed:
        raise ConfigError(f"{config.url} is not set up yet: run 'influx setup', or open it in a browser, once")
    answer = server.request("GET", "/api/v2/orgs", {"org": config.org})
    if answer.status == 404:
        raise ConfigError(f"influx.org is {config.org!r}, which {config.url} does not have (or the token may not see)")
    orgs = msgspec.json.decode(_good(config, answer), type=_Orgs).orgs
    if not orgs:
        raise ConfigError(f"influx.org is {config.org!r}, which the token of {config.token_key} may not see")
    return orgs[0].id


def _find_bucket(server: Server, org: str, name: str) -> _Bucket | None:
    answer = server.request("GET", "/api/v2/buckets", {"orgID": org, "name": name})
    if answer.status == 404:
        return None
    found = msgspec.json.decode(_good(server.config, answer), type=_Buckets).buckets
    return found[0] if found else None


def _bucket(server: Server, org: str, name: str, keep_days: int) -> Iterator[str]:
    rules = [_rule(keep_days)]
    kept = f"keeps {keep_days} days" if keep_days else "keeps for ever"
    found = _find_bucket(server, org, name)
    if found is None:
        body = {"orgID": org, "name": name, "retentionRules": rules, "description": "made by labwire"}
        _ask(server.config, server, "POST", "/api/v2/buckets", {}, body)
        yield f"bucket {name}: made, {kept}"
    elif found.keep_s != keep_days * DAY_S:
        body = {"retentionRules": rules}
        _ask(server.config, server, "PATCH", f"/api/v2/buckets/{found.id}", {}, body)
        yield f"bucket {name}: {kept} now (was {found.keep_s / DAY_S:g} days; 0 is for ever)"
    else:
        yield f"bucket {name}: is there, {kept}"


def _rule(keep_days: int) -> dict[str, str | int]:
    """Shards as long as InfluxDB chooses itself for a new bucket: with another retention they must change too."""
    shard_s = 3600 if 0 < keep_days < 2 else DAY_S if 0 < keep_days < 180 else 7 * DAY_S
    return {"type": "expire", "everySeconds": keep_days * DAY_S, "shardGroupDurationSeconds": shard_s}


def _task(config: InfluxConfig, server: Server, org: str, level: Level) -> str:
    name, flux = downsample.task_name(config, level), downsample.task(config, level)
    answer = server.request("GET", "/api/v2/tasks", {"orgID": org, "name": name})
    tasks = msgspec.json.decode(_good(config, answer), type=_Tasks).tasks
    if not tasks:
        _ask(config, server, "POST", "/api/v2/tasks", {}, {"orgID": org, "flux": flux, "status": "active"})
        return f"task {name!r}: made, every {level.every}"
    if tasks[0].flux.strip() == flux.strip():
        return f"task {name!r}: is there" + ("" if tasks[0].status == "active" else ", switched off")
    _ask(config, server, "PATCH", f"/api/v2/tasks/{tasks[0].id}", {}, {"flux": flux})
    return f"task {name!r}: brought up to date"


def _ask(config: InfluxConfig, server: Server, method: str, path: str, query: dict[str, str], body: object) -> bytes:
    headers = {"Content-Type": "application/json"}
    return _good(config, server.request(method, path, query, msgspec.json.encode(body), headers))


def _good(config: InfluxConfig, answer: Answer) -> bytes:
    if answer.ok:
        return answer.body
    said = f"{config.url} says {answer.status} {answer.message}"
    if answer.status in (401, 403):
        raise ConfigError(
            f"{said}: the token of {config.token_key} may not do this; init-influx needs one that may read and write"
            " buckets and tasks (an all-access token), the logger only one that may write the bucket"
        )
    raise ConfigError(said)
