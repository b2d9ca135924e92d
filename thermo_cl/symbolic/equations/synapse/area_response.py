"""Response to the sawtooth of a kernel with an area, as symbols and as the library's numbers.

The first moment is -1 and the area I >= 0 throughout; times are local to a ramp, the kernel fast against both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.kernels import PeriodicResponse, chemotaxis_kernel, periodic_response
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.synapse.protocol import FALL, FAST, MEANING, RISE, SLOW, A, b, mean, t, tau_f, tau_s
from thermo_cl.synapse import Sawtooth

__all__ = [
    "AREA",
    "AREA_MEANING",
    "DOWN",
    "DOWN_HIGH",
    "DOWN_LOW",
    "UP",
    "UP_LOW",
    "Numbers",
    "Pair",
    "clamped",
    "corner_values",
    "draw",
    "entry",
    "largest",
    "respond",
    "sawtooth",
    "several",
    "time",
    "update",
]

Numbers = dict[sp.Symbol, float]
Pair = tuple[ArrayLike, ArrayLike]
Compare = Callable[[Numbers], Pair]

AREA = sp.Symbol("I", nonnegative=True)
clamped = sp.Symbol("s_c", positive=True)
largest = sp.Symbol("A_max", positive=True)
update = sp.Symbol("Delta_w", real=True)
time = sp.Symbol("t", positive=True)  # integrals of powers need the sign of time
UP, DOWN = FAST + AREA * RISE, -SLOW + AREA * FALL  # Eq. 38
UP_LOW, DOWN_HIGH, DOWN_LOW = UP.subs(t, 0), DOWN.subs(t, 0), DOWN.subs(t, tau_s)

AREA_MEANING = dict(MEANING) | {
    AREA: "area of the kernel (1/time)",
    clamped: "clamped signal, mean + A/2 (signal)",
    largest: "largest amplitude that the threshold is meant for (signal)",
    time: MEANING[t],
    update: "weight update of a cycle (signal)",
}


def entry(
    name: str, number: str, title: str, statement: sp.Basic, steps: tuple[Step, ...], one: Compare, **others: str
) -> Equation:
    """An equation about these symbols and ``others``; ``one`` compares the numbers of one draw."""
    own = {s: others[str(s)] for s in sorted(statement.free_symbols, key=str) if str(s) in others}
    known = {s: AREA_MEANING[s] for s in sorted(statement.free_symbols, key=str) if s in AREA_MEANING and s not in own}
    paper = "Falk et al. 2025" if number else "thermo_cl"
    return Equation(name, paper, number, title, statement, known | own, steps, lambda rng: several(rng, one))


def draw(rng: np.random.Generator) -> Numbers:
    """One protocol and area, with the slow ramp below the fast one at every moment."""
    fast, height = rng.uniform(0.5, 2.0), rng.uniform(5.0, 20.0)
    numbers = {A: height, tau_f: fast, tau_s: fast * rng.uniform(8.0, 20.0), mean: height * rng.uniform(0.6, 1.5)}
    return numbers | {AREA: rng.uniform(0.1, 0.35) / fast, t: rng.uniform(0.3, 0.7) * fast, b: 200.0 / fast}


def sawtooth(numbers: Numbers) -> Sawtooth:
    """The library's protocol."""
    return Sawtooth(numbers[tau_f], numbers[tau_s], numbers[mean])


def respond(numbers: Numbers) -> PeriodicResponse:
    """The library's response to the sawtooth; its affine part is what a fast kernel has on each ramp."""
    kernel = chemotaxis_kernel(numbers[AREA], numbers[b])
    return periodic_response(kernel, sawtooth(numbers).signal(numbers[A]))


def corner_values(numbers: Numbers) -> FloatArray:
    """Affine part of the library's response at the beginning and the end of the rise, and of the fall."""
    response = respond(numbers)
    ends = response.intercepts + response.slopes * response.lengths
    return np.stack([response.intercepts, ends], axis=-1).reshape(-1)


def several(rng: np.random.Generator, one: Compare, count: int = 4) -> tuple[FloatArray, FloatArray]:
    """Comparisons of several draws; ``one`` takes the numbers of a draw and returns a pair."""
    pairs = [np.broadcast_arrays(*one(draw(rng))) for _ in range(count)]
    return np.concatenate([np.ravel(p[0]) for p in pairs]), np.concatenate([np.ravel(p[1]) for p in pairs])
