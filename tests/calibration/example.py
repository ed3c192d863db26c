"""A small procedure and a record for it, with round numbers."""

from typing import Any

import msgspec

from calibration.procedure import Procedure
from calibration.procedure import read as read_procedure
from calibration.record import Record

PROCEDURE = """
schema = "labwire.procedure/1"
id = "P-1"
rev = 2
title = "Sensor"
quantity = "length"
unit = "mm"
[points]
values = [0, 10, 20, 30]
check = [15]
order = "up-down"
[reading]
n = 3
[tolerance]
abs = 0.5
pct = 1.0
of = "reference"
[fit]
model = "poly"
degree = 1
check_max = 0.05
[budget]
reference = { from = "standard.U", dist = "normal" }
ref_drift = { half = "0.001*x" }
resolution = { from = "item.d" }
repeatability = { from = "readings" }
hysteresis = { from = "series" }
"""

NOMINALS = ("0", "10", "15", "20", "30")


def procedure(**tables: Any) -> Procedure:
    """The example with parts replaced."""
    return msgspec.structs.replace(read_procedure(PROCEDURE), **tables)


def point(nominal: str, direction: str = "up", error: int = 2) -> dict[str, Any]:
    """Three readings whose mean error is ``error``/10 mm + 0.01·x, scattered by 0.01."""
    x = int(nominal)
    readings = [{"I": f"{x + error / 10 + 0.01 * x + 0.01 * i:.2f}", "x": nominal} for i in (-1, 0, 1)]
    return {"nominal": nominal, "direction": direction, "check": nominal == "15", "readings": readings}


def raw() -> dict[str, Any]:
    """Errors: 0.2 + 0.01·x up, 0.1 more down."""
    points = [point(n) for n in NOMINALS] + [point(n, "down", 3) for n in NOMINALS]
    return {
        "schema": "labwire.calibration/1",
        "id": "C-1",
        "procedure": {"id": "P-1", "rev": 2, "sha256": ""},
        "item": {"id": "sensor1", "d": "0.01"},
        "standards": [{"id": "gauge", "U": "0.06", "k": "2"}],
        "as_found": {"points": points},
    }


def record(**changes: Any) -> Record:
    """The example with keys of its JSON replaced."""
    return msgspec.convert({**raw(), **changes}, Record)
