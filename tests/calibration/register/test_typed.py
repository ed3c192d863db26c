import pytest

from calibration import procedure
from calibration.register import RegisterError
from calibration.register.typed import from_csv, from_toml
from tests.calibration.example import PROCEDURE

RULES = procedure.read(PROCEDURE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I,x\n1,2\n", "names the columns"),
        ("nominal,I\n0,zero\n", "line 2: 'zero' is not a number"),
        ("nominal,I\n0,1\n5,5\n", "line 3: 5 is no point of P-1: 0, 10, 15, 20, 30"),
        ("nominal,I,run\n0,1,before\n", "line 2: run is as_found or as_left"),
        ("nominal,I,direction\n0,1,left\n", "point 0"),
        ("nominal,I,series\n0,1,one\n", "line 2"),
        ("nominal,I,t\n0,1,2027-02-30T00:00:00Z\n", "line 2: '2027-02-30T00:00:00Z' is neither a day"),
        ("nominal,I\n0,1e999999999999\n", "line 2: '1e999999999999' is beyond"),
        ("nominal,I\n0,1_0\n", "line 2: '1_0' is not a number"),
    ],
)
def test_csv_that_is_refused(text: str, says: str) -> None:
    with pytest.raises(RegisterError, match=says):
        from_csv(text, RULES)


def test_csv_of_a_german_spreadsheet() -> None:
    """A mark before the first letter, semicolons, decimal commas, line ends of another system."""
    (point,) = from_csv("\ufeffnominal;I;x\r\n10;10,25;10,00\r\n", RULES).points["as_found"]
    assert (point.nominal, point.readings[0].I, point.readings[0].x) == ("10", "10.25", "10.00")


def test_csv_with_everything() -> None:
    text = "run, nominal, I, x, t, series, standards\nas_left, 15, 15.1, 15.0, 2026-11-21T08:00:00Z, 2, a;b\n"
    (point,) = from_csv(text, RULES).points["as_left"]
    assert (point.series, point.check, point.standards, point.direction) == (2, True, ["a", "b"], "up")
    assert (point.readings[0].I, point.readings[0].x, point.readings[0].t) == ("15.1", "15.0", "2026-11-21T08:00:00Z")


def test_toml_with_everything() -> None:
    data = from_toml(
        """
        customer = "Lab 2"
        begin = "2026-11-20"
        deviations = ["one point less"]
        [answers]
        medium = "water"
        [environment.temperature]
        min = 20.10
        mean = 20.5
        max = 21
        [eccentricity.as_found]
        load = 10
        centre = 10.000
        others = [10.001, 9.999]
        [[as_found]]
        nominal = 0
        I = [0.100, "0.110"]
        [[as_found]]
        nominal = 10
        direction = "down"
        I = [10.100]
        x = [10.0010]
        standards = ["gauge"]
        """,
        RULES,
    )
    zero, ten = data.points["as_found"]
    assert [(s.I, s.x) for s in zero.readings] == [("0.100", "0"), ("0.110", "0")]
    assert (ten.direction, ten.readings[0].x, ten.standards) == ("down", "10.0010", ["gauge"])
    assert data.environment["temperature"].min == "20.10"
    assert data.eccentricity["as_found"].centre == "10.000"
    assert (data.about, data.answers, list(data.deviations)) == (
        {"customer": "Lab 2", "begin": "2026-11-20"},
        {"medium": "water"},
        ["one point less"],
    )


@pytest.mark.parametrize(
    "text",
    [
        "x =",
        "colour = 1",
        "[[as_found]]\nnominal = 0\n",
        "[[as_found]]\nnominal = 0\nI = [1, 2]\nx = [1]\n",
        "[[as_found]]\nnominal = 0\nI = []\n",
        "[environment.temperature]\nmin = 1\n",
        "as_found = 3",
        "answers = 3",
        "[eccentricity.as_found]\nload = 1\n",
    ],
)
def test_toml_that_is_refused_is_one_sentence(text: str) -> None:
    with pytest.raises(RegisterError):
        from_toml(text, RULES)
