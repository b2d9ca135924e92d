"""A family of memory kernels given by a formula: its moments, its coefficients, its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl.errors import DivergentIntegralError, InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.symbolic.equation import Step
from thermo_cl.symbolic.families import terms as sums
from thermo_cl.symbolic.families.coefficients import listed, solve_coefficients
from thermo_cl.symbolic.families.numbers import kernel_at

__all__ = ["KernelFamily"]


@dataclass(frozen=True, eq=False, init=False)
class KernelFamily:
    r"""Memory kernel K(t) on ``0 <= t <= window``, as a sympy expression in t and parameters.

    The output is :math:`u(t) = \int_0^\infty K(t') s(t - t') dt'` (Falk et al. 2025, Eq. 3). What is known about the
    parameters (positive, real, ...) is taken from the symbols themselves.

    Parameters
    ----------
    expression : sympy expression
        K(t), in (output per signal) / time.
    t : Symbol
    parameters : iterable of Symbol, or one
        Every other symbol of the expression and the window.
    window : sympy expression, optional
        Time after which the kernel is zero, > 0.

    Attributes
    ----------
    solution : mapping of Symbol to expression
        The coefficients that ``solve`` has found; empty before.

    Raises
    ------
    InvalidParameterError
        If K does not depend on t, has an instantaneous part (a delta function; its weight is ``feedthrough`` of the
        library's kernel), a symbol is not declared, or the window is not positive.

    Examples
    --------
    A kernel of the user's own, from its formula to weight updates:

    >>> import sympy as sp, thermo_cl as tcl
    >>> t, tau, a, c = sp.symbols("t tau a c", positive=True)
    >>> family = KernelFamily(sp.exp(-t / tau) * (a * t - c * t**3), t, (tau, a, c)).solve(area=0, first_moment=-1)
    >>> family.solution
    {a: 1/(2*tau**3), c: 1/(12*tau**5)}
    >>> family.moment(2)
    -7*tau
    >>> low, high = family.threshold_window(amplitude_min=10, amplitude_max=80, fast=1, slow=9)
    >>> low, high
    (80/9, 10)
    >>> kernel, protocol = family.numerical(tau=0.05), tcl.Sawtooth(fast=1.0, slow=9.0)
    >>> tcl.weight_update(kernel, protocol, [10.0, 80.0], threshold=float(low))
    array([ 7.517, 76.720])

    The same for a sum of two exponentials:

    >>> r, q = sp.symbols("r q", positive=True)
    >>> KernelFamily(a * sp.exp(-r * t) - c * sp.exp(-q * t), t, (a, c, r, q)).solve().solution
    {a: -q*r**2/(q - r), c: -q**2*r/(q - r)}
    """

    expression: sp.Expr
    t: sp.Symbol
    parameters: tuple[sp.Symbol, ...]
    window: sp.Expr
    solution: Mapping[sp.Symbol, sp.Expr]

    def __init__(
        self,
        expression: sp.Expr,
        t: sp.Symbol,
        parameters: Iterable[sp.Symbol] | sp.Symbol = (),
        window: sp.Expr = sp.oo,
    ) -> None:
        kernel, length = _sympified("expression", expression), _sympified("window", window)
        known = (parameters,) if isinstance(parameters, sp.Symbol) else tuple(parameters)
        if not isinstance(t, sp.Symbol):
            raise InvalidParameterError("t", t, "a sympy Symbol")
        if wrong := [p for p in known if not isinstance(p, sp.Symbol) or p == t]:
            raise InvalidParameterError("parameters", wrong[0], f"sympy Symbols other than {t}")
        undeclared = sorted((kernel.free_symbols | length.free_symbols) - {t, *known}, key=str)
        if undeclared:
            twins = {str(s) for s in undeclared} & {str(s) for s in (t, *known)}
            hint = f"; {', '.join(sorted(twins))} was declared with other assumptions" if twins else ""
            raise InvalidParameterError(
                "parameters",
                known,
                f"all symbols of the kernel, and {', '.join(map(str, undeclared))} is missing{hint}",
            )
        if length.has(t) or length.is_extended_positive is not True:
            raise InvalidParameterError("window", window, "positive and free of t; declare its symbols positive")
        if kernel.has(sp.DiracDelta):
            raise InvalidParameterError(
                "expression", expression, "without delta functions; give the regular part, and the instantaneous one "
                "as thermo_cl.Kernel(..., feedthrough=)"
            )  # fmt: skip
        if kernel == 0 or (length == sp.oo and not kernel.has(t)):
            raise InvalidParameterError("expression", expression, f"a function of {t}, or the kernel needs a window")
        check.freeze(self, expression=kernel, t=t, parameters=known, window=length, solution={})

    # ----------------------------------------------------------------- moments

    def moment(self, n: int) -> sp.Expr:
        r"""Moment :math:`\int_0^\infty t^n K(t) dt`, in (output per signal) * time**n.

        Raises
        ------
        DivergentIntegralError
            If it diverges, or the assumptions on the parameters do not say that it converges.
        """
        order = check.integer_at_least("n", n, 0)
        return self._integral(self.t**order * self.expression, f"moment {order}" if order else "the area (moment 0)")

    @property
    def area(self) -> sp.Expr:
        """Integral I of the kernel."""
        return self.moment(0)

    @property
    def first_moment(self) -> sp.Expr:
        """First moment mu1 of the kernel."""
        return self.moment(1)

    def laplace(self, p: sp.Expr) -> sp.Expr:
        """Integral of ``K(t) exp(-p t)``, for Re p above the real part of every exponent of the kernel.

        Raises
        ------
        DivergentIntegralError
            If p is known to lie outside that half-plane.
        """
        variable = _sympified("p", p)
        parts = sums.terms(self.expression, self.t)
        if parts is None or self.window != sp.oo:
            return self._integral(self.expression * sp.exp(-variable * self.t), f"the Laplace transform at {variable}")
        for term in parts:
            if sp.re(term.rate - variable).is_nonnegative:
                raise DivergentIntegralError(
                    f"the Laplace transform diverges at p = {variable}; it converges for Re p > {sp.re(term.rate)}"
                )
        return sums.tidy(
            sum(c.coefficient * sp.factorial(c.power) / (variable - c.rate) ** (c.power + 1) for c in parts)
        )

    # ---------------------------------------------------------------- response

    def ramp_response(self, offset: sp.Expr, slope: sp.Expr) -> sp.Expr:
        """Output ``I s - mu1 ds/dt`` under the ramp ``s = offset + slope t`` (Falk et al. 2025, Eq. 24)."""
        start, rise = _sympified("offset", offset), _sympified("slope", slope)
        return self.area * (start + rise * self.t) - self.first_moment * rise

    def derivation(self, offset: sp.Expr, slope: sp.Expr) -> tuple[Step, ...]:
        """Derivation of ``ramp_response`` from the memory integral (Falk et al. 2025, Eqs. 3, 20-24)."""
        start, rise = _sympified("offset", offset), _sympified("slope", slope)
        past, lag = sp.Dummy("t'", real=True), sp.Dummy("x", positive=True)
        kernel, signal = self.expression, start + rise * self.t
        then = kernel.subs(self.t, self.t - past) * signal.subs(self.t, past)
        lagged = kernel.subs(self.t, lag)
        area, first = (sp.Integral(lag**n * lagged, (lag, 0, self.window)) for n in (0, 1))
        return (
            Step(sp.Integral(then, (past, self.t - self.window, self.t)), "memory integral of the ramp (Eqs. 3, 21)"),
            Step(
                sp.Integral(lagged * signal.subs(self.t, self.t - lag), (lag, 0, self.window)),
                "the time elapsed, x = t - t', as variable (Eq. 22)",
                lambda e: e.transform(past, (self.t - lag, lag)),
            ),
            Step(
                signal * area - rise * first,
                "what does not depend on x leaves the integral (Eq. 23)",
                lambda e: _split(e, lag, signal, rise),
            ),
            Step(
                self.ramp_response(start, rise),
                "area and first moment of this kernel (Eq. 24)",
                lambda e: e.replace(
                    lambda part: isinstance(part, sp.Integral),
                    lambda part: self._integral(part.function.subs(lag, self.t), "the integral"),
                ),
            ),
        )

    def contrast_conditions(self) -> tuple[sp.Eq, sp.Eq]:
        """Area 0 and first moment -1: on a ramp the output is then the signal's slope (Falk et al. 2025, Eq. 25)."""
        return sp.Eq(self.area, 0, evaluate=False), sp.Eq(self.first_moment, -1, evaluate=False)

    def threshold_window(
        self, amplitude_min: sp.Expr, amplitude_max: sp.Expr, fast: sp.Expr, slow: sp.Expr, mean: sp.Expr = 0
    ) -> tuple[sp.Expr, sp.Expr]:
        r"""Thresholds that pass every fast ramp and silence every slow one, when the kernel is fast beside both.

        With area 0 and first moment -1, :math:`A_{max}/\tau_s \le \theta \le A_{min}/\tau_f` (Falk et al. 2025,
        Eqs. 27-28); with an area, Eq. 24 is held to the same over all of both ramps, from mean - A/2 to mean + A/2.

        Parameters
        ----------
        amplitude_min, amplitude_max, fast, slow : numbers or sympy expressions
            All positive.
        mean : number or sympy expression, optional
            Mean signal; without area it does not matter.

        Returns
        -------
        lowest, highest : sympy expressions
            Numbers if all arguments and coefficients are.

        Raises
        ------
        InvalidParameterError
            If an argument is not positive, the first moment not negative, or no threshold serves.
        """
        arguments = {"amplitude_min": amplitude_min, "amplitude_max": amplitude_max, "fast": fast, "slow": slow}
        low, high, rise, fall = (_sympified(name, value) for name, value in arguments.items())
        for name, value in zip(arguments, (low, high, rise, fall), strict=True):
            if value.is_positive is not True:
                raise InvalidParameterError(name, value, "positive; declare a symbol positive")
        if (low > high) == True:  # noqa: E712  a relation of symbols is neither true nor false
            raise InvalidParameterError("amplitude_max", high, f"at least amplitude_min = {low}")
        area, first = self.area, self.first_moment
        if first.is_nonnegative:
            raise InvalidParameterError("first_moment", first, "negative, so that a rise gives a positive output")
        if area == 0:
            lowest, highest = -first * high / fall, -first * low / rise
        else:
            ends = [(a, _sympified("mean", mean) + side * a / 2) for a in (low, high) for side in (-1, 1)]
            lowest = sp.Max(*(sp.Abs(area * s + first * a / fall) for a, s in ends))
            highest = sp.Min(*(area * s - first * a / rise for a, s in ends))
        if (lowest > highest) == True:  # noqa: E712
            raise InvalidParameterError(
                "amplitude_max/amplitude_min", high / low,
                f"smaller: no threshold lies above {lowest} and below {highest}; without area the bound is "
                f"slow/fast = {fall / rise}",
            )  # fmt: skip
        return lowest, highest

    # ----------------------------------------------------------- coefficients

    def solve(
        self,
        area: sp.Expr | None = 0,
        first_moment: sp.Expr | None = -1,
        unknowns: Iterable[sp.Symbol] | None = None,
    ) -> KernelFamily:
        """The members of the family with a wanted area and first moment.

        Parameters
        ----------
        area, first_moment : sympy expression or number, optional
            Wanted values; None leaves one free. Symbols in them become parameters.
        unknowns : iterable of Symbol, optional
            One for each condition; by default the parameters that stand in no exponent and not in the window.

        Raises
        ------
        InvalidParameterError
            If there are not as many unknowns as conditions, or no values, or several, meet conditions and assumptions.
        """
        wanted = [(n, _sympified(name, value)) for n, name, value in
                  ((0, "area", area), (1, "first_moment", first_moment)) if value is not None]  # fmt: skip
        free = self._coefficients() if unknowns is None else tuple(unknowns)
        if stray := [u for u in free if u not in self.parameters]:
            raise InvalidParameterError("unknowns", stray[0], f"among the parameters {listed(self.parameters)}")
        if len(free) != len(wanted) or not wanted:
            raise InvalidParameterError(
                "unknowns", free, f"{max(len(wanted), 1)} free parameter(s), one for each condition; the family has "
                f"{listed(self._coefficients()) or 'none'} outside its exponents",
            )  # fmt: skip
        conditions = [self.moment(n) - value for n, value in wanted]
        values = solve_coefficients(conditions, free)
        added = sorted(set().union(*(v.free_symbols for _, v in wanted)) - set(self.parameters), key=str)
        left = [p for p in self.parameters if p not in free] + added
        solved = KernelFamily(self.expression.subs(values), self.t, left, self.window.subs(values))
        check.freeze(solved, solution={**{s: e.subs(values) for s, e in self.solution.items()}, **values})
        return solved

    def numerical(self, **values: ArrayLike) -> Kernel:
        """The library's kernel at given parameter values, for ``weight_update`` and all else; arrays give a batch.

        Raises
        ------
        InvalidParameterError
            If a value is missing, unknown, or against its symbol's assumptions; or if K is not a finite sum of
            ``t**n exp(rate t)`` terms (sines and hyperbolic functions are), or not real.
        """
        return kernel_at(self.expression, self.t, self.parameters, self.window, self._known_moments(), values)

    # ----------------------------------------------------------------- display

    @property
    def latex(self) -> str:
        """K(t) as LaTeX."""
        cut = "" if self.window == sp.oo else rf", \quad 0 \le {sp.latex(self.t)} \le {sp.latex(self.window)}"
        return f"K({sp.latex(self.t)}) = {sp.latex(self.expression)}{cut}"

    # ----------------------------------------------------------------- helpers

    def _integral(self, integrand: sp.Expr, name: str) -> sp.Expr:
        return sums.integral(integrand, self.t, self.window, name)

    def _coefficients(self) -> tuple[sp.Symbol, ...]:
        """Parameters of the kernel that stand in no exponent and not in the window."""
        parts = sums.terms(self.expression, self.t)
        if parts is None:
            return tuple(p for p in self.parameters if sp.diff(self.expression, p, 2) == 0 and self.expression.has(p))
        fixed = self.window.free_symbols.union(*(term.rate.free_symbols for term in parts))
        return tuple(p for p in self.parameters if self.expression.has(p) and p not in fixed)

    def _known_moments(self) -> list[sp.Expr]:
        """Area and first moment where the assumptions give them: they do not suffer from the terms' cancellation."""
        try:
            return [self.area, self.first_moment] if self.window == sp.oo else []
        except DivergentIntegralError:
            return []


def _sympified(name: str, value: Any) -> sp.Expr:
    """A sympy expression, of whatever was given."""
    try:
        result = sp.sympify(value, strict=True)
    except sp.SympifyError:
        result = None
    if not isinstance(result, sp.Expr):
        raise InvalidParameterError(name, value, "a number or a sympy expression")
    return result


def _split(memory: sp.Integral, lag: sp.Symbol, signal: sp.Expr, rise: sp.Expr) -> sp.Expr:
    """Integral of kernel times (signal - rise lag), as signal and rise times integrals."""
    (limits,) = memory.limits
    shifted = sp.expand(signal - rise * lag)
    kernel = sp.cancel(memory.function / shifted)
    return sum(
        (factor.as_independent(lag)[0] * sp.Integral(factor.as_independent(lag)[1] * kernel, limits))
        for factor in sp.Add.make_args(shifted)
    )
