import pytest

from calibration.documents.units import unit


@pytest.mark.parametrize(
    ("symbol", "macro"),
    [
        ("°C", r"\degreecelsius"),
        ("K", r"\kelvin"),
        ("g", r"\gram"),
        ("kg", r"\kilogram"),
        ("mg", r"\milli\gram"),
        ("µg", r"\micro\gram"),
        ("μg", r"\micro\gram"),
        ("Ω", r"\ohm"),
        ("kΩ", r"\kilo\ohm"),
        ("hPa", r"\hecto\pascal"),
        ("V", r"\volt"),
        ("mV", r"\milli\volt"),
        ("%", r"\percent"),
        ("1", r"\one"),
        ("", r"\one"),
        ("pH", r"\one"),
        ("min", r"\minute"),
        ("g/min", r"\gram\minute\tothe{-1}"),
        ("ml/min", r"\milli\litre\minute\tothe{-1}"),
        ("1/min", r"\minute\tothe{-1}"),
        ("m/s²", r"\metre\second\tothe{-2}"),
        ("µS/cm", r"\micro\siemens\centi\metre\tothe{-1}"),
        ("kg/m^3", r"\kilogram\metre\tothe{-3}"),
        ("N·m", r"\newton\metre"),
        ("mm", r"\milli\metre"),
    ],
)
def test_macros(symbol: str, macro: str) -> None:
    assert unit(symbol).macro == macro
    assert unit(symbol).known


@pytest.mark.parametrize("symbol", ["NTU", "Digits", "dB(A)", "kmin", "m%", "Ω²Ω/x"])
def test_what_is_not_of_the_si_is_one_and_says_so(symbol: str) -> None:
    assert (unit(symbol).macro, unit(symbol).known) == (r"\one", False)


def test_a_temperature_is_a_hybrid_in_which_only_values_are_shifted() -> None:
    kelvin, celsius = unit("°C").scales(difference=False)
    assert (kelvin.macro, kelvin.of(["20.015", "-0.10"])) == (r"\kelvin", ["293.165", "273.05"])
    assert (celsius.macro, celsius.of(["20.015"])) == (r"\degreecelsius", ["20.015"])
    assert [s.of(["0.010"]) for s in unit("°C").scales(difference=True)] == [["0.010"], ["0.010"]]


def test_a_bar_is_also_given_in_pascal() -> None:
    assert [(s.macro, s.of(["1.013"])) for s in unit("bar").scales(difference=True)] == [
        (r"\pascal", ["101300"]),
        (r"\bar", ["1.013"]),
    ]


def test_powers_for_coefficients() -> None:
    assert [unit("°C").power(n) for n in (1, 0, -1)] == [r"\kelvin", r"\one", r"\kelvin\tothe{-1}"]
    assert unit("pH").power(-1) == r"\one"
