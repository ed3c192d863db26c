import socket
import subprocess
from pathlib import Path

import pytest

from broker.config import ConfigError
from broker.mosquitto import free_port
from logger.influx.config import InfluxConfig
from logger.influx.server import Answer, Unreachable
from tests.logger.influx.support import server
from tests.support.standin import Request, Said, answering


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that no authority has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run(["openssl", *made, *names], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def fine(_request: Request) -> Said:
    return Said(204)


@pytest.mark.parametrize("gzip", [True, False])
def test_a_write_says_where_to_and_who_asks(gzip: bool) -> None:
    with answering(fine) as (url, seen):
        config = InfluxConfig(url=url + "/influx/", org="lab 1", bucket="b", token="t", gzip=gzip)
        assert server(config).write(b"data a=1 1").ok

    (request,) = seen
    assert request.path == "/influx/api/v2/write"
    assert request.query == {"org": ["lab 1"], "bucket": ["b"], "precision": ["ns"]}
    assert request.headers["Authorization"] == "Token t"
    assert request.headers.get("Content-Encoding") == ("gzip" if gzip else None)
    assert request.body == b"data a=1 1"


def test_without_a_token_nobody_is_named() -> None:
    with answering(fine) as (url, seen):
        server(InfluxConfig(url=url)).write(b"")

    assert "Authorization" not in seen[0].headers


def test_a_certificate_must_be_good(certificate: tuple[Path, Path]) -> None:
    with answering(fine, certificate) as (url, seen):
        with pytest.raises(Unreachable, match=r"certificate is not accepted .*influx\.ca_file"):
            server(InfluxConfig(url=url)).write(b"")
        assert server(InfluxConfig(url=url, ca_file=str(certificate[0]))).write(b"").ok
        with pytest.raises(Unreachable, match="certificate is not accepted"):
            server(InfluxConfig(url=url.replace("localhost", "127.0.0.1"), ca_file=str(certificate[0]))).write(b"")

    assert len(seen) == 1


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"influx\.ca_file names /nowhere"):
        server(InfluxConfig(url="https://localhost:1", ca_file="/nowhere")).write(b"")


def test_nobody_there_is_one_sentence_and_the_next_call_connects_again() -> None:
    port = free_port()
    with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port} does not answer: Connection refused"):
        server(InfluxConfig(url=f"http://127.0.0.1:{port}")).write(b"")


def test_a_kept_connection_that_the_server_closed_is_made_again() -> None:
    def closing(_request: Request) -> Said:
        return Said(204, headers={"Connection": "close"})

    with answering(closing) as (url, seen):
        kept = server(InfluxConfig(url=url))
        assert [kept.write(b"").status for _ in range(3)] == [204, 204, 204]

    assert len(seen) == 3


def test_a_kept_connection_that_was_quiet_too_long_is_no_trouble() -> None:
    with answering(fine) as (url, _):
        kept = server(InfluxConfig(url=url))
        assert kept.write(b"").ok
        assert kept._open is not None
        kept._open.sock.shutdown(socket.SHUT_RDWR)
        assert kept.write(b"").ok


def test_the_servers_own_words() -> None:
    assert Answer(422, b'{"code":"x","message":"partial write"}').message == "partial write"
    assert Answer(400, b'{"error":"partial write"}').message == "partial write"
    assert Answer(502, b"<html>bad gateway</html>").message == "<html>bad gateway</html>"
    assert len(Answer(502, b"x" * 9999).message) == 500
