"""Parameters in words."""

import math

import pytest

from msr_adapter.catalog import Catalog
from msr_adapter.parameters import Reading, changes, samples_of, shown
from msr_adapter.plan import plan
from msr_adapter.settings import Watched
from msr_adapter.wire.samples import Number, to_image
from tests.msr_adapter.support import instrument
from tests.msr_adapter.test_plan import setting


def watched(typ: str, keys: str = "", **more: int) -> Watched:
    table = instrument(f'parameters = ["/p"]\nchannels."/p" = {{ {keys} }}')
    return plan([table], Catalog((), (setting("/p", typ, **more),)))[0].watched[0]


def reading(w: Watched, *values: Number) -> Reading:
    return Reading(to_image(w.column.layout, values), 0)


@pytest.mark.parametrize(
    ("typ", "keys", "value", "text"),
    [
        ("TDBL", 'unit = "°C"', 0.1, "0.1 °C"),
        ("TFLT", "", 0.1, "0.1"),
        ("TDBL", "", math.nan, "nan"),
        ("TULINT", "", 2**64 - 1, "18446744073709551615"),
        ("TCHAR", 'type = "bool"', 1, "true"),
    ],
)
def test_values_for_people(typ: str, keys: str, value: Number, text: str) -> None:
    w = watched(typ, keys)

    assert shown(w, samples_of(w, reading(w, value))[0]) == text


def test_each_element_that_changed_is_told_by_its_channel() -> None:
    w = watched("TDBL_LIST", columns=3)
    before, after = (samples_of(w, reading(w, *v)) for v in ((1, 2, math.nan), (1, 3, math.nan)))

    assert changes(w, before, after) == [("p_1", "changed outside labwire: 2 → 3")]
    assert changes(w, before, before) == []
