"""Where the HTTP interface is: paths, parameters, who may, and their description for /openapi.json."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from starlette.websockets import WebSocket

from bridge_ws import answers, calibration_routes, file_routes, ops, questions, site, stores
from bridge_ws import schemas as s
from bridge_ws.answers import reply
from bridge_ws.api import Api
from bridge_ws.calibrations import Calibrations
from bridge_ws.guard import Guard
from bridge_ws.interest import FilterError, check
from bridge_ws.openapi import errors, operators, viewers
from bridge_ws.site import Site
from bridge_ws.tokens import ANONYMOUS, Identity
from bridge_ws.ws import Door
from broker.messages import MAX_TTL_MS

_ABOUT = """
Live values come over the WebSocket at `/ws` (subprotocol `labwire.v1`); this is everything else.
Times are milliseconds since the epoch, UTC. Give a token as `Authorization: Bearer …`.
Every error has the same shape: `{"error": {"code", "message"}}`.
"""

From = Annotated[float, Query(alias="from", description="ms since the epoch")]
To = Annotated[float, Query(description="ms since the epoch, not included")]
Name = Annotated[str, Query(min_length=1, max_length=63)]
NamePath = Annotated[str, Path(min_length=1, max_length=63)]
Channels = Annotated[
    list[str], Query(alias="channel", max_length=questions.MOST_CHANNELS, description="repeat; none: all numeric ones")
]
Points = Annotated[int, Query(ge=1, le=questions.MOST_POINTS, description="at most so many buckets")]
StepMs = Annotated[float | None, Query(ge=1, le=1e11, description="this step instead of one chosen by points")]


def build(api: Api, door: Door, page: Site, version: str, calibrations: Calibrations | None = None) -> Guard:
    """The whole ASGI application."""
    app = FastAPI(
        title="labwire bridge",
        version=version,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    answers.install(app)
    app.include_router(_reading(api))
    app.include_router(_changing(api))
    file_routes.install(app, api, api.hub.topics)
    calibration_routes.install(app, api, calibrations or Calibrations(None))

    async def websocket(socket: WebSocket) -> None:
        await door.serve(socket)

    async def no_page() -> Response:
        return site.sorry(page)

    async def certificate() -> Response:
        return site.certificate_page(page)

    app.add_api_websocket_route("/ws", websocket)
    app.add_api_route("/cal/{id}", certificate, include_in_schema=False)
    if (vendor := site.vendor_app(page)) is not None:
        app.mount("/vendor", vendor)
    if (files := site.page_app(page)) is not None:
        app.mount("/", files)
    else:
        app.add_api_route("/", no_page, include_in_schema=False)
    return Guard(app, page.csp)


def _reading(api: Api) -> APIRouter:
    router = APIRouter()

    Viewer = Annotated[Identity, Depends(viewers(api))]  # noqa: N806 - it is a type

    @router.get("/healthz", response_model=s.Health, tags=["health"])
    async def healthz() -> Response:
        """Whether the bridge works, and what it can reach. Needs no token."""
        return await api.health()

    @router.get("/api/me", response_model=s.Me, responses=errors(401), tags=["read"])
    async def me(identity: Viewer) -> Response:
        """Whose token this is: what a program asks before it writes a name under something."""
        known = identity != ANONYMOUS
        return reply({"name": identity.name, "role": identity.role, "authenticated": known})

    @router.get("/api/instruments", response_model=list[s.Instrument], responses=errors(401), tags=["read"])
    async def instruments(_: Viewer) -> Response:
        """All instruments: what they are and how they are."""
        return api.instruments()

    @router.get("/api/history", response_model=s.HistoryBody, responses=errors(401, 422, 503), tags=["read"])
    async def history(
        request: Request,
        identity: Viewer,
        instrument: Name,
        begin: From,
        to: To,
        channel: Channels = [],  # noqa: B006 - FastAPI copies it
        points: Points = 1200,
        step_ms: StepMs = None,
        format: Annotated[Literal["json", "csv"], Query(description="csv: one table for all channels")] = "json",  # noqa: A002
    ) -> Response:
        """Smallest, largest and mean value per bucket. A finished bucket never changes."""
        of = questions.span(begin, to, points, step_ms)
        names = channel or api.channels(instrument)[: questions.MOST_CHANNELS]
        api.audit_download(identity, f"history of {instrument}", request)
        found = await api.past.ask(lambda h: questions.series(h, instrument, names, of), instrument)
        return answers.text_csv(questions.table(found)) if format == "csv" else reply(found)

    @router.get("/api/marks", response_model=list[s.Mark], responses=errors(401, 422, 503), tags=["read"])
    async def marks(_: Viewer, begin: From, to: To) -> Response:
        """Notes, runs, events and finished commands of a time."""
        questions.check_times(begin, to)
        return reply(stores.marks(await api.past.each(lambda h: h.marks(int(begin), int(to)))))

    @router.get("/api/log", response_model=list[s.LogLine], responses=errors(401, 422, 503), tags=["read"])
    async def log(
        request: Request,
        identity: Viewer,
        topic: Annotated[str | None, Query(max_length=256, description="an MQTT filter")] = None,
        since: Annotated[float | None, Query(ge=0, description="ms since the epoch")] = None,
        until: Annotated[float | None, Query(ge=0, description="ms since the epoch")] = None,
        limit: Annotated[int, Query(ge=1, le=questions.MOST_LOG)] = 200,
    ) -> Response:
        """The last messages on the broker that match, oldest first."""
        _check_filter(topic)
        api.audit_download(identity, f"log of {topic or 'everything'}", request)
        first, last = (None if t is None else int(t) for t in (since, until))
        entries = stores.log(await api.past.each(lambda h: h.log(topic, first, last, limit)), limit)
        return reply([questions.log_line(e) for e in entries])

    @router.get("/api/runs", response_model=list[s.RunState], responses=errors(401), tags=["read"])
    async def runs(_: Viewer) -> Response:
        """The runs that go on, and those that ended lately."""
        return reply(list(api.hub.world.runs.values()))

    @router.get("/api/commands/{id}", response_model=s.CommandResult, responses=errors(401, 404), tags=["read"])
    async def command_state(_: Viewer, id: Annotated[str, Path(max_length=64)]) -> Response:  # noqa: A002
        """How a command of the last minutes stands."""
        return api.command_state(id)

    return router


def _changing(api: Api) -> APIRouter:
    router = APIRouter(tags=["change"])

    Operator = Annotated[Identity, Depends(operators(api))]  # noqa: N806 - it is a type

    @router.post(
        "/api/instruments/{instrument}/commands",
        response_model=s.CommandResult,
        responses=errors(401, 403, 404, 409, 422, 503) | {202: {"model": s.CommandId, "description": "wait=0"}},
    )
    async def command(
        request: Request,
        identity: Operator,
        instrument: NamePath,
        body: s.CommandBody,
        wait: Annotated[bool, Query(description="answer when the command has ended (else at once)")] = True,
    ) -> Response:
        """Command an instrument. `no_answer`: nobody said in time what became of it."""
        ask = ops.DoCommand("http", instrument, body.name, dict(body.args), min(body.ttl_ms, MAX_TTL_MS))
        return await api.command(identity, request, ask, wait)

    @router.post("/api/notes", status_code=201, response_model=s.NoteDone, responses=errors(401, 403, 422))
    async def note(identity: Operator, body: s.NoteBody) -> Response:
        """Put a note on record."""
        return api.note(identity, body)

    @router.post("/api/runs", status_code=201, response_model=s.RunDone, responses=errors(401, 403, 422))
    async def start_run(identity: Operator, body: s.RunBody) -> Response:
        """Begin a run."""
        return api.start_run(identity, body)

    @router.post("/api/runs/{run}/stop", response_model=s.RunDone, responses=errors(401, 403, 404, 409))
    async def stop_run(_: Operator, run: Annotated[str, Path(max_length=100)]) -> Response:
        """End a run."""
        return api.stop_run(run)

    return router


def _check_filter(topic: str | None) -> None:
    """Raises ApiError (422)."""
    if topic is not None:
        try:
            check(topic)
        except FilterError as e:
            raise answers.ApiError(422, "invalid", f"topic: {e}") from e
