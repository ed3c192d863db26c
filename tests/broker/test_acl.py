from broker.acl import User, acl_text


def section(text: str, user: str) -> list[str]:
    return next(s for s in text.split("\n\n") if s.startswith(f"user {user}\n")).splitlines()[1:]


def test_an_edge_writes_its_own_topics_and_reads_its_commands() -> None:
    lines = section(acl_text([User("edge-pi", "edge", ("oven1",))]), "edge-pi")

    assert "topic write lab/oven1/data" in lines
    assert "topic read lab/oven1/cmd" in lines
    assert "topic read lab/oven1/cmd/+" in lines
    assert "topic readwrite lab/_edge/pi/status" in lines
    assert not [line for line in lines if "write" in line and "cmd" in line]
    assert not [line for line in lines if "lab/+" in line or "lab/#" in line]


def test_a_viewer_writes_nothing() -> None:
    assert section(acl_text([User("viewer", "viewer")]), "viewer") == ["topic read lab/#"]


def test_an_operator_commands_under_the_own_name_only() -> None:
    lines = section(acl_text([User("anna", "operator")]), "anna")

    assert [line for line in lines if "write" in line] == ["topic write lab/+/cmd/anna"]


def test_another_root() -> None:
    assert "topic read uni/#" in acl_text([User("v", "viewer")], root="uni")
