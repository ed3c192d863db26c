"""Non-automatic balances after EURAMET cg-18: error budget, uncertainty in use, minimum weight."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.budget import Budget, Contribution
from calibration.exact import CalculationError
from calibration.fit import fit

RHO_AIR, RHO_CERTIFIED = 1.2, 8000.0
BUOYANCY_SHARE = 0.1 * RHO_AIR / RHO_CERTIFIED


@dataclass(frozen=True, slots=True)
class Weight:
    """A reference load: mass, U and k of its certificate, maximum permissible error of its class, drift factor."""

    mass: float
    U: float
    k: float = 2.0
    mpe: float = 0.0
    drift_factor: float = 1.0

    @property
    def u(self) -> float:
        return self.U / self.k

    @property
    def u_drift(self) -> float:
        """k_D U/√3, k_D from 1 to 3."""
        return self.drift_factor * self.U / math.sqrt(3)


def u_buoyancy(weight: Weight, *, adjusted: bool) -> float:
    """Air buoyancy: mpe/(4√3) where the balance was adjusted just before, else (0.1 ρ₀/ρc m + mpe/4)/√3."""
    air = 0.0 if adjusted else BUOYANCY_SHARE * abs(weight.mass)
    return (air + weight.mpe / 4) / math.sqrt(3)


def u_reference(weights: Sequence[Weight], *, adjusted: bool, convection: float = 0.0) -> float:
    """Stacked weights of one set are correlated: their uncertainties add up; ``convection`` is a standard one."""
    if not weights:
        raise CalculationError("a load needs at least one weight")
    return Budget(tuple(reference_lines(weights, adjusted=adjusted, convection=convection))).u


def reference_lines(weights: Sequence[Weight], *, adjusted: bool, convection: float = 0.0) -> list[Contribution]:
    """The reference's contributions, each already added up over the stack."""
    return [
        Contribution("reference", math.fsum(w.u for w in weights)),
        Contribution("buoyancy", math.fsum(u_buoyancy(w, adjusted=adjusted) for w in weights), dist="rectangular"),
        Contribution("reference drift", math.fsum(w.u_drift for w in weights), dist="rectangular"),
        Contribution("convection", convection, dist="rectangular"),
    ]


def indication_lines(
    indication: float, *, d0: float, d: float, s: float, nu: float, eccentric_rel: float
) -> list[Contribution]:
    """The indication's contributions: steps at zero and at the load, repeatability, eccentricity."""
    return [
        Contribution("resolution at zero", d0 / math.sqrt(12), dist="rectangular"),
        Contribution("resolution", d / math.sqrt(12), dist="rectangular"),
        Contribution("repeatability", s, 1.0, nu),
        Contribution("eccentricity", abs(indication) * eccentric_rel, dist="rectangular"),
    ]


def error_budget(
    indication: float,
    weights: Sequence[Weight],
    *,
    d: float,
    s: float,
    nu: float,
    d0: float | None = None,
    eccentric_rel: float = 0.0,
    adjusted: bool = False,
    convection: float = 0.0,
) -> Budget:
    """The budget of the error at one load; ``d0`` is the step at zero, the same as ``d`` where not given."""
    lines = indication_lines(indication, d0=d if d0 is None else d0, d=d, s=s, nu=nu, eccentric_rel=eccentric_rel)
    return Budget((*lines, *reference_lines(weights, adjusted=adjusted, convection=convection)))


@dataclass(frozen=True, slots=True)
class InUse:
    """U(W) ≈ α + β W of a weighing result."""

    alpha: float
    beta: float

    def expanded(self, weighed: float) -> float:
        return self.alpha + self.beta * weighed

    def minimum(self, required: float, safety: float = 1.0) -> float:
        """The smallest weighing whose relative U, times ``safety``, is within ``required``.

        Raises CalculationError when no weighing is.
        """
        margin = required - self.beta * safety
        if margin <= 0:
            raise CalculationError(f"no weighing reaches {required:g} with a safety factor of {safety:g}")
        return self.alpha * safety / margin


def in_use(loads: Sequence[float], expanded: Sequence[float]) -> InUse:
    """α and β from the expanded uncertainties found at loads; neither is below zero."""
    line = fit(loads, expanded, min_nu=1)
    return InUse(max(0.0, line.powers[0]), max(0.0, line.powers[1]))
