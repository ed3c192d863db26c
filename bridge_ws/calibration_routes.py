"""Where calibrations are: paths, parameters and who may. What is done stands in calibrations.py."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bridge_ws import calibration_views as views
from bridge_ws import calibration_work
from bridge_ws.answers import ApiError, error, reply
from bridge_ws.api import Api
from bridge_ws.calibrations import Calibrations, NoRegister, issued
from bridge_ws.openapi import errors, operators, viewers
from bridge_ws.tokens import Identity
from calibration.register import Kind, Register, RegisterError, ics
from calibration.register.due import dues
from calibration.register.history import calibrations as calibrations_of
from calibration.register.history import suggestion

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Rev = Annotated[int | None, Query(ge=1, le=999_999, description="the latest where it is left out")]
Days = Annotated[int, Query(ge=0, le=3650, description="what is due within so many days is marked")]
Language = Annotated[Literal["en", "de"], Query(description="of a document that is drawn now")]

FILES: dict[str, tuple[Kind, str]] = {
    "certificate.pdf": ("certificate", "application/pdf"),
    "protocol.pdf": ("protocol", "application/pdf"),
    "dcc.xml": ("dcc", "application/xml"),
    "points.csv": ("csv", "text/csv; charset=utf-8"),
}
_SUFFIX = {"certificate": "pdf", "protocol": "pdf", "dcc": "xml", "csv": "csv"}


class StepBody(BaseModel):
    """The next state of a record's latest revision."""

    model_config = ConfigDict(extra="forbid", strict=True)
    state: Literal["reviewed", "performed", "released", "withdrawn"]
    reason: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""


class Calibration(BaseModel):
    """One record in its latest revision."""

    id: str
    rev: int
    state: str
    procedure: str
    title: str
    item: str
    model: str
    serial: str
    channel: str
    begin: str
    end: str
    released: str | None
    by: str | None
    passed: bool | None
    documents: Annotated[list[str], Field(description="kept files: certificate, protocol, dcc, csv")]


def install(app: FastAPI, api: Api, calibrations: Calibrations) -> None:
    """Add the routes of calibrations to ``app``."""
    app.add_exception_handler(NoRegister, _no_register)
    app.add_exception_handler(RegisterError, _refused)
    app.include_router(_public(calibrations))
    app.include_router(_reading(api, calibrations))
    app.include_router(_shelf(api, calibrations))
    calibration_work.install(app, api, calibrations)
    app.include_router(_changing(api, calibrations))


def _no_register(_: Request, e: Exception) -> Response:
    return error(503, "no_register", str(e))


def _refused(_: Request, e: Exception) -> Response:
    text = str(e)
    return error(404, "not_found", text) if text.startswith("there is no ") else error(409, "refused", text)


class Known(BaseModel):
    """What a certificate's QR code leads to. Nothing is told unless the printed hash is right."""

    known: bool
    id: str = ""
    rev: int = 0
    state: str = ""
    issued: str = ""
    item: str = ""
    newest: Annotated[int, Field(description="the latest revision that was issued")] = 0


def _public(calibrations: Calibrations) -> APIRouter:
    """What whoever holds the paper may ask without a token: the hash on it is the key."""
    router = APIRouter(tags=["calibration"])

    @router.get("/api/certificates/{id}", response_model=Known, responses=errors(422, 503))
    async def certificate(id: Id, sha: Annotated[str, Query(pattern="^[0-9a-f]{32}$")]) -> Response:  # noqa: A002
        """Whether a certificate with this number and this hash (its first 32 digits) was issued here."""
        return reply(await calibrations.ask(lambda r: issued(r, id, sha)))

    return router


