from logger.influx.refusals import Conflict, conflict, instrument_of, kind_of, parse, too_old, without

CONFLICT = (
    'failure writing points to database: partial write: field type conflict: input field "temp" on measurement "data"'
    " is type float, already exists as type string dropped=2"
)


def test_influxdb_names_the_field() -> None:
    assert conflict(CONFLICT) == Conflict("data", "temp", "float")
    assert conflict("unable to parse 'x': missing field value") is None


def test_points_before_the_retention_are_counted() -> None:
    assert too_old("partial write: points beyond retention policy dropped=17") == 17
    assert too_old("dropped 2 points outside retention policy of duration 1h0m0s - oldest point … dropped=2 for") == 2
    assert too_old(CONFLICT) is None


def test_a_line_taken_apart_is_the_same_line_again() -> None:
    line = b'data,instrument=a\\ b temp=1.5,word="a, \\"b=1\\" c",n=3i 17'

    assert parse(line).fields == ((b"temp", b"1.5"), (b"word", b'"a, \\"b=1\\" c"'), (b"n", b"3i"))
    assert parse(line).text() == line


def test_only_the_refused_field_of_the_refused_type_is_taken_out() -> None:
    aside: list[bytes] = []
    lines = [
        b"data,instrument=a temp=1.5,rpm=2 1",
        b'data,instrument=a temp="x",rpm=2 2',
        b"data,instrument=a temp=1.5 3",
        b'event,instrument=a temp=1.5,text=" temp=" 4',
        b'data,instrument=a text="x,temp=5" 5',
    ]

    kept = without(lines, Conflict("data", "temp", "float"), aside.append)

    assert kept == [b"data,instrument=a rpm=2 1", lines[1], lines[3], lines[4]]
    assert aside == [b"data,instrument=a temp=1.5 1", b"data,instrument=a temp=1.5 3"]


def test_kinds_and_instruments() -> None:
    assert [kind_of(v) for v in (b"1", b"1i", b"1u", b"true", b'"1i"')] == ["float", "int", "uint", "bool", "str"]
    assert instrument_of(b"data,fold=1,instrument=oven-1 a=1 5") == "oven-1"
    assert instrument_of(b"note text=1 5") == ""
