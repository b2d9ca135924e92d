"""Two random phases: their symbols, and a small law whose every outcome can be listed.

The library has no learning rules yet: the equations on random phases are compared with an enumeration of every outcome
of the phase and of both statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from thermo_cl.symbolic.equation import Equation, Step

__all__ = [
    "BASELINE",
    "CROSS",
    "MEANINGS",
    "MU_MINUS",
    "MU_PLUS",
    "M_MINUS",
    "M_PLUS",
    "ODDS",
    "PHASE",
    "PROBABILITY",
    "SHARE",
    "SQUARED_GRADIENT",
    "S_MINUS",
    "S_PLUS",
    "Law",
    "V",
    "draw_law",
    "estimate",
    "phase_equation",
    "to_odds",
]

_PAPER = "Williams et al. 2023"
_DRAWS = 5

PHASE = sp.Symbol("B", integer=True, nonnegative=True)
SHARE, ODDS = sp.symbols("b r", positive=True)
M_PLUS, M_MINUS = sp.symbols("M_+ M_-", positive=True)
S_PLUS, S_MINUS = sp.symbols("S_+ S_-", nonnegative=True)
CROSS = sp.Symbol("C", real=True)
MU_PLUS = sp.Matrix(sp.symbols("mu^+_1:4", real=True))
MU_MINUS = sp.Matrix(sp.symbols("mu^-_1:4", real=True))
BASELINE = sp.Matrix(sp.symbols("c_1:4", real=True))
V = sp.Symbol("V", nonnegative=True)

MEANINGS: Mapping[sp.Symbol, str] = {
    SHARE: "probability of a positive phase, between 0 and 1",
    M_PLUS: "mean square of the positive statistic, E|g+|^2 (gradient squared)",
    M_MINUS: "mean square of the negative statistic, E|g-|^2 (gradient squared)",
    S_PLUS: "trace of the covariance of g+ (gradient squared)",
    S_MINUS: "trace of the covariance of g- (gradient squared)",
    V: "trace of the estimator's covariance (gradient squared)",
    **dict.fromkeys(MU_PLUS, "component of the mean of g+ (gradient)"),
    **dict.fromkeys(MU_MINUS, "component of the mean of g- (gradient)"),
    **dict.fromkeys(BASELINE, "component of the baseline, a constant (gradient)"),
}

PROBABILITY = SHARE**PHASE * (1 - SHARE) ** (1 - PHASE)
SQUARED_GRADIENT = (MU_PLUS - MU_MINUS).dot(MU_PLUS - MU_MINUS)


def estimate(positive: sp.Expr, negative: sp.Expr) -> sp.Expr:
    """The estimator for given statistics."""
    return PHASE / SHARE * positive - (1 - PHASE) / (1 - SHARE) * negative


def to_odds(expression: sp.Expr) -> sp.Expr:
    """Change of variable that sympy's assumptions can follow: they know r > 0, but not b < 1."""
    return expression.subs(SHARE, ODDS / (1 + ODDS))


