"""Kernels as symbolic sums of ``c t**n exp(rate t)``, the form in which every integral is elementary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import sympy as sp

from thermo_cl.errors import DivergentIntegralError, InvalidParameterError

__all__ = ["Term", "integral", "terms", "tidy"]

_HYPERBOLIC = sp.functions.elementary.hyperbolic.HyperbolicFunction
_WAVES = (sp.functions.elementary.trigonometric.TrigonometricFunction, _HYPERBOLIC)
_Sum = dict[tuple[int, Any], Any]  # coefficient by power of t and rate


@dataclass(frozen=True)
class Term:
    """``coefficient * t**power * exp(rate * t)``; coefficient and rate are free of t."""

    coefficient: sp.Expr
    power: int
    rate: sp.Expr

    def moment(self, order: int, window: sp.Expr, name: str) -> sp.Expr:
        """Integral of ``t**order`` times the term over [0, window]."""
        n, decay = self.power + order, -self.rate
        if window == sp.oo:
            _require_decay(self.rate, name)
            return self.coefficient * sp.factorial(n) / decay ** (n + 1)
        if decay == 0:
            return self.coefficient * window ** (n + 1) / (n + 1)
        kept = sum((decay * window) ** k / sp.factorial(k) for k in range(n + 1))
        return self.coefficient * sp.factorial(n) / decay ** (n + 1) * (1 - sp.exp(-decay * window) * kept)


def terms(expression: sp.Expr, t: sp.Symbol) -> tuple[Term, ...] | None:
    """The terms that an expression multiplies out to, or None if it is not such a sum."""
    found = _collect(expression, t)
    if found is None:
        return None
    return tuple(Term(c, n, rate) for (n, rate), c in found.items() if sp.expand(c) != 0)


def integral(integrand: sp.Expr, t: sp.Symbol, window: sp.Expr, name: str) -> sp.Expr:
    """Integral over [0, window], by terms where there are such, else by sympy.

    Raises
    ------
    DivergentIntegralError
        If it diverges, or if the assumptions on the symbols do not say.
    InvalidParameterError
        If sympy finds no closed form.
    """
    parts = terms(integrand, t)
    if parts is not None:
        return tidy(sum((term.moment(0, window, name) for term in parts), sp.S.Zero))
    _refuse_poles(integrand, t, window, name)
    value = sp.piecewise_fold(sp.integrate(integrand, (t, 0, window)))
    if value.has(sp.oo, sp.zoo, sp.nan):
        raise DivergentIntegralError(f"{name} diverges; {_REMEDY}")
    if isinstance(value, sp.Piecewise) and value.has(sp.Integral):
        conditions = ", ".join(str(condition) for piece, condition in value.args if not piece.has(sp.Integral))
        raise DivergentIntegralError(
            f"{name} converges only for {conditions}, which the symbols' assumptions do not say; state them there"
        )
    if value.has(sp.Integral):
        raise InvalidParameterError("expression", integrand, f"a function whose {name} sympy can integrate")
    return tidy(value)


def tidy(expression: sp.Expr) -> sp.Expr:
    """One factored fraction, and no imaginary unit where the expression is real."""
    if expression.has(sp.I) and all(symbol.is_real for symbol in expression.free_symbols):
        waves = expression.replace(lambda e: isinstance(e, sp.exp), lambda e: e.expand(complex=True))
        above, below = (sp.expand(part) for part in sp.fraction(sp.together(waves)))
        expression = above / below
    return sp.factor(sp.cancel(sp.together(expression)))


_REMEDY = "it would converge with exponents of negative real part, or with a finite window"


def _collect(e: sp.Expr, t: sp.Symbol) -> _Sum | None:
    """Coefficients by power and rate; what is free of t is not touched."""
    if not e.has(t):
        return {(0, sp.S.Zero): e}
    if isinstance(e, _WAVES):
        return _collect(e.rewrite(sp.exp), t)
    if not (e.is_Add or e.is_Mul):
        base, exponent = e.as_base_exp()
        return _power(base, exponent, t)
    parts = [_collect(part, t) for part in e.args]
    known = [part for part in parts if part is not None]
    return reduce(_plus if e.is_Add else _times, known) if len(known) == len(parts) else None


def _power(base: sp.Expr, exponent: sp.Expr, t: sp.Symbol) -> _Sum | None:
    """Whole powers of sums, and exponentials of what is linear in t."""
    if base == t and exponent.is_Integer and exponent > 0:
        return {(int(exponent), sp.S.Zero): sp.S.One}
    if not base.has(t):
        line = sp.expand(exponent).as_poly(t)
        if line is None or line.degree() > 1:
            return None
        slope, start = line.coeff_monomial(t), line.coeff_monomial(1)
        return {(0, sp.expand(slope * sp.log(base))): base**start}
    one = _collect(base, t) if exponent.is_Integer and exponent > 1 else None
    return None if one is None else reduce(_times, [one] * int(exponent))


def _plus(first: _Sum, second: _Sum) -> _Sum:
    result = dict(first)
    for key, value in second.items():
        result[key] = result.get(key, sp.S.Zero) + value
    return result


def _times(first: _Sum, second: _Sum) -> _Sum:
    products = ({(n + m, sp.expand(a + b)): x * y} for (n, a), x in first.items() for (m, b), y in second.items())
    return reduce(_plus, products)


def _require_decay(rate: sp.Expr, name: str) -> None:
    """Refuse an exponent that does not decay, or is not known to."""
    real = sp.re(rate)
    if not real.is_negative:
        real = sp.factor(sp.re(sp.together(rate)))  # a difference may show its sign as a product
    if real.is_negative:
        return
    if real.is_nonnegative:
        raise DivergentIntegralError(f"{name} diverges: the kernel has a term with exp({rate}*t); {_REMEDY}")
    raise DivergentIntegralError(
        f"{name} may diverge: the assumptions on the symbols do not make the exponent {rate} decay; "
        f"declare symbols positive (or negative) so that it does; {_REMEDY}"
    )


def _refuse_poles(integrand: sp.Expr, t: sp.Symbol, window: sp.Expr, name: str) -> None:
    """Refuse poles inside the range, across which sympy may integrate as if they were not there."""
    try:
        poles = sp.singularities(integrand, t, sp.Interval.open(0, window))
    except (NotImplementedError, ValueError, TypeError):
        return  # unknown: left to the integration
    if poles.is_empty is False:
        raise DivergentIntegralError(f"{name} diverges: the kernel has a pole at t in {poles}; it must be finite there")
