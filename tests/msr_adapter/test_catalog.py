"""What a server offers, from the listings of a real one."""

import pytest

from msr_adapter.catalog import Catalog, catalog, is_element
from msr_adapter.wire import Channel, Decoder, Listing, Parameter, layout_of
from msr_adapter.wire.events import Item
from tests.msr_adapter.records import sessions


def recorded(name: str) -> Catalog:
    """From all listings of a transcript."""
    items: list[Item] = []
    for session in sessions(name):
        items += [i for e in Decoder().feed(session.server) if isinstance(e, Listing) for i in e.items]
    return catalog(items, items)


def test_elements_of_vectors_are_left_out_and_the_whole_stays() -> None:
    offer = recorded("11-splitvectors-prefix")
    paths = {s.path for s in offer.signals} | {s.path for s in offer.settings}
    wholes = {s.path for s in offer.signals if s.layout.shape}

    assert wholes
    assert paths
    assert not [p for p in paths if is_element(p, wholes)]


def test_every_variable_of_a_real_server_has_a_name_of_its_own() -> None:
    offer = recorded("02-listings")
    paths = [s.path for s in offer.signals] + [s.path for s in offer.settings]
    channels = [c for path in paths for c in offer.names.channels(path)]

    assert len(offer.signals) > 50
    assert len(offer.settings) > 10
    assert len(channels) == len(set(channels))
    assert offer.unreadable == ()
    assert set(offer.task_hz) >= {0, 1}


@pytest.mark.parametrize(
    ("path", "element"),
    [("/V/0", True), ("/V/1/2/3", True), ("/V", False), ("/V/a", False), ("/W/0", False), ("/V/a/0", False)],
)
def test_an_element_is_numbers_below_a_whole(path: str, element: bool) -> None:
    assert is_element(path.encode(), {b"/V"}) == element


def test_unknown_types_are_named_and_a_split_element_is_no_setting() -> None:
    double = layout_of("TDBL")
    offer = catalog(
        [Channel(0, b"/a", "TDBL", double, hz=10.0), Channel(1, b"/b", "TQUAD")],
        [Parameter(0, b"/p", "TDBL", double), Parameter(1, b"/p/0", "TDBL", double, flags=263)],
    )

    assert offer.unreadable == (("/b", "TQUAD"),)
    assert [s.path for s in offer.settings] == [b"/p"]
    assert offer.task_hz == {0: 10.0}
