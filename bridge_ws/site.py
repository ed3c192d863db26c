"""The page's files: where they are, whether they are complete, and the policy that lets nothing else run."""

import base64
import hashlib
import logging
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

log = logging.getLogger("bridge_ws.site")

_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_SUFFIXES = frozenset({".js", ".mjs", ".css", ".map"})


@dataclass(frozen=True, slots=True)
class Site:
    """The page as found at the start. ``problem`` is one sentence when it cannot be shown."""

    folder: Path | None
    vendor: Path | None
    csp: str
    problem: str = ""


def find(configured: str) -> Site:
    """Look for the page as configured, else packaged, else beside this package; and for its libraries."""
    here = Path(__file__).parent
    folders = [Path(configured)] if configured else [here / "static", here.parent / "dashboard"]
    folder = next((f for f in folders if (f / "index.html").is_file()), None)
    if folder is None:
        names = " or ".join(map(str, folders))
        return Site(None, None, policy(""), f"There is no page to show: no index.html in {names} (dashboard_dir).")
    html = (folder / "index.html").read_text(encoding="utf-8")
    vendor = next((folder / v for v in ("vendor", "node_modules") if (folder / v).is_dir()), None)
    missing = [u for u in vendor_files(html) if vendor is None or not (vendor / u).is_file()]
    problem = ""
    if missing:
        problem = (
            f"The page's libraries are not all there ({', '.join(missing[:3])}): run `make` in labwire's folder, "
            f"or `npm ci` in {folder}, and start the bridge again."
        )
    return Site(folder, vendor, policy(html), problem)


def vendor_files(html: str) -> list[str]:
    """The files below /vendor/ that the page's import map and links name."""
    return sorted(set(re.findall(r"""["'](?:\.?/)?vendor/([^"'?#]+[^"'?#/])["']""", html)))


def policy(html: str) -> str:
    """The Content-Security-Policy: our own files, and the inline scripts and styles that ``html`` has now."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for tag, attributes, content in _INLINE.findall(html):
        if not re.search(r"\bsrc\s*=", attributes):
            digest = hashlib.sha256(content.encode()).digest()
            hashes[tag.lower()].append(f" 'sha256-{base64.b64encode(digest).decode()}'")
    rules = {
        "default-src": "'none'",
        "script-src": "'self'" + "".join(hashes["script"]),
        "style-src": "'self'" + "".join(hashes["style"]),
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Files(StaticFiles):
    """Files that a browser asks for again each time (ETag), else it mixes old and new modules after an upgrade."""

    def __init__(self, directory: Path, suffixes: frozenset[str] | None = None) -> None:
        mimetypes.add_type("text/javascript", ".js")
        mimetypes.add_type("text/javascript", ".mjs")
        super().__init__(directory=directory, html=suffixes is None)
        self._suffixes = suffixes

    async def get_response(self, path: str, scope: Scope) -> Response:
        parts = Path(path).parts
        hidden = any(p.startswith(".") and p != "." for p in parts) or (
            self._suffixes is None and "node_modules" in parts
        )
        if hidden or (self._suffixes is not None and Path(path).suffix not in self._suffixes):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def vendor_app(site: Site) -> Files | None:
    """What serves /vendor/."""
    return Files(site.vendor, _SUFFIXES) if site.vendor is not None else None


def page_app(site: Site) -> Files | None:
    """What serves / when the page is complete."""
    return Files(site.folder) if site.folder is not None and not site.problem else None


def certificate_page(site: Site) -> Response:
    """What the QR code of a certificate leads to, for whatever number stands behind ``/cal/``."""
    if site.folder is None or site.problem:
        return sorry(site)
    return FileResponse(site.folder / "certificate.html", headers={"cache-control": "no-cache"})


def sorry(site: Site) -> Response:
    """Instead of a blank page."""
    return PlainTextResponse(f"{site.problem}\n", status_code=503, headers={"cache-control": "no-store"})
