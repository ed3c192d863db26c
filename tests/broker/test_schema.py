import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from broker.__main__ import main
from broker.schema import channels, documents, message_schema
from broker.topics import INSTRUMENT_KINDS, Kind, Topics
from tests.support.contract import Case, cases

DOCS = Path(__file__).parent.parent.parent / "docs"
ALL = [(kind, case) for kind in Kind for case in cases(kind) if case.text is None]
VALID = [(kind, case) for kind, case in ALL if case.valid]


def name_of(item: Any) -> str:
    return item.name if isinstance(item, Case) else str(item)


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_committed_documents_are_current(name: str) -> None:
    path = DOCS / name

    assert path.exists(), "run: labwire broker schema --write docs"
    assert path.read_text(encoding="utf-8") == documents()[name], "run: labwire broker schema --write docs"


def test_no_schema_is_left_over() -> None:
    assert {f"schema/{path.name}" for path in (DOCS / "schema").iterdir()} == set(documents()) - {"asyncapi.json"}


def test_every_kind_has_a_channel_and_every_channel_a_topic_of_its_kind() -> None:
    topics = Topics()
    all_ = channels(topics)

    assert {channel.kind for channel in all_} == set(Kind)
    for channel in all_:
        parsed = topics.parse(channel.address.replace("{", "").replace("}", ""))
        assert parsed is not None
        assert parsed.kind == channel.kind


def test_a_command_is_never_retained_and_dies_with_its_ttl() -> None:
    found = [channel for channel in channels(Topics()) if channel.kind is Kind.CMD]

    assert [(channel.retain, channel.expiry) for channel in found] == [(False, "ttl"), (False, "ttl")]


def test_another_root_changes_every_address() -> None:
    addresses = [
        channel["address"] for channel in json.loads(documents("site/lab2")["asyncapi.json"])["channels"].values()
    ]

    assert len(addresses) == len(INSTRUMENT_KINDS) + 12
    assert all(address.startswith("site/lab2/") for address in addresses)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = json.loads(documents()["asyncapi.json"])

    for reference in references(document):
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for inner in node for found in references(inner)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for inner in node.values() for found in references(inner)]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_schema_is_one(kind: Kind) -> None:
    jsonschema.Draft202012Validator.check_schema(message_schema(kind))


@pytest.mark.parametrize(("kind", "case"), VALID, ids=name_of)
def test_the_schema_takes_what_the_reader_takes(kind: Kind, case: Case) -> None:
    jsonschema.Draft202012Validator(message_schema(kind)).validate(case.payload)


def test_the_schema_refuses_most_of_what_the_reader_refuses() -> None:
    """It knows types and limits; what one field says about another only the reader knows."""
    wrong = [(kind, case) for kind, case in ALL if not case.valid]
    missed = [
        case.name
        for kind, case in wrong
        if jsonschema.Draft202012Validator(message_schema(kind)).is_valid(case.payload)
    ]

    assert len(missed) < len(wrong) / 3, missed


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["asyncapi"] == "3.0.0"


def test_the_command_writes_the_files_and_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--write", str(tmp_path)]) == 0

    assert {str(path) for path in tmp_path.rglob("*.json")} == set(capsys.readouterr().out.split())
    assert len(documents()) == len(Kind) + 1


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()

    assert main(["schema", "--write", str(tmp_path / "file")]) == 2
    assert "file cannot be written: File exists" in capsys.readouterr().err