def _reading(api: Api, calibrations: Calibrations) -> APIRouter:
    router = APIRouter(tags=["calibration"])

    Viewer = Annotated[Identity, Depends(viewers(api))]  # noqa: N806 - it is a type

    @router.get("/api/calibrations", response_model=list[Calibration], responses=errors(401, 503))
    async def listed(_: Viewer) -> Response:
        """All calibrations, the newest first."""
        return reply(await calibrations.all())

    @router.get("/api/calibrations/{id}", response_model=dict[str, Any], responses=errors(401, 404, 422, 503))
    async def one(_: Viewer, id: Id, rev: Rev = None) -> Response:  # noqa: A002
        """The record with its results, its history and its place in the chain."""
        return reply(await calibrations.detail(id, rev))

    @router.get(
        "/api/calibrations/{id}/{file}",
        response_class=Response,
        responses=errors(401, 404, 409, 422, 503)
        | {200: {"content": {media.split(";")[0]: {} for _, media in FILES.values()}, "description": "the document"}},
    )
    async def document(
        request: Request,
        identity: Viewer,
        id: Id,  # noqa: A002
        file: Annotated[str, Path(description=", ".join(FILES))],
        rev: Rev = None,
        language: Language = "en",
    ) -> Response:
        """A document: the kept file of a release, else drawn now and named a draft."""
        if file not in FILES:
            raise ApiError(404, "not_found", f"there is no {file!r}; there are {', '.join(FILES)}")
        kind, media = FILES[file]
        api.audit_download(identity, f"{file} of {id}", request)
        data, name, kept = await calibrations.document(id, rev, kind, language)
        headers = {
            "content-disposition": f'inline; filename="{name}.{_SUFFIX[kind]}"',
            "cache-control": "no-store",
            "x-labwire-draft": "0" if kept else "1",
        }
        return Response(data, media_type=media, headers=headers)

    return router


def _shelf(api: Api, calibrations: Calibrations) -> APIRouter:
    """Items, standards and what is due."""
    router = APIRouter(tags=["calibration"])

    Viewer = Annotated[Identity, Depends(viewers(api))]  # noqa: N806 - it is a type

    @router.get("/api/items", response_model=list[dict[str, Any]], responses=errors(401, 503))
    async def items(_: Viewer) -> Response:
        """What is calibrated here, and where each thing sits and sat."""
        return reply(await calibrations.ask(lambda r: [views.item(entry) for entry in r.items()]))

    @router.get("/api/items/{id}", response_model=dict[str, Any], responses=errors(401, 404, 422, 503))
    async def item(_: Viewer, id: Id) -> Response:  # noqa: A002
        """One of them, with its calibrations, the drift between them and the interval that suggests."""
        return reply(await calibrations.ask(lambda r: _item(r, id)))

    @router.get("/api/due", response_model=list[dict[str, Any]], responses=errors(401, 422, 503))
    async def due(_: Viewer, within_days: Days = 30) -> Response:
        """What must be calibrated next, the most urgent first."""
        within = timedelta(days=within_days)
        return reply(await calibrations.ask(lambda r: [line.plain() for line in dues(r, within)]))

    @router.get(
        "/api/due.ics",
        response_class=Response,
        responses=errors(401, 503) | {200: {"content": {"text/calendar": {}}, "description": "iCalendar"}},
    )
    async def calendar(_: Viewer) -> Response:
        """The same as a calendar."""
        data = await calibrations.ask(lambda r: ics.calendar(dues(r), r.clock(), r.lab.name))
        headers = {"content-disposition": 'attachment; filename="calibrations.ics"', "cache-control": "no-store"}
        return Response(data, media_type="text/calendar; charset=utf-8", headers=headers)

    @router.get("/api/standards", response_model=list[dict[str, Any]], responses=errors(401, 503))
    async def standards(_: Viewer) -> Response:
        """The references and their certificates."""
        return reply(await calibrations.ask(lambda r: [views.standard(entry) for entry in r.standards()]))

    return router


def _item(register: Register, id_: str) -> dict[str, Any]:
    entry = register.item(id_)
    made = calibrations_of(register, id_)
    return views.item(entry) | views.past(made, suggestion(made, entry.months))


def _changing(api: Api, calibrations: Calibrations) -> APIRouter:
    router = APIRouter(tags=["calibration"])

    Operator = Annotated[Identity, Depends(operators(api))]  # noqa: N806 - it is a type

    @router.post(
        "/api/calibrations/{id}/state",
        response_model=Calibration,
        responses=errors(401, 403, 404, 409, 422, 503),
    )
    async def step(identity: Operator, id: Id, body: StepBody) -> Response:  # noqa: A002
        """Review, send back, release or withdraw, under the name of the token."""
        return reply(await calibrations.step(id, body.state, identity.name, body.reason))

    return router
