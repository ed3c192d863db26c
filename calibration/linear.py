"""Linear least squares by Householder reflections, in 50-digit decimals: never the normal equations."""

from dataclasses import dataclass
from decimal import Decimal

from calibration.exact import CalculationError

Vector = list[Decimal]
Matrix = list[list[Decimal]]

_RANK = Decimal("1e-25")
"""A column shorter than this beside its own length before is a combination of the others."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients, (AᵀA)⁻¹, and the sum of the squared residuals."""

    coef: Vector
    inverse: Matrix
    rss: Decimal


def solve(rows: Matrix, y: Vector) -> Solution:
    """The coefficients that minimise |A b − y|². Within ``arithmetic()``. Raises CalculationError.

    ``rows`` is m × p with m ≥ p; the columns must be independent.
    """
    m, p = len(rows), len(rows[0])
    if m < p:
        raise CalculationError(f"{p} coefficients need at least {p} points, there are {m}")
    work = [[*row, value] for row, value in zip(rows, y, strict=True)]
    lengths = [_norm([row[j] for row in rows]) for j in range(p)]
    for j in range(p):
        _reflect(work, j, lengths[j])
    triangle = [row[:p] for row in work[:p]]
    coef = back(triangle, [row[p] for row in work[:p]])
    rss = sum((row[p] * row[p] for row in work[p:]), Decimal())
    return Solution(coef, _gram_inverse(triangle), rss)


def _reflect(work: Matrix, j: int, length: Decimal) -> None:
    """Zero column ``j`` below its diagonal, in place."""
    column = [row[j] for row in work[j:]]
    norm = _norm(column)
    if norm <= length * _RANK:
        raise CalculationError("the points do not determine the curve: a term is a combination of the others")
    head = -norm if column[0] > 0 else norm
    column[0] -= head
    square = sum((v * v for v in column), Decimal())
    for k in range(j, len(work[0])):
        factor = 2 * sum((v * row[k] for v, row in zip(column, work[j:], strict=True)), Decimal()) / square
        for v, row in zip(column, work[j:], strict=True):
            row[k] -= factor * v


def back(triangle: Matrix, y: Vector) -> Vector:
    """Solve an upper triangular system."""
    p = len(triangle)
    x = [Decimal()] * p
    for i in reversed(range(p)):
        rest = sum((triangle[i][k] * x[k] for k in range(i + 1, p)), Decimal())
        x[i] = (y[i] - rest) / triangle[i][i]
    return x


def _gram_inverse(triangle: Matrix) -> Matrix:
    p = len(triangle)
    columns = [back(triangle, [Decimal(int(i == j)) for i in range(p)]) for j in range(p)]
    return [[sum((columns[k][i] * columns[k][j] for k in range(p)), Decimal()) for j in range(p)] for i in range(p)]


def _norm(column: Vector) -> Decimal:
    return sum((v * v for v in column), Decimal()).sqrt()


def cholesky(matrix: Matrix) -> Matrix:
    """L with L Lᵀ = a covariance matrix. Raises CalculationError when it is none."""
    n = len(matrix)
    if any(len(row) != n for row in matrix) or any(matrix[i][j] != matrix[j][i] for i in range(n) for j in range(i)):
        raise CalculationError("a covariance matrix is square and symmetric")
    lower = [[Decimal()] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i][j] - sum((lower[i][k] * lower[j][k] for k in range(j)), Decimal())
            if i == j and rest <= 0:
                raise CalculationError("the covariance matrix is not positive definite: a correlation is too strong")
            lower[i][j] = rest.sqrt() if i == j else rest / lower[j][j]
    return lower


def whiten(lower: Matrix, rows: Matrix) -> Matrix:
    """L⁻¹ A: rows whose errors are independent with variance 1."""
    done: Matrix = []
    for i, row in enumerate(rows):
        rest = list(row)
        for k in range(i):
            if lower[i][k]:
                rest = [value - lower[i][k] * other for value, other in zip(rest, done[k], strict=True)]
        done.append([value / lower[i][i] for value in rest])
    return done


def convert(factors: Matrix, covariance: Matrix) -> Matrix:
    """F C Fᵀ: the covariance of coefficients that are combinations of others."""
    half = [
        [sum((f * c for f, c in zip(row, column, strict=True)), Decimal()) for column in covariance] for row in factors
    ]
    return [[sum((h * f for h, f in zip(row, other, strict=True)), Decimal()) for other in factors] for row in half]
