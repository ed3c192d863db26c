"""What channels are called, and texts in byte vectors: from the file and from what a server offers."""

from array import array

import pytest

from broker.commands import CommandFailed
from broker.config import parse
from broker.mistakes import Mistakes
from msr_adapter.catalog import Catalog, Setting, Signal
from msr_adapter.config import check
from msr_adapter.parameters import changes
from msr_adapter.plan import Planned, plan
from msr_adapter.rows import rows
from msr_adapter.settings import wanted_values
from msr_adapter.tables import MsrFile
from msr_adapter.wire import Data, layout_of
from msr_adapter.wire.samples import from_image, to_base64
from tests.msr_adapter.support import HEAD, instrument

DOUBLE, LETTERS, SIGNED = layout_of("TDBL"), layout_of("TUCHAR_LIST", columns=4), layout_of("TCHAR_LIST", columns=4)
OFFER = Catalog(
    (
        Signal(b"/a/Temp", 0, DOUBLE, 0, 1000),
        Signal(b"/b/Temp", 1, DOUBLE, 0, 1000),
        Signal(b"/b/Row", 2, layout_of("TDBL_LIST", columns=2), 0, 1000),
        Signal(b"/b/Name", 3, LETTERS, 0, 1000),
    ),
    (Setting(b"/p/Gain", 0, layout_of("TDBL_LIST", columns=2), 0), Setting(b"/p/Batch", 1, SIGNED, 0)),
)


def planned(text: str) -> Planned:
    return plan([instrument(text)], OFFER)[0]


def mistakes(text: str) -> list[str]:
    found = Mistakes()
    check(parse(f'{HEAD}[[instrument]]\nname = "plant"\n{text}', MsrFile, "msr.toml", env={}), found)
    return found.found


def test_names_of_the_file_stand_for_channels_and_commands() -> None:
    one = planned(
        'signals = ["/a/*", "/b/Row"]\nchannels."/a/Temp" = { name = "air_on" }\nchannels."/b/Row" = { name = "bed" }\n'
        'channels."/p/Gain" = { name = "gain" }\n[[instrument.parameter]]\npath = "/p/Gain"\nmin = 0\nmax = 1\n'
    )

    assert list(one.channels) == ["air_on", "bed_0", "bed_1", "gain_0", "gain_1"]
    assert one.channels["bed_1"].source == "/b/Row[1]"
    assert list(one.commands) == ["set_gain"]
    assert one.problems == ()


@pytest.mark.parametrize(
    ("keys", "channels", "sentence"),
    [
        ('channels."/a/Temp" = { name = "b_temp" }', ["a_temp", "b_temp"], "/a/Temp cannot be called 'b_temp'"),
        # The second may be called so only while the first is: each falls back to what the server's paths give.
        (
            'channels."/a/Temp" = { name = "b_row_0" }\nchannels."/b/Temp" = { name = "a_temp" }',
            ["a_temp", "b_temp", "b_row_0", "b_row_1"],
            "/b/Temp cannot be called 'a_temp'",
        ),
    ],
)
def test_a_name_that_another_channel_has_is_not_used(keys: str, channels: list[str], sentence: str) -> None:
    signals = '["/*/Temp", "/b/Row"]' if "row" in keys else '["/*/Temp"]'
    one = planned(f"signals = {signals}\n{keys}")

    assert list(one.channels) == channels
    assert sentence in "; ".join(one.problems)
    assert {c.source for c in one.channels.values()} >= {"/a/Temp", "/b/Temp"}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('channels."/a/*" = { name = "x" }', "name 'x' was expected for one path, this is a pattern"),
        ('channels."/a/b" = { name = "Air On" }', "Air On"),
        ('channels."/a/b" = { name = "ts" }', "reserved"),
        ('channels."/a/b" = { name = "x" }\nchannels."/a/c" = { name = "x" }', "2 channels have the name 'x'"),
        ('[[instrument.parameter]]\npath = "/p"\ntype = "str"\nmin = 1', "a str has no min, max"),
    ],
)
def test_a_wrong_name_is_one_sentence(keys: str, sentence: str) -> None:
    (found,) = mistakes(f'signals = ["/**"]\n{keys}')
    assert sentence in found


def test_a_byte_vector_configured_as_text_is_one_channel() -> None:
    one = planned('signals = ["/b/Name"]\nchannels."/b/Name" = { type = "str" }')
    image = b"malt" + b"ab\0c" + "ü".encode() + b"\0\0" + b"\xfc\0\0\0"
    frame = Data(array("Q", bytes(32)), ((3, to_base64(image)),))

    got = rows(frame, {3: one.streams[0].columns[0]})

    assert (one.channels["b_name"].type, one.channels["b_name"].source) == ("str", "/b/Name")
    assert got.cols == {"b_name": ["malt", "ab", "ü", "ü"]}


def test_what_is_no_byte_vector_is_no_text() -> None:
    one = planned('signals = ["/a/Temp"]\nchannels."/a/Temp" = { type = "str" }')

    assert one.channels["a_temp"].type == "float"
    assert one.problems == ("/a/Temp is a TDBL, no str",)
    wrong = planned('[[instrument.parameter]]\npath = "/p/Gain"\ntype = "str"\n')
    assert wrong.problems == ("/p/Gain cannot be set: it is a TDBL_LIST, no str",)


def test_a_text_is_set_whole_and_padded() -> None:
    one = planned('[[instrument.parameter]]\npath = "/p/Batch"\ntype = "str"\n')
    (w,), spec = one.watched, one.commands["set_p_batch"]

    assert (spec.args["value"].type, spec.args["value"].label, spec.sets) == ("str", "Batch, up to 4 bytes", "p_batch")
    assert wanted_values(w, {"value": "ü"}) == (0, [0xC3 - 256, 0xBC - 256, 0, 0])
    assert changes(w, from_image(SIGNED, b"old\0"), from_image(SIGNED, b"new\0")) == [
        ("p_batch", "changed outside labwire: 'old' → 'new'")
    ]
    for text in ("large", "a\0b"):
        with pytest.raises(CommandFailed):
            wanted_values(w, {"value": text})
