from tests.calibration.commands.bench import Lab


def test_a_register_is_made_once(lab: Lab) -> None:
    assert lab("init") == 0
    assert "lab.toml" in lab.said
    assert "# " in (lab.dir / "lab.toml").read_text()
    assert lab("init") == 2
    assert lab.error.count("\n") == 1


def test_commands_need_a_register(lab: Lab) -> None:
    assert lab("list") == 2
    assert f"labwire cal init --dir {lab.dir}" in lab.error
