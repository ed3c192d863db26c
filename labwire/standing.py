"""How everything stands: what a survey means, as rows and as sentences about what is not well. Pure."""

import msgspec

from broker.messages import EdgeStatus, ServiceStatus, Status
from labwire.survey import Heard, Survey

CLOCK_WRONG_S = 3.0
"""Clocks further apart are told; what the broker says of a message's age is whole seconds."""


class InstrumentRow(msgspec.Struct, frozen=True):
    """``age_s``: how old the newest sample is, None before the first."""

    name: str
    state: str
    age_s: float | None
    edge: str
    problem: str


class EdgeRow(msgspec.Struct, frozen=True):
    """``clock_s``: how far its clock is behind this machine's; ``lost``: samples its spool had to give up, ever."""

    name: str
    state: str
    spool_bytes: float | None
    hours_left: float | None
    lost: float | None
    clock_s: float | None
    version: str
    problem: str


class ServiceRow(msgspec.Struct, frozen=True):
    service: str
    name: str
    state: str
    lag_ms: float | None
    stored_per_s: float | None
    disk_free_bytes: float | None
    version: str
    problem: str


class Standing(msgspec.Struct, frozen=True):
    """``problems``: one sentence for everything that is not well."""

    instruments: list[InstrumentRow]
    edges: list[EdgeRow]
    services: list[ServiceRow]
    problems: list[str]


def stand(survey: Survey, now_s: float) -> Standing:
    """What ``survey`` means at ``now_s`` (seconds since the epoch)."""
    instruments = [_instrument(survey, name, now_s) for name in survey.instruments]
    edges = [_edge(name, survey.edges.get(name), now_s) for name in _edge_names(survey)]
    services = [_service(key, survey.services.get(key), now_s) for key in _service_keys(survey)]
    sentences = [survey.problem] if survey.problem else []
    sentences += [f"instrument {row.name}: {row.problem}" for row in instruments if row.problem]
    sentences += [f"edge {row.name}: {row.problem}" for row in edges if row.problem]
    sentences += [f"{row.service} {row.name}: {row.problem}" for row in services if row.problem]
    sentences += survey.broken
    if not survey.problem and not (instruments or edges or services):
        sentences.append("nothing is there: no component has connected yet, or this user may read nothing")
    elif not survey.problem and not any(row.service == "logger" for row in services):
        sentences.append("nobody stores: there is no logger on this broker")
    return Standing(instruments, edges, services, sentences)


def _edge_names(survey: Survey) -> list[str]:
    told = {meta.edge for meta in survey.metas.values()} | {h.status.edge for h in survey.statuses.values()}
    return sorted({*survey.edges, *told} - {""})


def _service_keys(survey: Survey) -> list[tuple[str, str]]:
    """Those that speak, and every logger that somebody's samples wait for."""
    awaited = {h.status.stored_by for h in survey.statuses.values()}
    awaited |= {h.status.stored_by for h in survey.services.values()}
    return sorted({*survey.services, *(("logger", name) for name in awaited if name)})


def _instrument(survey: Survey, name: str, now_s: float) -> InstrumentRow:
    heard, meta = survey.statuses.get(name), survey.metas.get(name)
    edge = (heard.status.edge if heard else "") or (meta.edge if meta else "")
    host = survey.edges.get(edge)
    state, problem = _presence(heard, now_s)
    if state in ("online", "degraded") and host is not None:
        state_of_edge = _presence(host, now_s)[0]
        if state_of_edge in ("lost", "offline", "silent"):
            state, problem = state_of_edge, f"its edge {edge} is {state_of_edge}"
    age = _age(survey, name, heard, host, now_s)
    if not problem and meta is not None and age is not None and age * 1000 > meta.stale_ms + 1000 * CLOCK_WRONG_S:
        problem = f"no sample for {age:.0f} s"
    return InstrumentRow(name, state, age, edge, problem)


def _presence(heard: Heard[Status] | Heard[EdgeStatus] | Heard[ServiceStatus] | None, now_s: float) -> tuple[str, str]:
    """State, and the problem in words: "" when there is none."""
    if heard is None or not heard.holds(now_s):
        return "silent", "silent for more than 90 s"
    state, reason = heard.status.state, heard.status.reason
    return state, "" if state == "online" else reason or f"it is {state}"


def _age(
    survey: Survey, name: str, heard: Heard[Status] | None, host: Heard[EdgeStatus] | None, now_s: float
) -> float | None:
    """By the sender's own clock, corrected where that is plainly wrong."""
    ts = survey.lasts.get(name, {}).get("ts")
    if not isinstance(ts, int | float):
        return None
    told = heard if heard is not None and heard.clock_s is not None else host
    offset = _clock(told) or 0.0
    return round(max(0.0, now_s - (ts / 1000 + offset)), 1)


def _clock(heard: Heard[Status] | Heard[EdgeStatus] | None) -> float | None:
    """The sender's clock offset where it is wrong."""
    offset = heard.clock_s if heard else None
    return offset if offset is not None and abs(offset) > CLOCK_WRONG_S else None


def _edge(name: str, heard: Heard[EdgeStatus] | None, now_s: float) -> EdgeRow:
    state, problem = _presence(heard, now_s)
    figures = heard.status.figures if heard else {}
    clock = _clock(heard)
    problems = [problem] if problem else []
    if clock is not None:
        problems.append(f"its clock is {abs(clock):.0f} s {'behind' if clock > 0 else 'ahead'}")
    return EdgeRow(
        name,
        state,
        _number(figures.get("spool_bytes")),
        _number(figures.get("spool_hours_left")),
        _number(figures.get("lost")),
        clock,
        heard.status.version if heard else "",
        "; ".join(problems),
    )


def _service(key: tuple[str, str], heard: Heard[ServiceStatus] | None, now_s: float) -> ServiceRow:
    state, problem = _presence(heard, now_s)
    if state == "silent" and key[0] == "logger":
        problem = "silent for more than 90 s: nobody stores what waits for it"
    figures = heard.status.figures if heard else {}
    return ServiceRow(
        *key,
        state,
        _number(figures.get("lag_ms")),
        _number(figures.get("stored_per_s")),
        _number(figures.get("disk_free_bytes") or None),  # 0: not looked yet; a full disk is in the state
        heard.status.version if heard else "",
        problem,
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None
