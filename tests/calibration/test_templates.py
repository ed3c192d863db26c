from pathlib import Path

import pytest

from calibration import templates
from calibration.lint import lint
from calibration.procedure import read

NAMED = {
    "balance-cg18",
    "pt100-comparison",
    "pt100-simulation",
    "ph-2buffer",
    "ph-3buffer",
    "pressure-dkd6-1",
    "humidity",
    "flow-gravimetric",
    "moisture-analyser",
    "analog-channel",
    "generic-linear",
}


def test_all_are_there() -> None:
    assert set(templates.names()) == NAMED
    with pytest.raises(KeyError):
        templates.text("../procedure")


@pytest.mark.parametrize("name", sorted(NAMED))
def test_each_is_clean_and_has_a_manual_variant(name: str) -> None:
    procedure = read(templates.text(name))
    assert lint(procedure, d=0.001) == []
    assert 1 <= procedure.reading.typed <= 5
    assert procedure.title
    assert procedure.tolerance is not None


def test_their_ids_differ() -> None:
    ids = [read(templates.text(name)).id for name in templates.names()]
    assert len(set(ids)) == len(ids)


def test_the_folder_has_nothing_else() -> None:
    folder = Path(templates.__file__).parent
    assert {f.suffix for f in folder.iterdir() if f.is_file()} == {".toml", ".py"}
