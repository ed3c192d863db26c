import tomllib

import pytest

from broker.config import convert
from broker.mistakes import Mistakes
from edge.line.check import check_line
from edge.line.spec import LineSpec
from edge.line.tables import LineTable

GOOD = r"""
terminator = "\n"
[[poll]]
send = "MEAS:VOLT?"
every_ms = 500
pattern = '(?P<voltage>\S+)'
[[poll]]
send = "MEAS:TEMP?"
every_ms = 2000
timeout_ms = 300
separator = ","
columns = ["", "temp"]
[channels.voltage]
unit = "V"
[channels.temp]
scale = 0.1
[channels.mode]
type = "str"
map = { 0 = "idle" }
[[stream]]
pattern = 'MODE (?P<mode>\d)'
[commands.set_voltage]
send = "VOLT {value:.3f}"
args.value = { type = "float", min = 0, max = 30 }
done = "OK"
failed = 'ERR (?P<text>.*)'
sets = "voltage"
"""


def checked(text: str) -> tuple[LineSpec, list[str]]:
    mistakes = Mistakes(where="f: instrument 'x': ")
    return check_line(convert(tomllib.loads(text), LineTable, ""), 1.0, 0, mistakes), mistakes.found


def test_a_good_one() -> None:
    spec, found = checked(GOOD)

    assert found == []
    assert (spec.terminator, spec.send_terminator, spec.silence_s) == (b"\n", b"\n", 5.0)
    assert [(p.every_s, p.timeout_s) for p in spec.polls] == [(0.5, 1.0), (2.0, 0.3)]
    assert spec.channels["voltage"].shown.period_ms == 500
    assert spec.channels["temp"].shown.period_ms == 2000
    assert spec.commands["set_voltage"].shown.sets == "voltage"


@pytest.mark.parametrize(("old", "new", "said"), [
    ('terminator = "\\n"', 'terminator = ""', "key 'terminator': it may not be empty"),
    ('terminator = "\\n"', 'encoding = "ebcdic"', "key 'encoding': 'ebcdic' is not an encoding"),
    ('terminator = "\\n"', 'init = ["µ"]', "key 'init line 1': 'µ' cannot be written in ascii"),
    ("MEAS:VOLT?", "MEAS:VOLT?\\r\\n", "contains the terminator '\\n', which is added by itself"),
    (r"(?P<voltage>\S+)", "(?P<voltage>", "poll 1 ('MEAS:VOLT?'): key 'pattern': '(?P<voltage>' is not a regular"),
    (r"(?P<voltage>\S+)", r"(\S+)", "has no named group"),
    (r"(?P<voltage>\S+)", r"(?P<volts>\S+)", "the group names channel 'volts', which has no table"),
    (r"(?P<voltage>\S+)", r"(?P<voltage>\S+) (?P<temp>.)", "channel 'temp': it is read by 2 polls or streams"),
    ('columns = ["", "temp"]', 'columns = ["temp", "temp"]', "channel 'temp' stands there 2 times"),
    ('columns = ["", "temp"]', 'columns = ["", "tempp"]', "key 'columns' names channel 'tempp'"),
    ('columns = ["", "temp"]', "columns = []", "give either 'pattern' or 'separator' with 'columns'"),
    ('separator = ","', 'separator = ""', "key 'separator': it may not be empty"),
    ("every_ms = 500", "every_ms = 1", "key 'every_ms': 1 is less than 5"),
    ("every_ms = 500", "every_m = 500", "unknown key 'every_m', did you mean 'every_ms'?"),
    ("every_ms = 500", 'every_ms = "often"', "key every_ms: Expected `int`, got `str`"),
    ("timeout_ms = 300", "timeout_ms = -1", "key 'timeout_ms': -1 is negative"),
    ("[channels.voltage]", "[channels.spare]\n[channels.voltage]", "channel 'spare': no poll and no stream reads it"),
    ("[channels.voltage]", "[channels.Voltage]", "channel 'Voltage' is not a valid name"),
    ("[channels.voltage]", "[channels.time]", "channel 'time' is reserved"),
    ('unit = "V"', "range = [5, 5]", "channel 'voltage': key 'range': [5.0, 5.0] was expected as [lowest, highest]"),
    ('unit = "V"', "range = [5]", "channel 'voltage': key range: Expected `array` of length 2"),
    ('unit = "V"', "resolution = 0", "key 'resolution': 0 is not greater than 0"),
    ('unit = "V"', 'unti = "V"', "channel 'voltage': unknown key 'unti', did you mean 'unit'?"),
    ('unit = "V"', 'quality = { x = "good enough" }', "key quality[...]: 'good enough' was given, allowed are "),
    ("scale = 0.1", "scale = 0", "channel 'temp': key 'scale': 0 would make every value the same"),
    ('map = { 0 = "idle" }', "map = { 0 = 1 }", "key 'map.0': 1 is not str, which is the channel's type"),
    ('map = { 0 = "idle" }', "offset = 1", "key 'offset': only for a channel of type float or int, this one is str"),
    ("[commands.set_voltage]", "[commands.Set]", "command 'Set': the name was expected as a-z"),
    ("{value:.3f}", "{value:.3z}", "key 'send': 'VOLT {value:.3z}' does not fit its arguments' types"),
    ("{value:.3f}", "{value.real}", "{value.real} in 'VOLT {value.real}' is not one of the command's arguments"),
    ("{value:.3f}", "{value", "is not a format string"),
    ("{value:.3f}", "{}", "{} in 'VOLT {}' is not one of the command's arguments"),
    ("{value:.3f}", "5", "argument 'value' does not occur in 'send'"),
    ('done = "OK"', 'done = "("', "key 'done': '(' is not a regular expression"),
    ("failed = 'ERR", "failed = '(ERR", "key 'failed'"),
    ('sets = "voltage"', 'sets = "volts"', "key 'sets' names channel 'volts'"),
    ('sets = "voltage"', "timeout_ms = 0", "key 'timeout_ms': 0 is not greater than 0"),
    ("min = 0, max = 30", "min = 40, max = 30", "argument 'value': key 'min': 40 is above 'max', 30"),
    ("min = 0, max = 30", 'choices = ["a"]', "key 'choices' is for type str, this argument is float"),
    ("min = 0, max = 30", 'default = "a"', "key 'default': 'a' is not float"),
    ('type = "float", min = 0', 'type = "str", min = 0', "keys 'min' and 'max' are for float and int"),
    ("args.value =", "args.Value =", "argument 'Value': the name was expected as a-z"),
    ("min = 0, max = 30", "mini = 0", "argument 'value': unknown key 'mini', did you mean 'min'?"),
])  # fmt: skip
def test_every_mistake_is_one_sentence_that_says_where(old: str, new: str, said: str) -> None:
    assert old in GOOD
    _, found = checked(GOOD.replace(old, new))

    assert any(said in sentence for sentence in found), found
    assert all(sentence.startswith("f: instrument 'x': ") for sentence in found)


def test_all_mistakes_are_found_at_once() -> None:
    text = GOOD.replace("every_ms = 500", "every_ms = 1").replace("scale = 0.1", "scale = 0").replace('"OK"', '"("')

    assert len(checked(text)[1]) == 3


def test_nothing_to_read() -> None:
    assert checked("")[1] == ["f: instrument 'x': it has neither a poll nor a stream, so nothing would ever be read"]
