import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from broker.mosquitto import free_port
from labwire import page

GOOD = {
    "/healthz": json.dumps({"ok": True, "broker": "up", "history": "ok"}),
    "/": "<!doctype html><html><title>labwire</title></html>",
    "/api/instruments": json.dumps([{"instrument": "oven1", "state": "online"}]),
}


@contextmanager
def serving(answers: dict[str, str]) -> Iterator[str]:
    """A server that has ``answers``, and 404 for the rest; /api needs the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = not self.path.startswith("/api") or self.headers["Authorization"] == "Bearer secret"
            self.send_response(404 if self.path not in answers else 200 if allowed else 401)
            self.end_headers()
            self.wfile.write(answers.get(self.path, "").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_that_works_has_no_problem() -> None:
    with serving(GOOD) as base:
        assert page.problem(base, "secret", ["oven1"]) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"/healthz": '{"ok": false, "broker": "down"}'}, "the bridge says .*down"),
        ({"/": "vendor files are missing"}, "there is no page at /"),
        ({"/api/instruments": '[{"instrument": "oven1", "state": "lost"}]'}, "oven1 is lost"),
        ({"/api/instruments": "[]"}, "oven1 is unknown"),
        ({"/healthz": "not json"}, "Expecting value"),
    ],
)
async def test_what_does_not_work_is_said(changed: dict[str, str], said: str) -> None:
    with serving(GOOD | changed) as base, pytest.raises(page.NotReady, match=f"after 0.3 s: .*{said}"):
        await page.works(base, "secret", ["oven1"], 0.3)


def test_a_wrong_token_is_a_problem() -> None:
    with serving(GOOD) as base:
        assert "401" in page.problem(base, "wrong", ["oven1"])


def test_nobody_listening_is_a_problem() -> None:
    assert "refused" in page.problem(f"http://127.0.0.1:{free_port()}", "secret", [])