@dataclass(frozen=True)
class Law:
    """Independent g+ and g- of a few values each, the probability of a positive phase and a baseline."""

    b: complex
    plus: NDArray[np.float64]
    minus: NDArray[np.float64]
    weight_plus: NDArray[np.float64]
    weight_minus: NDArray[np.float64]
    baseline: NDArray[np.float64]

    def at(self, b: complex) -> Law:
        return replace(self, b=b)

    def less(self, baseline: NDArray[np.float64]) -> Law:
        return replace(self, baseline=baseline)

    def outcomes(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.complex128]]:
        """Every outcome of (B, g+, g-): estimate without baseline, factor of the baseline, probability."""
        estimates, factors, weights = [], [], []
        for phase in (0, 1):
            for g, p in zip(self.plus, self.weight_plus, strict=True):
                for h, q in zip(self.minus, self.weight_minus, strict=True):
                    estimates.append(phase / self.b * g - (1 - phase) / (1 - self.b) * h)
                    factors.append(phase / self.b - (1 - phase) / (1 - self.b))
                    weights.append((self.b if phase else 1 - self.b) * p * q)
        return np.array(estimates), np.array(factors), np.array(weights)

    def mean(self) -> NDArray[np.complex128]:
        estimates, factors, weights = self.outcomes()
        return np.asarray(weights @ (estimates - np.outer(factors, self.baseline)))

    def trace(self) -> complex:
        """Trace of the covariance; without conjugates, so that it is analytic in b."""
        estimates, factors, weights = self.outcomes()
        residual = estimates - np.outer(factors, self.baseline) - self.mean()
        return complex(weights @ np.sum(residual**2, axis=1))

    def both(self) -> float:
        """Trace of the covariance of the two-term estimator."""
        difference = (self.plus[:, None] - self.minus[None, :]).reshape(-1, self.plus.shape[1])
        weights = np.outer(self.weight_plus, self.weight_minus).ravel()
        return float(np.trace(np.cov(difference.T, aweights=weights, ddof=0)))

    def curvature(self) -> complex:
        """Second derivative of the variance by b: Cauchy's integral on a circle that avoids the poles 0 and 1."""
        turn = np.exp(2j * np.pi * np.arange(64) / 64)
        radius = 0.4 * min(abs(self.b), abs(1 - self.b))
        return complex(2 * np.mean([self.at(self.b + radius * z).trace() / z**2 for z in turn]) / radius**2)

    def stationary(self) -> float:
        """Where the slope of the variance changes sign; slopes by complex steps, which cancel no digits."""
        return float(brentq(lambda b: self.at(b + 1e-30j).trace().imag * 1e30, 1e-3, 1 - 1e-3, xtol=1e-15))

    def best_baseline(self) -> NDArray[np.float64]:
        """Least squares: the baseline that explains most of the estimate through its factor."""
        estimates, factors, weights = (x.real for x in self.outcomes())
        root = np.sqrt(weights)[:, None]
        return np.asarray(np.linalg.lstsq(root * factors[:, None], root * estimates, rcond=None)[0][0])

    def values(self) -> dict[sp.Symbol, float]:
        """What the symbols stand for."""
        mean_plus, mean_minus = self.weight_plus @ self.plus, self.weight_minus @ self.minus
        square_plus = float(self.weight_plus @ np.sum(self.plus**2, axis=1))
        square_minus = float(self.weight_minus @ np.sum(self.minus**2, axis=1))
        return {
            SHARE: self.b.real,
            M_PLUS: square_plus,
            M_MINUS: square_minus,
            S_PLUS: square_plus - float(mean_plus @ mean_plus),
            S_MINUS: square_minus - float(mean_minus @ mean_minus),
            **dict(zip(MU_PLUS, mean_plus.tolist(), strict=True)),
            **dict(zip(MU_MINUS, mean_minus.tolist(), strict=True)),
            **dict(zip(BASELINE, self.baseline.tolist(), strict=True)),
        }


def draw_law(rng: np.random.Generator, *, baseline: bool) -> Law:
    plus, minus = rng.normal(1.0, 1.0, (2, 4, 3)) * rng.uniform(0.5, 2.0, (2, 1, 1))
    weights = rng.dirichlet(np.full(4, 2.0), 2)
    return Law(rng.uniform(0.1, 0.9), plus, minus, weights[0], weights[1], rng.normal(size=3) * baseline)


def phase_equation(
    name: str,
    title: str,
    statement: sp.Basic,
    *derivation: Step,
    numbers: Callable[[Law], complex],
    value: sp.Expr | None = None,
    own: bool = False,
    also: Mapping[sp.Symbol, str] | None = None,
) -> Equation:
    """Entry that is compared on random laws: ``value`` (the right side, or the gap) with ``numbers``."""
    known = {**MEANINGS, **(also or {})}
    if value is None:
        value = statement.rhs if isinstance(statement, sp.Eq) else statement.lhs - statement.rhs
    arguments = sorted(value.free_symbols, key=str)

    def compare(rng: np.random.Generator) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        laws = [draw_law(rng, baseline=own) for _ in range(_DRAWS)]
        evaluate = sp.lambdify(arguments, value, "numpy")
        drawn = [law.values() for law in laws]
        ours = [evaluate(*(numbers_of[symbol] for symbol in arguments)) for numbers_of in drawn]
        return np.array(ours, dtype=complex), np.array([numbers(law) for law in laws], dtype=complex)

    used = set(statement.free_symbols).union(*(step.expression.free_symbols for step in derivation))
    symbols = {symbol: meaning for symbol, meaning in known.items() if symbol in used}
    return Equation(name, "thermo_cl" if own else _PAPER, "", title, statement, symbols, derivation, compare)
