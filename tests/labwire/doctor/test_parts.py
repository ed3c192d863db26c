from pathlib import Path

import pytest

from broker.config import ConfigError
from labwire.doctor.parts import find, kind_of, read

DEPLOY = Path("deploy/etc")


@pytest.mark.parametrize("kind", ["edge", "msr", "logger", "bridge", "calibration", "broker"])
def test_a_file_is_recognised_by_what_stands_in_it(kind: str, tmp_path: Path) -> None:
    renamed = tmp_path / "some.toml"
    renamed.write_text((DEPLOY / f"{kind}.toml").read_text())
    assert kind_of(renamed) == kind
    part, wrong = read(DEPLOY / f"{kind}.toml")
    assert part is not None
    assert (part.kind, wrong) == (kind, [])
    assert (part.data_dir is None) == (kind == "calibration")


def test_an_unknown_key_is_found_with_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "logger.toml"
    file.write_text('data_dir = "x"\nlinger = 5\n[broker]\nuser = "logger-main"\n')
    part, (finding,) = read(file)
    assert "unknown key 'linger', did you mean 'linger_ms'?" in finding.text
    assert str(file) in finding.remedy
    assert part is not None
    assert part.config is None
    assert part.broker is not None  # the broker is looked at all the same
    assert part.broker.user == "logger-main"


def test_every_mistake_of_an_edge_is_a_finding_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(
        '[edge]\nname = "Pi"\ndata_dir = "x"\n[[instrument]]\nname = "a"\ndriver = "none"\nport = "tcp://h:1"\n'
    )
    assert len(read(file)[1]) == 2


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text("port = = 8000\n")
    assert "not valid TOML" in read(tmp_path / "bridge.toml")[1][0].text


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "edge.toml").write_text((DEPLOY / "edge.toml").read_text())
    assert find([], [tmp_path, tmp_path / "none"]) == [tmp_path / "edge.toml"]
    assert find([tmp_path]) == [tmp_path / "edge.toml"]


def test_nothing_to_look_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name one"):
        find([], [tmp_path])


def test_a_named_file_is_looked_at_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("colour = 3\n")
    assert find([tmp_path / "x.toml"]) == [tmp_path / "x.toml"]
    assert read(tmp_path / "x.toml")[0] is None
