"""Paths and channel names, both ways."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.topics import check_channel
from msr_adapter.names import Names, expand, matches, slug, sources

PATHS = st.lists(st.text(max_size=6).map(lambda s: s.replace("/", "_")), min_size=1, max_size=3).map(
    lambda parts: ("/" + "/".join(parts)).encode("utf-8", "replace")
)
SHAPES = st.sampled_from([(), (1,), (2,), (2, 3), (12,)])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/Plant/Kiln/AirOnTemperature", "plant_kiln_air_on_temperature"),
        ("/Plant/Kiln/Air On (°C)", "plant_kiln_air_on_deg_c"),
        ("/Types/TULINTMatrix", "types_tulint_matrix"),
        ("/tank/pH", "tank_ph"),
        ("/Kühlung/Größe µ", "kuhlung_grosse_u"),
        ("/0/a", "s_0_a"),
        ("/Time", "time_value"),
        ("/---", "signal"),
        ("/漢字", "signal"),
    ],
)
def test_names_can_be_read(path: str, name: str) -> None:
    assert slug(path.encode()) == name


def test_latin1_and_utf8_read_the_same() -> None:
    assert slug("/Kühl".encode("latin-1")) == slug("/Kühl".encode()) == "kuhl"


@given(st.dictionaries(PATHS, SHAPES, max_size=12))
def test_no_two_elements_share_a_name_and_every_name_leads_back(shapes: dict[bytes, tuple[int, ...]]) -> None:
    names = Names(shapes)
    given_names = [channel for path in shapes for channel in names.channels(path)]

    assert len(given_names) == len(set(given_names))
    assert all(names.path(channel) == path for path in shapes for channel in names.channels(path))
    for channel in given_names:
        check_channel(channel)


@given(st.dictionaries(PATHS, SHAPES, max_size=8))
def test_names_do_not_depend_on_the_order(shapes: dict[bytes, tuple[int, ...]]) -> None:
    turned = dict(reversed(shapes.items()))

    assert {p: Names(shapes).base(p) for p in shapes} == {p: Names(turned).base(p) for p in shapes}


def test_those_that_look_alike_get_digits_and_the_others_none() -> None:
    names = Names({b"/a/B": (), b"/A/b": (), b"/v": (2,), b"/v/0": (), b"/x": ()})

    assert names.base(b"/x") == "x"
    assert names.base(b"/a/B").startswith("a_b_")
    assert len({names.base(p) for p in (b"/a/B", b"/A/b")}) == 2
    assert not {"v_0", "v_1"} & {*names.channels(b"/v"), *names.channels(b"/v/0")}


NUMBERED = st.lists(st.sampled_from(["a", "A", "0", "1", "2", "01", "12"]), min_size=1, max_size=4).map(
    lambda parts: ("/a/" + "/".join(parts)).encode()
)


@given(st.dictionaries(NUMBERED, SHAPES, max_size=8))
def test_elements_clash_with_paths_that_end_in_numbers(shapes: dict[bytes, tuple[int, ...]]) -> None:
    names = Names(shapes)
    given_names = [channel for path in shapes for channel in names.channels(path)]
    uses = Counter(channel for path, shape in shapes.items() for channel in expand(slug(path), shape))

    assert len(given_names) == len(set(given_names))
    assert all(names.path(channel) == path for path in shapes for channel in names.channels(path))
    for path, shape in shapes.items():
        alone = all(uses[channel] == 1 for channel in expand(slug(path), shape))
        assert (names.base(path) == slug(path)) == alone


def test_a_name_that_nothing_has_leads_nowhere() -> None:
    names = Names({b"/a": (2, 3), b"/b": ()})
    assert names.path("a_1_2") == b"/a"
    for channel in ("a", "a_0", "a_2_0", "a_0_3", "a_0_03", "b_0", "c", "0", ""):
        with pytest.raises(KeyError):
            names.path(channel)


def test_a_table_of_millions_costs_nothing() -> None:
    names = Names({b"/map": (5000, 5000), b"/map/17/4999": (), b"/map/17/5000": ()})

    assert names.base(b"/map/17/5000") == "map_17_5000"
    assert names.base(b"/map/17/4999") != "map_17_4999"
    assert names.path(f"{names.base(b'/map')}_4999_0") == b"/map"


def test_vectors_and_matrices_expand_row_major() -> None:
    assert expand("a", (3,)) == ("a_0", "a_1", "a_2")
    assert expand("a", (2, 2)) == ("a_0_0", "a_0_1", "a_1_0", "a_1_1")
    assert sources(b"/M", (1, 2)) == ("/M[0,0]", "/M[0,1]")
    assert sources(b"/s", ()) == ("/s",)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/**", "/a/b/c", True),
        ("/a/**", "/a", False),
        ("**", "/a/b", True),
        ("/a/b?", "/a/b1", True),
        ("/a/b?", "/a/b/", False),
        ("/A/*", "/a/b", False),
        ("/a[1]", "/a[1]", True),
        ("/a.b", "/axb", False),
        ("/a/*", "/a/two\nlines", True),
    ],
)
def test_globs(pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern, path.encode()) == fits
