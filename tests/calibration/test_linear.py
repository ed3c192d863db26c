from decimal import Decimal

import pytest

from calibration.exact import CalculationError, arithmetic, exacts
from calibration.linear import cholesky, convert, solve, whiten


def test_a_square_system_is_solved_exactly() -> None:
    with arithmetic():
        found = solve([exacts([2, 1]), exacts([1, 3])], exacts([3, 5]))
    assert [float(v) for v in found.coef] == pytest.approx([0.8, 1.4], rel=1e-15)
    assert float(found.rss) == pytest.approx(0, abs=1e-40)
    assert [float(v) for v in found.inverse[0]] == pytest.approx([10 / 25, -5 / 25], rel=1e-15)


def test_hilbert_of_order_nine_survives() -> None:
    """Condition number 5e11, its square is beyond doubles: the normal equations would have no digit left."""
    n = 9
    with arithmetic():
        rows = [[Decimal(1) / (i + j + 1) for j in range(n)] for i in range(n)]
        found = solve(rows, [sum(row, Decimal()) for row in rows])
    assert [float(v) for v in found.coef] == pytest.approx([1.0] * n, rel=1e-14)


def test_dependent_columns_are_refused() -> None:
    with arithmetic(), pytest.raises(CalculationError, match="do not determine"):
        solve([exacts([1, 2]), exacts([2, 4]), exacts([3, 6])], exacts([1, 2, 3]))


def test_too_few_rows_are_refused() -> None:
    with arithmetic(), pytest.raises(CalculationError, match="at least 2 points"):
        solve([exacts([1, 2])], exacts([1]))


def test_whitening_undoes_the_covariance() -> None:
    with arithmetic():
        matrix = [exacts([4, 2]), exacts([2, 5])]
        lower = cholesky(matrix)
        back = whiten(lower, whiten_transposed(whiten(lower, matrix)))
    assert [[float(v) for v in row] for row in back] == [[1, 0], [0, 1]]


def whiten_transposed(matrix: list[list[Decimal]]) -> list[list[Decimal]]:
    return [list(column) for column in zip(*matrix, strict=True)]


def test_no_covariance() -> None:
    with arithmetic():
        for wrong in ([[1, 2], [3, 1]], [[1, 2]], [[1, 2], [2, 1]]):
            with pytest.raises(CalculationError):
                cholesky([exacts(row) for row in wrong])


def test_conversion_of_a_covariance() -> None:
    assert convert([exacts([1, 1])], [exacts([1, 0]), exacts([0, 2])]) == [[3]]
