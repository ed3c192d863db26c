from tests.calibration.commands.bench import Lab


def test_a_changed_lab_is_kept(lab: Lab) -> None:
    lab("init")
    file = lab.dir / "lab.toml"
    file.write_text(file.read_text().replace("Street 1", "Way 2"))
    assert lab("verify") == 1
    assert lab("lab", "show") == 0
    assert "Way 2" in lab.said
    assert lab("lab", "keep", by="anna") == 0
    assert lab("verify") == 0
    file.write_text("name = ")
    assert lab("lab", "show") == 2
    assert "lab.toml" in lab.error
