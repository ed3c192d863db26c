"""The tables of ``msr.toml`` as they stand there. What is wrong in them ``config`` says."""

from typing import Annotated, Literal

import msgspec

from broker.config import BrokerConfig

Number = int | float


class MsrTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[msr]``: the server, and the adapter itself with its disk spool (``broker.agent.AgentConfig``)."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 2345
    name: str
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    data_dir: str
    store: Literal["required", "none"] = "required"
    stored_by: str = "main"
    spool_bytes: int = 0


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``{ every = 10 }``: each tenth cycle of the signal's task; ``{ per_second = 20 }``: about so many."""

    every: int | None = None
    per_second: float | None = None


AnyRate = Literal["full", "on_change"] | Rate


class SetTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[instrument.set]]``: signals with a rate of their own. A signal that several sets name has the last."""

    signals: list[str]
    rate: AnyRate = "full"
    block_ms: float = 40


class ChannelTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[instrument.channels."/Path"]``: what the server does not say. The key may be a glob; with ``name`` not."""

    name: str = ""
    unit: str = ""
    label: str = ""
    group: str = ""
    range: tuple[float, float] | None = None
    resolution: float | None = None
    type: Literal["", "bool", "str"] = ""


class ParameterTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[instrument.parameter]]``: one that may be written, as its own command."""

    path: str
    min: Number | None = None
    max: Number | None = None
    max_step: Number | None = None
    unit: str = ""
    label: str = ""
    type: Literal["", "bool", "str"] = ""
    non_finite: bool = False
    confirm: bool = False


class InstrumentTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[instrument]]``: which signals and parameters make one instrument."""

    name: str
    signals: list[str] = []
    exclude: list[str] = []
    rate: AnyRate = "full"
    block_ms: float = 40
    set: list[SetTable] = []
    parameters: list[str] = []
    parameter: list[ParameterTable] = []
    messages: list[str] = []
    texts: dict[str, str] = {}
    channels: dict[str, ChannelTable] = {}
    label: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    simulated: bool = False
    stale_ms: int | None = None
    correct: bool | list[str] = False

    @property
    def sets(self) -> tuple[SetTable, ...]:
        """All sets of signals: the instrument's own keys first."""
        own = SetTable(signals=self.signals, rate=self.rate, block_ms=self.block_ms)
        return (own, *self.set)


class MsrFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    msr: MsrTable
    broker: BrokerConfig = BrokerConfig()
    instrument: list[InstrumentTable] = []
