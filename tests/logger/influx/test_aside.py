import json
from pathlib import Path

import pytest

from logger.influx.aside import Aside


def test_a_refused_line_is_readable_with_its_reason(tmp_path: Path) -> None:
    Aside(tmp_path / "refused").put([b'data,instrument=a temp="\xc2\xb0" 1'], "type conflict", 0.0)

    assert json.loads((tmp_path / "refused").read_text()) == {
        "at": "1970-01-01T00:00:00+00:00",
        "reason": "type conflict",
        "line": 'data,instrument=a temp="°" 1',
    }


def test_two_files_and_never_more_than_the_most(tmp_path: Path) -> None:
    aside = Aside(tmp_path / "refused", most=4000)
    for k in range(200):
        aside.put([b"data a=%d 1" % k], "x", 0.0)

    files = sorted(tmp_path.iterdir())
    assert [f.name for f in files] == ["refused", "refused.old"]
    assert sum(f.stat().st_size for f in files) <= 4200
    assert "a=199" in (tmp_path / "refused").read_text() + (tmp_path / "refused.old").read_text()


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Aside(tmp_path / "no" / "refused").put([b"data a=1 1"], "x", 0.0)

    assert "1 refused lines are only counted" in caplog.text
