"""Faults of the broker, planted in a real Mosquitto (or in what stands at its place)."""

import datetime
from pathlib import Path

import pytest

from broker import mosquitto as real
from labwire.doctor.broker import too_old
from tests.labwire.doctor.planted import Planted, checks, listening, one
from tests.support.broker import TestBroker

TLS = Path(__file__).parents[2] / "support" / "tls"


async def test_a_good_broker_has_no_findings(planted: Planted) -> None:
    found = await planted.doctor(planted.logger(), planted.bridge())
    assert checks(found) <= {"nobody-stores", "disk-nearly-full", "page", "clock"}


async def test_a_wrong_password(planted: Planted) -> None:
    file = planted.logger()
    (planted.folder / "logger-main.secret").write_text("something else")
    assert "does not accept user 'logger-main'" in one(await planted.doctor(file), "credentials").text


async def test_no_broker(planted: Planted) -> None:
    port = real.free_port()
    found = one(await planted.doctor(planted.logger(port=port)), "broker-down")
    assert f"127.0.0.1:{port}" in found.text
    assert "systemctl start labwire-mosquitto" in found.remedy


async def test_a_host_that_nobody_knows(planted: Planted) -> None:
    assert one(await planted.doctor(planted.logger(host="nowhere.invalid")), "broker-unknown-host")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", None])
async def test_a_port_taken_by_something_else(planted: Planted, answer: bytes | None) -> None:
    async with listening(answer) as port:
        found = await planted.doctor(planted.logger(port=port))
    assert f"port {port}" in one(found, "port-taken").text


async def test_a_broker_that_speaks_mqtt_3_only(planted: Planted) -> None:
    # CONNACK of MQTT 3.1.1 with return code 1: unacceptable protocol version (3.2.2.3).
    async with listening(b"\x20\x02\x00\x01") as port:
        found = await planted.doctor(planted.logger(port=port))
    assert one(found, "broker-old").remedy == "Install Mosquitto 2.0 or newer."


@pytest.mark.parametrize(
    ("version", "old"),
    [("mosquitto version 1.6.12", True), ("mosquitto version 2.0.11", False), ("", False), ("EMQX 5.8", False)],
)
def test_old_mosquittos(version: str, old: bool) -> None:
    assert too_old(version) is old


async def rewritten(mosquitto: TestBroker, keep: str) -> None:
    """Mosquitto again, with only those lines of its configuration that begin with a word of ``keep``."""
    conf = mosquitto.folder / "mosquitto.conf"
    lines = [line for line in conf.read_text().splitlines() if line.split(" ")[0] in keep.split()]
    conf.write_text("\n".join(lines) + "\n")
    await mosquitto.restart()


async def test_a_broker_without_our_rights(planted: Planted, mosquitto: TestBroker) -> None:
    await rewritten(mosquitto, "listener protocol user allow_anonymous password_file log_dest log_type")
    found = await planted.doctor(planted.logger())
    assert "it has no ACL" in one(found, "acl-missing").text


async def test_a_broker_with_its_default_limits(planted: Planted, mosquitto: TestBroker) -> None:
    await rewritten(mosquitto, "listener protocol user allow_anonymous password_file acl_file log_dest log_type")
    found = one(await planted.doctor(planted.logger()), "queue-limits")
    assert "max_inflight_messages 20, no max_packet_size" in found.text


def made_certificate(folder: Path, begin: datetime.datetime, end: datetime.datetime) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, valid from ``begin`` to ``end``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate, secret = folder / "planted.pem", folder / "planted.key"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pem, pkcs8, bare = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(pem, pkcs8, bare))
    return certificate, secret


async def with_tls(mosquitto: TestBroker, certificate: Path, key: Path) -> int:
    """Mosquitto again, with a port for TLS besides."""
    port, conf = real.free_port(), mosquitto.folder / "mosquitto.conf"
    conf.write_text(conf.read_text() + f"\nlistener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n")
    await mosquitto.restart()
    return port


async def test_a_certificate_nobody_vouches_for(planted: Planted, mosquitto: TestBroker) -> None:
    port = await with_tls(mosquitto, TLS / "server.pem", TLS / "server.key")
    file = planted.logger(host="localhost", port=port, tls=True, ca_file=TLS / "other-ca.pem")
    assert "broker.ca_file" in one(await planted.doctor(file), "certificate-untrusted").remedy


async def test_a_certificate_for_another_name(planted: Planted, mosquitto: TestBroker) -> None:
    port = await with_tls(mosquitto, TLS / "server.pem", TLS / "server.key")
    file = planted.logger(host="127.0.0.1", port=port, tls=True, ca_file=TLS / "ca.pem")
    assert "broker.host" in one(await planted.doctor(file), "certificate-name").remedy


NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(("end", "check"), [(NOW - DAY, "certificate-expired"), (NOW + 5 * DAY, "certificate-ends")])
async def test_a_certificate_that_ends(
    planted: Planted, mosquitto: TestBroker, end: datetime.datetime, check: str
) -> None:
    certificate, key = made_certificate(planted.folder, NOW - 30 * DAY, end)
    port = await with_tls(mosquitto, certificate, key)
    file = planted.logger(host="localhost", port=port, tls=True, ca_file=certificate)
    assert "Renew it" in one(await planted.doctor(file), check).remedy


async def test_a_good_certificate(planted: Planted, mosquitto: TestBroker) -> None:
    port = await with_tls(mosquitto, TLS / "server.pem", TLS / "server.key")
    file = planted.logger(host="localhost", port=port, tls=True, ca_file=TLS / "ca.pem")
    assert not {c for c in checks(await planted.doctor(file)) if c.startswith(("certificate", "tls", "port"))}


async def test_tls_where_there_is_none(planted: Planted) -> None:
    # Mosquitto closes; whether that is heard as an end or as a reset is the network's whim.
    (found,) = [f for f in await planted.doctor(planted.logger(tls=True)) if f.check in ("tls", "port-taken")]
    assert "8883" in found.remedy or "unset broker.tls" in found.remedy


async def test_a_port_of_tls_without_tls(planted: Planted, mosquitto: TestBroker) -> None:
    port = await with_tls(mosquitto, TLS / "server.pem", TLS / "server.key")
    assert "broker.tls" in one(await planted.doctor(planted.logger(port=port)), "port-taken").remedy
