"""Samples out of the store, asked of a real web server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from calibration.live.fetch import FetchError, fetch, is_span

ASKED: dict[str, dict[str, list[str]]] = {}


class Bridge(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        ASKED[url.path] = parse_qs(url.query)
        allowed = self.headers.get("Authorization") == "Bearer secret"
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(b"time,pt100\n1,2\n" if allowed else b'{"error":{"message":"no token"}}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_span_of_one_instrument(url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    file = tmp_path / "out.csv"
    fetch("bath1", "2h..1h", file, {"LABWIRE_URL": url, "LABWIRE_TOKEN_FILE": str(token)})
    assert file.read_text() == "time,pt100\n1,2\n"
    assert ASKED["/api/export"] == {"instrument": ["bath1"], "from": ["2h"], "to": ["1h"], "format": ["csv"]}


def test_refusals_are_sentences(url: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    for env, why in (
        ({"LABWIRE_URL": url}, "answered 401"),
        ({"LABWIRE_URL": "ftp://x"}, "an address such as"),
        ({"LABWIRE_URL": "http://127.0.0.1:1"}, "cannot be reached"),
        ({"LABWIRE_URL": url, "LABWIRE_TOKEN_FILE": "nothing"}, "cannot be read"),
    ):
        with pytest.raises(FetchError, match=why):
            fetch("bath1", "2h..1h", out, env)


def test_a_file_with_dots_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a..b.csv"
    file.write_text("")
    assert is_span("2026-11-21..2026-11-22")
    assert not is_span(str(file))
    assert not is_span("data.csv")
