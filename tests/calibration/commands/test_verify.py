from pathlib import Path

from calibration.record import Person
from calibration.register.release import release
from tests.calibration.commands.bench import Lab


def issued(lab: Lab) -> tuple[str, Path]:
    """(number, certificate), with real documents."""
    id_ = lab.furnished().entered()
    lab("review", id_, by="anna")
    release(lab.register(), id_, Person(name="anna", authenticated=True))
    certificate = lab.register().document(id_, 1, "certificate")
    assert certificate is not None
    return id_, certificate


def test_all_is_well_until_a_byte_is_not(lab: Lab) -> None:
    id_, certificate = issued(lab)
    copy = Path(lab.file("copy.pdf", certificate.read_bytes()))
    for what in ([], [id_], [str(certificate)], [str(copy)]):
        assert lab("verify", *what) == 0, lab.said
        assert "WRONG" not in lab.said
    assert lab("verify", "--head", lab.register().head) == 0
    assert lab("verify", "--head", "0" * 63 + "1") == 1
    assert lab("verify", "--quick") == 0
    assert len(lab.said.splitlines()) == 1
    changed = bytearray(certificate.read_bytes())
    changed[len(changed) // 2] ^= 1
    certificate.write_bytes(changed)
    for what in ([], [id_], [str(certificate)]):
        assert lab("verify", *what) == 1
        assert "WRONG" in lab.said
    assert lab("verify", str(copy)) == 1


def test_another_records_damage_is_not_this_ones(lab: Lab) -> None:
    id_, _ = issued(lab)
    other = lab.entered()
    (lab.dir / "records" / other / "r1.json").write_bytes(b"{}")
    assert lab("verify", id_) == 0
    assert lab("verify", other) == 1
    assert f"WRONG  records/{other}/r1.json was changed" in lab.said
    assert lab("verify") == 1
    assert lab("verify", "K-1") == 2


def test_what_is_not_there(lab: Lab) -> None:
    assert lab("verify") == 2
    lab("init")
    assert lab("verify") == 0
    assert lab("verify", "K-1") == 2
