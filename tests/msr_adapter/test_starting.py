"""The starting file: readable whatever the server offers, each line in one instrument, nothing writable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import parse
from broker.mistakes import Mistakes
from msr_adapter import starting
from msr_adapter.config import check
from msr_adapter.names import matches
from msr_adapter.offer import Line
from msr_adapter.session import Address
from msr_adapter.starting import starting_file
from msr_adapter.tables import MsrFile

PARTS = st.lists(st.text(st.characters(exclude_characters="/*?", exclude_categories=["Cs"]), min_size=1, max_size=5),
                 min_size=1, max_size=3)  # fmt: skip
LINES = st.lists(
    st.builds(
        lambda parts, kind, hz, comment: Line("/" + "/".join(parts), kind, "c", "float", (), hz, comment=comment),
        PARTS, st.sampled_from(["signal", "parameter"]), st.sampled_from([None, 1000.0]), st.text(max_size=9),
    ),
    unique_by=lambda line: line.path, max_size=30,
)  # fmt: skip


def read(lines: list[Line]) -> MsrFile:
    file = parse(starting_file(Address("h"), lines), MsrFile, "msr.toml", env={})
    mistakes = Mistakes()
    check(file, mistakes)
    assert [m for m in mistakes.found if "there is no [[instrument]]" not in m] == []
    return file


@given(LINES, st.integers(1, 4))
def test_every_path_is_in_exactly_one_instrument_of_its_kind(lines: list[Line], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "MOST_CHANNELS", most)
        file = read(lines)

    assert not any(i.parameter for i in file.instrument)
    for line in lines:
        globs = [g for i in file.instrument for g in (i.signals if line.kind == "signal" else i.parameters)]
        wanted = 0 if line.path.startswith("/Taskinfo/") else 1
        assert sum(matches(g, line.path.encode()) for g in globs) >= wanted


def test_a_large_directory_becomes_several_instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "MOST_CHANNELS", 10)
    paths = ["/a/x/1", "/a/x/2", "/a/y/1", "/a/direct", "/b/1", "/root"]
    file = read([Line(p, "signal", "c", "float", (4,), 10.0) for p in paths])

    assert [(i.name, i.signals) for i in file.instrument] == [
        ("etherlab", ["/*"]), ("a", ["/a/*"]), ("a-x", ["/a/x/**"]), ("a-y", ["/a/y/**"]), ("b", ["/b/**"]),
    ]  # fmt: skip


def test_more_than_a_page_can_use_is_not_asked_for_at_full_rate() -> None:
    fast = [Line(f"/f/{k}", "signal", "c", "float", (10,), 1000.0) for k in range(6)]
    slow = [Line(f"/s/{k}", "signal", "c", "float", (10,), 1000.0) for k in range(4)]
    text = starting_file(Address("h"), [*fast, *slow])

    assert 'rate = { per_second = 1 }    # "full" would be 60000 values a second' in text
    assert text.count('rate = "full"') == 1
