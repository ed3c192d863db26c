"""What the retained messages mean for the whole laboratory. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from broker.messages import ServiceStatus
from labwire.doctor.finding import Finding
from labwire.standing import CLOCK_WRONG_S
from labwire.survey import Survey

STORES = frozenset({"online", "starting", "degraded"})


@dataclass(frozen=True, slots=True)
class Lab:
    """One root on one broker. ``version`` is of this installation; ``stores``: somebody is meant to store here."""

    where: str
    survey: Survey
    version: str
    now_s: float
    clock_trusted: bool = True
    stores: bool = True


def check_stored(lab: Lab) -> Iterator[Finding]:
    """Every logger that samples wait for is online."""
    survey = lab.survey
    awaited = {h.status.stored_by for h in survey.statuses.values() if h.status.stored_by}
    awaited |= {name for service, name in survey.services if service == "logger"}
    if not awaited and lab.stores:
        awaited = {"main"}
    for name in sorted(awaited):
        heard = survey.services.get(("logger", name))
        alive = heard is not None and heard.holds(lab.now_s)
        if heard is None or not alive or heard.status.state not in STORES:
            said = _said(heard.status) if heard and alive else "it has said nothing for 90 s"
            remedy = "Start it (systemctl start labwire-logger) and look into its log; the edges keep all meanwhile."
            yield _error("nobody-stores", lab, f"logger {name} is not online, so nobody stores: {said}", remedy)


def _said(status: ServiceStatus) -> str:
    return f"it is {status.state}" + (f": {status.reason}" if status.reason else "")


def check_clock(lab: Lab) -> Iterator[Finding]:
    """This machine's clock and those of the senders agree."""
    heard = {**{f"edge {n}": h.clock_s for n, h in lab.survey.edges.items()}}
    heard |= {f"{s} {n}": h.clock_s for (s, n), h in lab.survey.services.items()}
    off = {who: offset for who, offset in heard.items() if offset is not None and abs(offset) > CLOCK_WRONG_S}
    remedy = "Set it: timedatectl set-ntp true, or chrony; stamps are only as good as it."
    known = [offset for offset in heard.values() if offset is not None]
    if known and len(off) == len(known) and len(off) > 1:
        yield _error("clock", lab, f"this machine's clock is {median(known):+.0f} s from everybody else's", remedy)
    else:
        for who, offset in sorted(off.items()):
            text = f"the clock of {who} is {abs(offset):.0f} s {'behind' if offset > 0 else 'ahead of'} this machine's"
            yield _error("clock", lab, text, remedy)
    if not lab.clock_trusted:
        text = "this machine's clock is not synchronised and nothing kept it over a power cut"
        yield Finding("warning", "clock", lab.where, text, remedy)


def check_shared(lab: Lab) -> Iterator[Finding]:
    """One instrument, one edge."""
    servers: defaultdict[str, set[str]] = defaultdict(set)
    for edge, heard in lab.survey.edges.items():
        if heard.holds(lab.now_s) and heard.status.state in ("online", "degraded"):
            for instrument in heard.status.instruments:
                servers[instrument].add(edge)
            for text in heard.status.reason.split("; "):
                if " is served by edge " in text:
                    servers[text.partition(" is served by edge ")[0]].add(edge)
    for instrument, edges in sorted(servers.items()):
        told = lab.survey.statuses.get(instrument)
        everybody = edges | ({told.status.edge} if told and told.status.edge else set())
        if len(everybody) > 1:
            text = f"instrument {instrument} is served by {len(everybody)} edges: {', '.join(sorted(everybody))}"
            yield _error("two-edges", lab, text, "Take it out of the edge.toml of all but one of them.")


def check_refused(lab: Lab) -> Iterator[Finding]:
    """No edge was refused a message."""
    for edge, heard in sorted(lab.survey.edges.items()):
        if heard.holds(lab.now_s) and "not authorised to publish" in heard.status.reason:
            remedy = (
                f"Add the instrument to user edge-{edge} in broker.toml, 'labwire broker prepare', reload Mosquitto."
            )
            yield _error("rights", lab, f"edge {edge}: {heard.status.reason}", remedy)


def check_versions(lab: Lab) -> Iterator[Finding]:
    """Everybody has the same version."""
    by_version: defaultdict[str, list[str]] = defaultdict(list)
    by_version[lab.version].append("this installation")
    for edge, heard in sorted(lab.survey.edges.items()):
        by_version[heard.status.version].append(f"edge {edge}")
    for (service, name), told in sorted(lab.survey.services.items()):
        by_version[told.status.version].append(f"{service} {name}")
    by_version.pop("", None)
    if len(by_version) > 1:
        told_all = "; ".join(f"{version}: {', '.join(who)}" for version, who in sorted(by_version.items()))
        remedy = "Bring all to the newest, the logger first: pip install --upgrade labwire, and start them again."
        yield Finding("warning", "versions", lab.where, f"versions differ: {told_all}", remedy)


CHECKS: tuple[Callable[[Lab], Iterator[Finding]], ...] = (
    check_stored,
    check_clock,
    check_shared,
    check_refused,
    check_versions,
)


def _error(check: str, lab: Lab, text: str, remedy: str) -> Finding:
    return Finding("error", check, lab.where, text, remedy)
