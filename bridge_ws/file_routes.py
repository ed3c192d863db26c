"""Where exports and the ledger are: paths and parameters, and their description for /openapi.json."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response

from bridge_ws.api import Api
from bridge_ws.files import Files, Time, question
from bridge_ws.openapi import errors, viewers
from bridge_ws.schemas import LedgerBody
from bridge_ws.tokens import Identity
from broker.topics import Topics
from logger.export.ask import Excel, Format, Inner, Values

MOST_NAMES = 100
_WHEN = "ms since the epoch, `2h` ago, or an ISO date and time"

Names = Annotated[
    list[str], Query(alias="instrument", max_length=MOST_NAMES, description="or a pattern; repeat; none: all")
]
Channels = Annotated[
    list[str],
    Query(alias="channel", max_length=MOST_NAMES, description="temp, oven1.temp or a pattern; repeat; none: all"),
]
Begin = Annotated[str, Query(alias="from", max_length=40, description=f"{_WHEN}; none: the first sample")]
End = Annotated[str, Query(alias="to", max_length=40, description=f"{_WHEN}, not included; none: the last sample")]
Zone = Annotated[
    str, Query(max_length=64, description="times are written, and read where they name none, in this zone")
]
Run = Annotated[str, Query(max_length=100, description="a run's time and instruments")]
Every = Annotated[str, Query(max_length=20, description="`1min`: one aligned table instead of the samples")]
Agg = Annotated[str, Query(max_length=40, description="with every: mean, min, max, last, or several with commas")]
ValuesOf = Annotated[
    Values, Query(description="of corrected channels: both, what the instrument said, or what is right")
]
InZip = Annotated[Inner, Query(description="what is in a zip")]
ExcelOf = Annotated[Excel, Query(description="CSV as Excel in this language reads it")]
Day = Annotated[str, Query(max_length=10, description="a date like 2026-11-20; none: today")]

_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the file, made while it is sent; when it cannot be finished the connection is cut",
        "content": {"text/csv": {}, "application/vnd.apache.parquet": {}, "application/zip": {}},
    }
}


def install(app: FastAPI, api: Api, topics: Topics) -> None:
    """Add the routes."""
    files = Files(api, topics)

    Viewer = Annotated[Identity, Depends(viewers(api))]  # noqa: N806 - it is a type

    @app.get("/api/export", response_class=Response, responses=_FILE | errors(401, 404, 422, 503), tags=["read"])
    async def export(
        request: Request,
        identity: Viewer,
        instrument: Names = [],  # noqa: B006 - FastAPI copies it
        channel: Channels = [],  # noqa: B006
        begin: Begin = "",
        end: End = "",
        run: Run = "",
        format: Format = "csv",  # noqa: A002 - it is the parameter's name
        inner: InZip = "csv",
        every: Every = "",
        agg: Agg = "mean",
        values: ValuesOf = "recorded",
        excel: ExcelOf = "",
        tz: Zone = "UTC",
    ) -> Response:
        """The samples themselves, never buckets, as a file; or with `every` one aligned table."""
        names = {"instruments": tuple(instrument), "channels": tuple(channel), "run": run}
        how: dict[str, Any] = {"format": format, "inner": inner, "values": values, "excel": excel}
        ask = question(names | how, Time(begin, end, tz), every, agg, api.now_ms() * 1000)
        return await files.export(identity, request, ask)

    @app.get("/api/ledger", response_model=list[LedgerBody], responses=errors(401, 404, 422, 503), tags=["read"])
    async def ledger(
        _: Viewer,
        instrument: Names = [],  # noqa: B006
        day: Day = "",
        begin: Begin = "",
        end: End = "",
        tz: Zone = "UTC",
    ) -> Response:
        """What was expected and stored of each instrument in a time, and why something is missing."""
        return await files.ledger(instrument, Time(begin, end, tz), day)
