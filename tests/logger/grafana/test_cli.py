import json
from pathlib import Path

import pytest

from broker.topics import Kind
from labwire import gen
from logger.grafana import cli
from tests.logger.support import meta, open_store, packet, write


def test_writes_the_general_dashboards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gen.main(["grafana", "--provisioned", "-o", str(tmp_path / "out")]) == 0
    written = sorted((tmp_path / "out").glob("*.json"))
    assert [path.stem for path in written] == sorted(cli.PROVISIONED)
    assert capsys.readouterr().out.split() == [str(tmp_path / "out" / f"{name}.json") for name in cli.PROVISIONED]


def test_no_store_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--db", str(tmp_path / "nothing.db"), "-o", str(tmp_path)]) == 1
    assert "nothing.db" in capsys.readouterr().err


def test_an_unknown_kind_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert gen.main(["telepathy"]) == 2
    assert "grafana" in capsys.readouterr().err


def test_files_are_json_people_can_read(tmp_path: Path) -> None:
    cli.main(["--provisioned", "-o", str(tmp_path)])
    text = (tmp_path / "overview.json").read_text(encoding="utf-8")
    assert json.loads(text)["title"] == "labwire: overview"
    assert len(text.splitlines()) > 50


def test_every_stored_instrument_gets_a_dashboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(tmp_path)
    write(store, packet(Kind.META, meta(temp="float", door="bool")))
    database = str(tmp_path / "labwire.db")
    assert cli.main(["--db", database, "-o", str(tmp_path / "made")]) == 0
    board = json.loads((tmp_path / "made" / "oven1.json").read_text(encoding="utf-8"))
    assert board["uid"] == "labwire-i-oven1"
    assert cli.main(["--db", database, "--instrument", "oven9", "-o", str(tmp_path)]) == 2
    assert "oven9" in capsys.readouterr().err
