"""What a look at a broker means. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broker.config import BrokerConfig
from broker.reasons import NOT_AUTHORISED, words
from labwire.doctor.finding import Finding
from labwire.doctor.parts import Part
from labwire.doctor.probe import Answers, Greeting
from labwire.doctor.server import RELOAD, why_refused

EXPIRED = 10
WRONG_NAME = (62, 64)
"""OpenSSL's verify codes; a name and an address have each their own."""
SOON_S = 30 * 86_400
OLDEST = (2, 0)
FEW_IN_FLIGHT = 100
CREDENTIALS = (0x86, NOT_AUTHORISED)
OLD = 0x84


@dataclass(frozen=True, slots=True)
class Looked:
    """One broker as one user: what came of it. ``server``: the broker.toml about it, where that was given."""

    where: str
    broker: BrokerConfig
    greeting: Greeting
    answers: Answers
    server: Part | None
    now_s: float

    @property
    def address(self) -> str:
        return f"{self.broker.host}:{self.broker.port}"


def check_reachable(looked: Looked) -> Iterator[Finding]:
    """Somebody listens there."""
    trouble, at = looked.greeting.trouble, looked.address
    if trouble == "refused":
        remedy = "Start it: systemctl start labwire-mosquitto; or correct broker.host and broker.port."
        yield _error("broker-down", looked, f"nothing listens at {at}: the broker does not run", remedy)
    elif trouble == "unknown-host":
        remedy = "Correct broker.host, or name it by its address."
        yield _error("broker-unknown-host", looked, f"nobody knows {looked.broker.host!r}", remedy)
    elif trouble == "unreachable":
        remedy = "Look at the network, the firewall and whether the server is on."
        yield _error("broker-unreachable", looked, f"{at} cannot be reached: {looked.greeting.detail}", remedy)


def check_mqtt(looked: Looked) -> Iterator[Finding]:
    """Whoever listens is an MQTT broker."""
    if looked.greeting.trouble in ("not-mqtt", "silent"):
        text = (
            f"port {looked.broker.port} of {looked.broker.host} is taken by something that does not answer as a broker"
        )
        tls = "unset broker.tls if it has none" if looked.broker.tls else "set broker.tls if it is a broker with TLS"
        remedy = f"Find it with 'ss -ltnp sport = :{looked.broker.port}' and stop it or take another port; {tls}."
        yield _error("port-taken", looked, f"{text}: {looked.greeting.detail}", remedy)


def check_version(looked: Looked) -> Iterator[Finding]:
    """The broker speaks MQTT 5 and is a Mosquitto new enough."""
    remedy = "Install Mosquitto 2.0 or newer."
    if looked.greeting.trouble == "old-mqtt" or looked.greeting.code == OLD:
        text = f"{looked.address} does not speak MQTT 5, which labwire needs"
        yield _error("broker-old", looked, text, remedy)
    if too_old(looked.answers.version):
        yield _error("broker-old", looked, f"{looked.address} is {looked.answers.version}", remedy)


def too_old(version: str) -> bool:
    """Of a text like ``mosquitto version 1.6.12``; not of another broker's."""
    found = re.match(r"mosquitto version (\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST


def check_credentials(looked: Looked) -> Iterator[Finding]:
    """The broker knows this user with this password."""
    code = looked.greeting.code
    if code is None or code == 0 or code == OLD:
        return
    if code not in CREDENTIALS:
        yield _error("broker-refuses", looked, f"{looked.address} refuses: {words(code)}", "Look into Mosquitto's log.")
    elif looked.server is not None:
        yield why_refused(looked.server, looked.broker, looked.where)
    else:
        who = f"user {looked.broker.user!r} with the password of {looked.broker.password_file or 'nobody'}"
        remedy = f"On the server: add it to broker.toml, 'labwire broker prepare', {RELOAD}; copy its secret here."
        yield _error("credentials", looked, f"{looked.address} does not accept {who}", remedy)


def check_certificate(looked: Looked) -> Iterator[Finding]:
    """The certificate is valid, vouched for, and for this name."""
    greeting, at = looked.greeting, looked.address
    if greeting.trouble == "tls":
        yield _certificate(looked)
    elif greeting.certificate_ends_s is not None and greeting.certificate_ends_s - looked.now_s < SOON_S:
        days = (greeting.certificate_ends_s - looked.now_s) / 86_400
        text = f"the certificate of {at} ends in {days:.0f} days"
        yield Finding("warning", "certificate-ends", looked.where, text, "Renew it and restart Mosquitto.")


def _certificate(looked: Looked) -> Finding:
    greeting, at = looked.greeting, looked.address
    if greeting.tls_code == EXPIRED:
        return _error(
            "certificate-expired", looked, f"the certificate of {at} has expired", "Renew it, restart Mosquitto."
        )
    if greeting.tls_code in WRONG_NAME:
        text = f"the certificate of {at} is for another name: {greeting.detail}"
        return _error("certificate-name", looked, text, "Put the name that the certificate has into broker.host.")
    if greeting.tls_code:
        voucher = looked.broker.ca_file or "this computer's list of authorities"
        text = f"the certificate of {at} is not trusted: {greeting.detail}; {voucher} does not vouch for it"
        return _error("certificate-untrusted", looked, text, "Put the authority that signed it into broker.ca_file.")
    return _error("tls", looked, f"TLS with {at} fails: {greeting.detail}", "Take the port that speaks TLS (8883).")


def check_limits(looked: Looked) -> Iterator[Finding]:
    """The broker's limits are not the defaults; of its queue only what CONNACK tells can be seen."""
    greeting = looked.greeting
    if not greeting.accepted:
        return
    found = [f"max_inflight_messages {greeting.in_flight}"] if greeting.in_flight < FEW_IN_FLIGHT else []
    found += ["no max_packet_size"] if greeting.packet_bytes is None else []
    if found:
        text = f"{looked.address} has Mosquitto's default limits ({', '.join(found)}): full queues drop in silence"
        remedy = "Take labwire's mosquitto.conf ('labwire broker prepare') and restart Mosquitto."
        yield _error("queue-limits", looked, text, remedy)


def check_open(looked: Looked) -> Iterator[Finding]:
    """The broker has our ACL: a topic that belongs to nobody is closed."""
    if looked.answers.open:
        text = f"{looked.address} let user {looked.broker.user!r} send and read a topic that is nobody's: it has no ACL"
        remedy = f"Name acl_file in mosquitto.conf ('labwire broker prepare' writes both), {RELOAD}."
        yield _error("acl-missing", looked, text, remedy)


CHECKS: tuple[Callable[[Looked], Iterator[Finding]], ...] = (
    check_reachable,
    check_mqtt,
    check_version,
    check_credentials,
    check_certificate,
    check_limits,
    check_open,
)


def _error(check: str, looked: Looked, text: str, remedy: str) -> Finding:
    return Finding("error", check, looked.where, text, remedy)
