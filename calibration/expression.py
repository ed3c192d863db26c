"""Small formulas in a procedure, such as ``0.010 + 0.00005*abs(x-25)``: arithmetic on a few names, nothing else."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from calibration.exact import CalculationError

NAMES = {
    "x": "reference value",
    "I": "indication",
    "span": "width of the range",
    "T": "temperature of the room, °C",
    "d": "resolution of the item",
}
_LONGEST = 200
_DEEPEST = 20

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_CALLS: dict[str, Callable[..., float]] = {"abs": abs, "min": min, "max": max, "sqrt": math.sqrt}


class ExpressionError(CalculationError):
    """A formula that is not one, or that cannot be computed at a point."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked formula; ``names`` are those it uses."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    def __call__(self, values: Mapping[str, float]) -> float:
        """Its value. Raises ExpressionError."""
        try:
            result = float(_value(self.tree, values))
        except (ArithmeticError, ValueError) as e:
            raise ExpressionError(f"{self.text!r} cannot be computed: {e}") from e
        except KeyError as e:
            raise ExpressionError(f"{self.text!r} needs {e.args[0]}, which is not known here") from e
        if not math.isfinite(result):
            raise ExpressionError(f"{self.text!r} is not finite")
        return result


def parse(text: str) -> Expression:
    """Check a formula. Raises ExpressionError with what is wrong."""
    if len(text) > _LONGEST:
        raise ExpressionError(f"a formula has at most {_LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        raise ExpressionError(f"{text!r} is no formula") from e
    used: set[str] = set()
    _check(tree, text, used, 0)
    return Expression(text, tree, frozenset(used))


def _check(node: ast.expr, text: str, used: set[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise ExpressionError(f"{text!r} is nested too deeply")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(value):
            return
        case ast.Name(id=name) if name in NAMES:
            used.add(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, text, used, depth + 1)
            _check(right, text, used, depth + 1)
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            _check(operand, text, used, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as args, keywords=[]) if name in _CALLS:
            if name in ("abs", "sqrt") and len(args) != 1:
                raise ExpressionError(f"{text!r}: {name} takes one value")
            if name in ("min", "max") and len(args) < 2:
                raise ExpressionError(f"{text!r}: {name} takes two values or more")
            for arg in args:
                _check(arg, text, used, depth + 1)
        case _:
            known = ", ".join([*NAMES, *_CALLS])
            raise ExpressionError(f"{text!r}: {ast.unparse(node)!r} is not known in a formula (known: {known})")


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, values), _value(right, values))
        case ast.UnaryOp(op=sign, operand=operand):
            return _UNARY[type(sign)](_value(operand, values))
        case ast.Call(func=ast.Name(id=name), args=args):
            return _CALLS[name](*(_value(arg, values) for arg in args))
    raise ExpressionError(f"{ast.unparse(node)!r} is not known in a formula")
