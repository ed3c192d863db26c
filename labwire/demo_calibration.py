"""The demo's register of calibrations: an invented laboratory, a Pt100 in a bath, its standard, a daily check."""

from pathlib import Path

from calibration.record import Item, Person, Standard
from calibration.register import CheckPlan, Register

NOBODY = Person(name="labwire demo")
BATH = "bath1"
TAU_S = 5.0
"""The demo's bath is quicker than a real one: nobody wants to wait."""

LAB = """\
name = "labwire demonstration"
address = ["Invented Street 1", "12345 Nowhere"]
server_url = "{url}"
"""

PROCEDURE = """\
# A short comparison for the demonstration: five points, about a minute each.
schema = "labwire.procedure/1"
id = "DEMO-BATH"
rev = 1
title = "Pt100 in the demonstration's bath"
method = "comparison with a reference thermometer"
quantity = "temperature"
unit = "°C"
[points]
values = [20, 30, 40, 50]
check = [35]
[reading]
n = 10
period_s = 1
pair_dt_s = 0.5
[settle]
window_s = 10
drift = 0.02
s = 0.01
hold_s = 3
timeout_s = 600
tau_s = 5
[reference]
class = "pt25"
max_age_days = 730
[environment]
temperature = [18, 28]
topic = "lab/bath1/data"
[tolerance]
abs = 0.10
[fit]
model = "poly"
degree = 1
publish = true
[budget]
reference = { from = "standard.U", dist = "normal" }
bath = { half = "0.005" }
resolution = { from = "item.d" }
repeatability = { from = "readings", min_nu = 9 }
settling = { from = "settle" }
fit = { from = "fit" }
[adjust]
allowed = true
kind = "curve"
[interval]
months = 12
"""


def prepare(folder: Path, url: str) -> None:
    """Make the register at the first start; later it stays as its user has left it. Raises RegisterError."""
    if (folder / "lab.toml").exists():
        return
    register = Register.create(folder)
    (folder / "lab.toml").write_text(LAB.format(url=url), encoding="utf-8")
    register.keep_lab(NOBODY)
    register.keep_procedure(PROCEDURE)
    register.add_item(Item(id="pt100-1", maker="Invented", model="Pt100", serial="4711", d="0.001"), NOBODY)
    register.install("pt100-1", BATH, "pt100", "", NOBODY)
    today = register.clock()
    standard = Standard(
        id="reference-1",
        class_="pt25",
        serial="0815",
        certificate="invented, for the demonstration",
        laboratory="nobody",
        date=f"{today:%Y-%m-%d}",
        due=f"{today.replace(year=today.year + 1, day=1):%Y-%m-%d}",
        U="0.010",
    )
    register.add_standard(standard, NOBODY)
    register.install("reference-1", BATH, "reference", "", NOBODY)
    register.add_item(Item(id="balance-1", model="simulated balance", d="0.0001"), NOBODY)
    register.install("balance-1", "balance1", "weight", "", NOBODY)
    check = CheckPlan(name="check weight 100 g", nominal="100.0000", warning="0.0010", action="0.0020", unit="g")
    register.plan_check("balance-1", check, NOBODY)
