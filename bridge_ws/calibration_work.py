"""Where operators calibrate: runs, checks between calibrations, and the procedures there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from bridge_ws.answers import ApiError, reply
from bridge_ws.api import Api
from bridge_ws.calibrations import Calibrations
from bridge_ws.desk import CommandRefused
from bridge_ws.openapi import errors, operators, viewers
from bridge_ws.tokens import Identity
from calibration import procedure, templates
from calibration.record import Person
from calibration.register import Register, RegisterError, checks

Word = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Needed = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
TEMPLATE = "template:"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CheckBody(_Body):
    """A reading of a check weight, an ice point, a buffer; ``value`` as it was read, with all its digits."""

    item: Needed
    value: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
    note: Word = ""


class StartBody(_Body):
    """A run that begins. ``procedure``: the SHA-256 of one in the register, or ``template:NAME``."""

    procedure: Needed
    item: Annotated[Needed, "instrument/channel, or manual"]
    reference: Annotated[Needed, "instrument/channel, or manual"] = "manual"
    item_id: Word = ""
    standards: Word = ""
    environment: Word = ""
    force: Word = ""


class Started(BaseModel):
    run: str


def install(app: FastAPI, api: Api, calibrations: Calibrations) -> None:
    """Add these routes to ``app``."""
    app.include_router(_looking(api, calibrations))
    app.include_router(_doing(api, calibrations))


def _looking(api: Api, calibrations: Calibrations) -> APIRouter:
    router = APIRouter(tags=["calibration"])

    Viewer = Annotated[Identity, Depends(viewers(api))]  # noqa: N806 - it is a type

    @router.get("/api/checks", response_model=list[dict[str, Any]], responses=errors(401, 503))
    async def charts(_: Viewer) -> Response:
        """The control chart of everything that is checked between calibrations."""
        return reply(await calibrations.ask(_charts))

    @router.get("/api/procedures", response_model=list[dict[str, Any]], responses=errors(401, 503))
    async def procedures(_: Viewer) -> Response:
        """The procedures of the register in their latest revision, then the templates."""
        return reply(await calibrations.ask(_procedures))

    return router


def _doing(api: Api, calibrations: Calibrations) -> APIRouter:
    router = APIRouter(tags=["calibration"])

    Operator = Annotated[Identity, Depends(operators(api))]  # noqa: N806 - it is a type

    @router.post("/api/checks", response_model=dict[str, Any], responses=errors(401, 403, 404, 409, 422, 503))
    async def check(identity: Operator, body: CheckBody) -> Response:
        """Keep a check under the name of the token; the chart as it is then."""
        return reply(await calibrations.ask(lambda r: _check(r, body, identity.name)))

    @router.post(
        "/api/calibrations/runs",
        status_code=202,
        response_model=Started,
        responses=errors(401, 403, 404, 409, 422, 503),
    )
    async def start(identity: Operator, body: StartBody) -> Response:
        """Ask the calibration service for a run; it tells on the run's own topic whether it begins."""
        text = await calibrations.ask(lambda r: _text(r, body.procedure))
        args = body.model_dump() | {"procedure": text}
        try:
            return reply({"run": api.hub.calibrations.start(identity.name, args)}, 202)
        except CommandRefused as e:
            raise ApiError(503, e.problem.code, e.problem.message) from e

    return router


def _charts(register: Register) -> list[dict[str, Any]]:
    checked = [entry.id for entry in register.items() if entry.plan is not None and entry.state == "active"]
    return [checks.chart(register, id_).plain() for id_ in checked]


def _check(register: Register, body: CheckBody, by: str) -> dict[str, Any]:
    checks.add(register, body.item, body.value, Person(name=by, authenticated=True), note=body.note)
    return checks.chart(register, body.item).plain()


def _procedures(register: Register) -> list[dict[str, Any]]:
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted((register.folder / "procedures").glob("*.toml")):
        rules, text = register.procedure(path.stem)
        known = newest.get(rules.id)
        if known is None or known["rev"] < rules.rev:
            newest[rules.id] = _procedure(rules, procedure.sha256(text))
    shipped = [_procedure(procedure.read(templates.text(name)), TEMPLATE + name) for name in templates.names()]
    return [*sorted(newest.values(), key=lambda p: str(p["id"])), *shipped]


def _procedure(rules: procedure.Procedure, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "id": rules.id,
        "rev": rules.rev,
        "title": rules.title,
        "quantity": rules.quantity,
        "unit": rules.unit,
        "points": [*rules.points.values],
        "check": [*rules.points.check],
        "template": key.startswith(TEMPLATE),
    }


def _text(register: Register, key: str) -> str:
    """Raises ApiError, RegisterError."""
    if not key.startswith(TEMPLATE):
        return register.procedure(key)[1]
    name = key.removeprefix(TEMPLATE)
    if name not in templates.names():
        raise RegisterError(f"there is no template {name!r}; there are {', '.join(templates.names())}")
    return templates.text(name)
