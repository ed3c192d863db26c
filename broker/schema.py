"""The contract as documents for machines: AsyncAPI 3 and JSON Schema, made from the code.

``labwire broker schema --write docs`` makes the committed files; a test says when they are no longer current.
"""

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from broker.messages import TYPES
from broker.topics import Kind, Topics

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic of the contract. ``expiry``: after how long the broker drops a message; empty is never."""

    name: str
    kind: Kind
    address: str
    sender: str
    reader: str
    qos: int
    retain: bool
    what: str
    expiry: str = ""


def channels(topics: Topics) -> list[Channel]:
    """Every topic of the contract, in the order of the documentation."""
    i, of = "{instrument}", topics.of
    return [
        Channel("data", Kind.DATA, of(i, Kind.DATA), "edge", "all", 1, False, "one sample set"),
        Channel("block", Kind.BLOCK, of(i, Kind.BLOCK), "edge", "all", 1, False,
                "many sample sets, column by column: fast signals and everything sent late"),
        Channel("last", Kind.LAST, of(i, Kind.LAST), "edge", "all", 0, True,
                "flat latest values, at most two a second"),
        Channel("meta", Kind.META, of(i, Kind.META), "edge", "all", 1, True, "what the instrument is"),
        Channel("status", Kind.STATUS, of(i, Kind.STATUS), "edge", "all", 1, True,
                "presence and health of the instrument, every 30 s", "90 s"),
        Channel("cmd", Kind.CMD, of(i, Kind.CMD), "bridge", "edge", 1, False,
                "a command from the bridge, which vouches for `by`", "ttl"),
        Channel("cmd-by", Kind.CMD, topics.cmd_by(i, "{user}"), "operator", "edge", 1, False,
                "a command from an MQTT user, whom the broker vouches for", "ttl"),
        Channel("reply", Kind.REPLY, of(i, Kind.REPLY), "edge", "all", 1, False,
                "the states of a command, exactly one of them terminal"),
        Channel("event", Kind.EVENT, of(i, Kind.EVENT), "edge", "all", 1, False,
                "an alarm raised or cleared, a message of the instrument or its driver"),
        Channel("calibration", Kind.CALIBRATION, of(i, Kind.CALIBRATION), "calibration", "all", 1, True,
                "the calibration in force, channel by channel"),
        Channel("edge-status", Kind.EDGE_STATUS, topics.edge_status("{edge}"), "edge", "all", 1, True,
                "the daemon itself; also its last will", "90 s"),
        Channel("service-status", Kind.SERVICE_STATUS, topics.service_status("{service}", "{name}"),
                "service", "all", 1, True,
                "state and figures of a logger, a bridge, an adapter; also its last will", "90 s"),
        Channel("commit", Kind.COMMIT, topics.commit("{logger}", "{source}"), "logger", "edge, bridge", 1, True,
                "what is stored durably of one source"),
        Channel("request", Kind.REQUEST, topics.request("{logger}", "{source}"), "logger", "edge, bridge", 1, False,
                "send these again"),
        Channel("audit", Kind.AUDIT, topics.audit("{service}", "{name}"), "bridge", "logger", 1, False,
                "what a service did for a person, or refused"),
        Channel("run", Kind.RUN, topics.run("{run}"), "bridge", "all", 1, True,
                "a batch or experiment while it runs; its end is the last message"),
        Channel("note", Kind.NOTE, topics.note("{user}"), "bridge", "all", 1, False, "an operator's note"),
        Channel("cal-state", Kind.CAL_STATE, topics.cal_state("{run}"), "calibration", "all", 1, True,
                "a calibration run while somebody makes it"),
        Channel("cal-cmd", Kind.CAL_CMD, topics.cal_cmd("{run}"), "bridge", "calibration", 1, False,
                "what the person at a calibration run decides", "ttl"),
        Channel("cal-event", Kind.CAL_EVENT, topics.cal_event("{run}"), "calibration", "all", 1, False,
                "what happened in a calibration run"),
        Channel("cal-due", Kind.CAL_DUE, topics.cal_due("{calibration}"), "calibration", "all", 1, True,
                "what must be calibrated next"),
    ]  # fmt: skip


def documents(root: str = "lab") -> dict[str, str]:
    """File name → text of every document."""
    found = {f"schema/{kind}.json": _text(message_schema(kind)) for kind in Kind}
    return {"asyncapi.json": _text(asyncapi(Topics(root)))} | found


def write(folder: Path, root: str = "lab") -> list[Path]:
    """Write all documents into ``folder``; returns their paths. Raises OSError."""
    written = []
    for name, text in documents(root).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def message_schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of one kind of message, complete in itself."""
    title = f"labwire {kind}, contract version 1"
    schema: dict[str, Any] = _tidy(msgspec.json.schema(TYPES[kind]))
    return {"$schema": DIALECT, "title": title} | schema


def asyncapi(topics: Topics) -> dict[str, Any]:
    """The whole contract as one AsyncAPI 3.0 document."""
    all_ = channels(topics)
    schemas, components = msgspec.json.schema_components(TYPES.values(), ref_template=_REF)
    payloads = dict(zip(TYPES, schemas, strict=True))
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "labwire",
            "version": "1.0.0",
            "description": "Instruments and the programs that use them, over MQTT. The rules are in docs/contract.md.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in all_},
        "operations": {f"send-{channel.name}": _operation(channel) for channel in all_},
        "components": {
            "messages": {str(kind): {"name": str(kind), "payload": payloads[kind]} for kind in Kind},
            "schemas": components,
        },
    }
    tidy: dict[str, Any] = _tidy(document)
    return tidy


def _channel(channel: Channel) -> dict[str, Any]:
    names = [level[1:-1] for level in channel.address.split("/") if level.startswith("{")]
    return {
        "address": channel.address,
        "description": channel.what,
        "parameters": {name: {"description": PARAMETERS[name]} for name in names},
        "messages": {str(channel.kind): {"$ref": f"#/components/messages/{channel.kind}"}},
    }


def _operation(channel: Channel) -> dict[str, Any]:
    mqtt = {"qos": channel.qos, "retain": channel.retain, "bindingVersion": "0.2.0"}
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": f"{channel.sender} → {channel.reader}: {channel.what}",
        "bindings": {"mqtt": mqtt | EXPIRY[channel.expiry]},
    }


EXPIRY: dict[str, dict[str, Any]] = {
    "": {},
    "90 s": {"messageExpiryInterval": 90},
    "ttl": {"messageExpiryInterval": {"type": "integer", "minimum": 1, "maximum": 60}},
}


PARAMETERS = {
    "instrument": "1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit",
    "edge": "the daemon's name; its MQTT user is edge-<name>",
    "service": "logger, bridge, calibration or msr",
    "name": "which of several, main unless configured",
    "calibration": "the calibration service's name, main unless configured",
    "logger": "the logger's name, main unless configured",
    "source": "an instrument, or _bridge-<name> for a bridge's own records",
    "user": "the MQTT user that writes it",
    "run": "the run's identifier",
}


def _tidy(node: Any) -> Any:
    """The same with descriptions in one piece: docstrings come with their indentation and their markup."""
    if isinstance(node, list):
        return [_tidy(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {
        key: " ".join(inspect.cleandoc(value).replace("``", "`").split())
        if key == "description" and isinstance(value, str)
        else _tidy(value)
        for key, value in node.items()
    }


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
