"""The sawtooth as symbols, and as random numbers for the library: what the bound's and the offset's modules share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth, weight_update

__all__ = [
    "FALL",
    "FAST",
    "MEANING",
    "RISE",
    "SLOW",
    "A",
    "b",
    "fast_limit",
    "filter_kernel",
    "integrated",
    "mean",
    "n",
    "passed",
    "t",
    "tau_f",
    "tau_s",
    "theta",
]

A, tau_f, tau_s, theta, b, n = sp.symbols("A tau_f tau_s theta b n", positive=True)
mean = sp.Symbol("sbar", real=True)
t = sp.Symbol("t", nonnegative=True)

FAST, SLOW = A / tau_f, A / tau_s  # steepness of the two ramps
RISE, FALL = mean + A * (t / tau_f - sp.Rational(1, 2)), mean + A * (sp.Rational(1, 2) - t / tau_s)  # Eq. 5, local time

MEANING: Mapping[sp.Symbol, str] = {
    A: "amplitude, clamped minus free signal (signal)",
    tau_f: "duration of the rise from free to clamped (time)",
    tau_s: "duration of the fall from clamped to free (time)",
    theta: "hard threshold on the response (signal/time)",
    mean: "average of the free and the clamped signal (signal)",
    b: "decay rate of the kernel, 1/tau_K (1/time)",
    n: "number of equal filters in series, 2 or more for a bounded kernel (1)",
    t: "time since the ramp began (time)",
}


def passed(u: sp.Expr) -> sp.Expr:
    """Hard threshold (Eq. 6)."""
    return sp.Piecewise((u, sp.Abs(u) >= theta), (0, True))


def integrated(expression: sp.Expr) -> sp.Expr:
    """Every integral of a sum, done term by term."""
    return sp.Add(*(sp.integrate(sp.expand(part.function), *part.limits) for part in sp.Add.make_args(expression)))


def fast_limit(value: Callable[[float], ArrayLike], rate: float, levels: int = 7) -> FloatArray:
    """Limit of infinitely fast kernels by Richardson's extrapolation in 1/rate, which is all the value depends on."""
    row = [np.asarray(value(rate * 2.0**k), dtype=float) for k in range(levels)]
    for order in range(1, levels):
        row = [fine + (fine - coarse) / (2.0**order - 1.0) for coarse, fine in itertools.pairwise(row)]
    return row[0]


def filter_kernel(filters: int, rate: ArrayLike) -> Kernel:
    """Derivative of the gamma density: a differentiator behind equal filters in series; three are chemotaxis's."""
    decay, factorial = np.asarray(rate, dtype=float), float(sp.factorial(filters - 2))
    weights = np.stack([decay**filters, -(decay ** (filters + 1)) / (filters - 1)], axis=-1) / factorial
    return Kernel(weights, -np.stack([decay, decay], axis=-1), np.array([filters - 2, filters - 1]))


def draw_fast(rng: np.random.Generator, size: int = 4) -> dict[sp.Symbol, FloatArray]:
    """Fast kernels, protocols, and thresholds between the plateaus of the ramps."""
    fast, height = rng.uniform(0.5, 2.0, size), rng.uniform(1.0, 50.0, size)
    slow = fast * rng.uniform(3.0, 12.0, size)
    floor = height / slow + rng.uniform(0.1, 0.9, size) * (height / fast - height / slow)
    return {A: height, tau_f: fast, tau_s: slow, theta: floor, b: rng.uniform(80.0, 120.0, size) / fast}


def library_update(kernel: Kernel, numbers: dict[sp.Symbol, FloatArray]) -> FloatArray:
    """Weight updates of the library."""
    protocol = Sawtooth(numbers[tau_f], numbers[tau_s])
    return np.asarray(weight_update(kernel, protocol, numbers[A][:, None], threshold=numbers[theta]))[:, 0]
