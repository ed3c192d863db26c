from pathlib import Path

import msgspec
import pytest

from calibration import record as records
from calibration.register import KINDS, RegisterError
from calibration.register.claims import attached
from calibration.register.rendering import rendered
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import register, reviewed


def test_four_documents_with_the_record_inside(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = reviewed(made)
    papers = rendered(done, PROCEDURE, made.lab, made.head, b"", ())
    assert tuple(papers) == KINDS
    assert papers == rendered(done, PROCEDURE, made.lab, made.head, b"", ())
    for kind in ("certificate", "protocol"):
        files = attached(papers[kind])
        assert files["record.json"] == records.write(done)
        assert files["procedure.toml"] == PROCEDURE.encode()
        assert files["dcc.xml"] == papers["dcc"]


def test_what_cannot_be_drawn_is_one_sentence(tmp_path: Path) -> None:
    made = register(tmp_path)
    strange = msgspec.structs.replace(reviewed(made), customer="\U0001f9ea Lab")
    with pytest.raises(RegisterError, match="documents of K-2026-0001 cannot be made"):
        rendered(strange, PROCEDURE, made.lab, made.head, b"", ())
