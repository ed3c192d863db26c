"""The register of one lab: items, standards, procedures, records and their chain, in one folder. See README.md."""

from calibration.register.book import ItemEntry, Placement, StandardEntry
from calibration.register.errors import RegisterError
from calibration.register.events import CheckPlan, External
from calibration.register.lab import Lab
from calibration.register.papers import KINDS, Kind
from calibration.register.people import shown
from calibration.register.register import Register

__all__ = [
    "KINDS",
    "CheckPlan",
    "External",
    "ItemEntry",
    "Kind",
    "Lab",
    "Placement",
    "Register",
    "RegisterError",
    "StandardEntry",
    "shown",
]
