"""The page's files: found, complete, fresh, and nothing else is served or run."""

import base64
import hashlib
from pathlib import Path

import pytest

from bridge_ws import site
from tests.bridge_ws.bench import bridge
from tests.support.broker import TestBroker

IMPORTS = '{"imports": {"preact": "/vendor/preact/dist/preact.js"}}'
HTML = f"""<!doctype html><link rel="stylesheet" href="style.css"><style>b{{}}</style>
<script type="importmap">{IMPORTS}</script><script type="module" src="main.js"></script>"""


def make(folder: Path, *, vendor: str = "node_modules") -> Path:
    folder.mkdir()
    (folder / "index.html").write_text(HTML)
    (folder / "main.js").write_text("export {}")
    (folder / ".secret").write_text("x")
    if vendor:
        (folder / vendor / "preact" / "dist").mkdir(parents=True)
        (folder / vendor / "preact" / "dist" / "preact.js").write_text("export {}")
        (folder / vendor / "preact" / "package.json").write_text("{}")
    return folder


def sha(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_only_the_pages_own_inline_scripts_may_run() -> None:
    csp = site.policy(HTML)

    assert f"script-src 'self' 'sha256-{sha(IMPORTS)}';" in csp
    assert f"style-src 'self' 'sha256-{sha('b{}')}';" in csp
    assert "unsafe" not in csp


@pytest.mark.parametrize("vendor", ["vendor", "node_modules"])
def test_a_complete_page_has_no_problem(tmp_path: Path, vendor: str) -> None:
    assert not site.find(str(make(tmp_path / "page", vendor=vendor))).problem


def test_missing_libraries_are_one_sentence(tmp_path: Path) -> None:
    problem = site.find(str(make(tmp_path / "page", vendor=""))).problem

    assert "preact/dist/preact.js" in problem
    assert "`make`" in problem


def test_a_missing_page_is_one_sentence(tmp_path: Path) -> None:
    assert "dashboard_dir" in site.find(str(tmp_path / "nowhere")).problem


async def test_files_are_served_fresh(mosquitto: TestBroker, tmp_path: Path) -> None:
    page = make(tmp_path / "page")
    async with bridge(mosquitto, tmp_path, dashboard_dir=str(page)) as b, b.http(None) as http:
        for path, type_ in [
            ("/", "text/html"),
            ("/main.js", "text/javascript"),
            ("/vendor/preact/dist/preact.js", "text/javascript"),
        ]:
            answer = await http.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].startswith(type_)
            assert answer.headers["cache-control"] == "no-cache"
            again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304
        for path in (
            "/.secret",
            "/node_modules/preact/dist/preact.js",
            "/vendor/preact/package.json",
            "/../tokens.toml",
            "/%2e%2e/tokens.toml",
            "/vendor/%2e%2e/main.js",
            "/nothing",
        ):
            answer = await http.get(path)
            assert answer.status_code == 404, path
            assert answer.json()["error"]["code"] == "not_found"
        assert sha(IMPORTS) in (await http.get("/")).headers["content-security-policy"]


async def test_instead_of_a_blank_page_a_sentence(mosquitto: TestBroker, tmp_path: Path) -> None:
    page = make(tmp_path / "page", vendor="")
    async with bridge(mosquitto, tmp_path, dashboard_dir=str(page)) as b, b.http(None) as http:
        answer = await http.get("/")
        assert answer.status_code == 503
        assert "npm ci" in answer.text
        assert (await http.get("/healthz")).status_code == 200
