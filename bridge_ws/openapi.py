"""What all routes share: how a token comes, and how errors are described."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bridge_ws import schemas as s
from bridge_ws.api import Api
from bridge_ws.tokens import Identity

_bearer = HTTPBearer(auto_error=False, description="A token of the tokens file (`labwire bridge token add`).")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]

_ERRORS = {
    401: "no token, or a wrong one",
    403: "this token may look, not change anything",
    404: "there is no such thing",
    409: "not as things are now",
    422: "not valid; the text says where and what was expected",
    503: "the history, the register or the broker cannot be reached",
}


Who = Callable[[Request, HTTPAuthorizationCredentials | None], Awaitable[Identity]]


def viewers(api: Api) -> Who:
    """Whoever may look; for ``Depends``."""

    async def viewer(request: Request, bearer: Bearer) -> Identity:
        return api.identity(request, bearer.credentials if bearer else None)

    return viewer


def operators(api: Api) -> Who:
    """Whoever may change something; for ``Depends``."""

    async def operator(request: Request, bearer: Bearer) -> Identity:
        return api.operator(request, bearer.credentials if bearer else None)

    return operator


def errors(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The description of the answers that are no success."""
    return {code: {"model": s.ErrorBody, "description": _ERRORS[code]} for code in codes}
