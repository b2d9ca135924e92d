"""The library's numerical kernel of a symbolic one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.symbolic.families.coefficients import listed
from thermo_cl.symbolic.families.terms import terms

__all__ = ["kernel_at"]

_DIGITS = 40  # solved coefficients may cancel before they are rounded to doubles
_CONDITIONS = {
    "is_positive": (np.greater, "greater than 0"),
    "is_negative": (np.less, "less than 0"),
    "is_nonnegative": (np.greater_equal, "not negative"),
    "is_nonpositive": (np.less_equal, "not positive"),
    "is_nonzero": (np.not_equal, "different from 0"),
}


def kernel_at(
    expression: sp.Expr,
    t: sp.Symbol,
    parameters: Sequence[sp.Symbol],
    window: sp.Expr,
    moments: Sequence[sp.Expr],
    values: Mapping[str, ArrayLike],
) -> Kernel:
    """Kernel of an expression in t at values of its parameters, with the moments that are known by formula."""
    needed = sorted((expression.free_symbols | window.free_symbols) - {t}, key=str)
    if missing := [str(s) for s in needed if str(s) not in values]:
        raise InvalidParameterError("values", sorted(values), f"complete: {', '.join(missing)} has no value")
    if stray := sorted(set(values) - {str(p) for p in parameters}):
        raise InvalidParameterError("values", stray, f"those of the parameters: {listed(parameters) or 'none'}")
    parts = terms(expression, t)
    if parts is None:
        raise InvalidParameterError(
            "expression", expression, "a sum of t**n*exp(rate*t) terms, sines and cosines included"
        )
    arrays = {s: _admissible(s, values[str(s)]) for s in needed}
    batch = check.broadcast(**{str(s): a for s, a in arrays.items()})
    wanted = [*(part.coefficient for part in parts), *(part.rate for part in parts), window, *moments]
    numbers = _evaluate(wanted, arrays, batch)
    count = len(parts)
    weights, rates, others = numbers[..., :count], numbers[..., count : 2 * count], numbers[..., 2 * count :].real
    powers = np.array([part.power for part in parts])
    _require_real(weights, rates, powers)
    return Kernel(weights, rates, powers, others[..., 0], tuple(np.moveaxis(others[..., 1:], -1, 0)))


def _admissible(symbol: sp.Symbol, value: ArrayLike) -> FloatArray:
    """Values of a parameter, checked against what its symbol assumes."""
    numbers = check.finite(str(symbol), value)
    for assumption, (accepted, words) in _CONDITIONS.items():
        if getattr(symbol, assumption):
            bad = ~accepted(numbers, 0.0)
            if bad.any():
                raise InvalidParameterError(str(symbol), float(numbers[bad].flat[0]), f"{words}, as its symbol assumes")
    return numbers


def _evaluate(wanted: list[sp.Expr], arrays: Mapping[sp.Symbol, FloatArray], batch: tuple[int, ...]) -> ComplexArray:
    """Values of expressions, shape batch + (number of expressions,), computed with guard digits."""
    import mpmath  # type: ignore[import-untyped]

    function = sp.lambdify(list(arrays), wanted, modules="mpmath")
    spread = [np.broadcast_to(a, batch).ravel() for a in arrays.values()]
    result = np.empty((int(np.prod(batch)), len(wanted)), dtype=complex)
    with mpmath.workdps(_DIGITS):
        for row, point in enumerate(zip(*spread, strict=True) if spread else [()]):
            try:
                result[row] = [complex(x) for x in function(*map(mpmath.mpf, point))]
            except (ZeroDivisionError, OverflowError):
                at = ", ".join(f"{s} = {float(x):g}" for s, x in zip(arrays, point, strict=True))
                raise InvalidParameterError("values", at, "where all coefficients of the kernel are finite") from None
    return result.reshape(*batch, len(wanted))


def _require_real(weights: ComplexArray, rates: ComplexArray, powers: IntArray) -> None:
    """Refuse a kernel with an imaginary part, which the numerical one would drop."""
    scale = np.abs(rates).max(axis=-1, initial=0.0)
    for x in (0.3, 1.1, 2.7):  # in units of the fastest term
        time = np.asarray(x / np.where(scale == 0.0, 1.0, scale))[..., None]
        parts = weights * time**powers * np.exp(rates * time)
        if (np.abs(parts.sum(axis=-1).imag) > 1e-10 * np.abs(parts).sum(axis=-1)).any():
            raise InvalidParameterError("expression", "a complex kernel", "real for real t and these values")
