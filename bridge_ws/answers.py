"""How the HTTP interface answers: JSON by msgspec, and one shape for everything that went wrong."""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bridge_ws.past import NoHistory

_CODES = {404: "not_found", 405: "method_not_allowed"}


class ApiError(Exception):
    """Becomes the answer ``{"error": {"code", "message"}}`` with ``status``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def reply(body: Any, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(body), status, media_type="application/json", headers={"cache-control": "no-store"}
    )


def text_csv(text: str) -> Response:
    return Response(text, media_type="text/csv; charset=utf-8", headers={"cache-control": "no-store"})


def error(status: int, code: str, message: str) -> Response:
    response = reply({"error": {"code": code, "message": message}}, status)
    if status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if status == 429:
        response.headers["retry-after"] = "60"
    return response


def _api_error(_: Request, e: Exception) -> Response:
    return error(e.status, e.code, str(e)) if isinstance(e, ApiError) else error(500, "internal", "")


def _no_history(_: Request, e: Exception) -> Response:
    return error(503, "no_history", str(e))


def _http(_: Request, e: Exception) -> Response:
    status = e.status_code if isinstance(e, HTTPException) else 500
    detail = str(e.detail) if isinstance(e, HTTPException) else ""
    if status == 400:  # a body that is not even text
        return error(422, "invalid", detail)
    return error(status, _CODES.get(status, "refused"), detail)


def _invalid(_: Request, e: Exception) -> Response:
    problems: Sequence[Any] = e.errors() if isinstance(e, RequestValidationError) else []
    text = "; ".join(f"{_where(p['loc'])}: {p['msg']}" for p in problems[:5])
    return error(422, "invalid", text[:1000] or "not valid")


def _where(loc: Sequence[str | int]) -> str:
    """What of the request is meant, without the word for the place in front."""
    return ".".join(map(str, loc[1:] or loc))[:100]


def install(app: FastAPI) -> None:
    """Give all errors of ``app`` the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(NoHistory, _no_history)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
