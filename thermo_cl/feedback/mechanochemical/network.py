"""A network of edges, each with its own chemical and enzyme, followed in time as strain releases and softens."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import DivergenceError, StiffnessError
from thermo_cl.feedback.mechanochemical.chemical import Chemical
from thermo_cl.feedback.mechanochemical.loop import ChemicalLoop
from thermo_cl.feedback.series import Balance, Schedule, SeriesNetwork
from thermo_cl.feedback.series.plasticity import passed_over_step
from thermo_cl.feedback.series.simulation import require_fit

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import EdgeNetwork

__all__ = ["ChemicalTrajectory", "follow_chemicals"]

_STEPS_PER_TIME = 20  # default resolution of the fastest relaxation
_PASSES = 2  # of predictor and corrector of the coefficients
_Signal = Callable[[FloatArray], FloatArray]
_Motion = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class ChemicalTrajectory:
    """A network with a chemical on every edge, over time.

    Attributes
    ----------
    times : ndarray, shape (n,)
        s.
    strains : ndarray, shape (n, edges)
        In units of the network.
    chemical, enzyme : ndarray, shape (n, edges)
        Deviations from rest, uM.
    coefficients : ndarray, shape (n, edges)
    """

    times: FloatArray
    strains: FloatArray
    chemical: FloatArray
    enzyme: FloatArray
    coefficients: FloatArray


def follow_chemicals(
    network: EdgeNetwork, chemical: Chemical, schedule: Schedule, *, loop: ChemicalLoop | None = None,
    clamped: Any = None, step: float | None = None,
) -> ChemicalTrajectory:  # fmt: skip
    r"""Follow chemical, enzyme and coefficient of every edge through a schedule of nudges.

    At every stage the strains are those of the network's exact equilibrium, :math:`s = \varepsilon^2/2` releases the
    chemical of each edge, the enzyme it makes removes it, and the coefficient changes at the rate
    ``-softening * g(c - c_0)``, g the hard threshold. The chemicals start at rest under the first strains, as after a
    long wait. Chemicals: the classical scheme of fourth order. Coefficients: linear through a step, by two passes of
    predictor and corrector, with the crossings of the threshold located; second order in the step.

    Parameters
    ----------
    network : EdgeNetwork
        Springs or resistors (pipes).
    chemical : Chemical
        Of every edge: its linear equations, threshold, softening and unit of strain.
    schedule : Schedule
        Imposed values, loads and clamped outputs over time, s.
    loop : ChemicalLoop, optional
        The nonlinear equations in place of the linear ones; deviations are from its rest, and its signal is its
        mean signal plus s less the first s of each edge.
    clamped : sparse or array, shape (o, dofs), optional
        Rows of the clamped outputs, as for ``SeriesNetwork``.
    step : float, optional
        Longest step, s; by default a twentieth of the fastest relaxation.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit.
    StiffnessError
        If the step is longer than the fastest relaxation; it says how long that is.
    DivergenceError
        If a coefficient falls to 0, or the chemicals leave the range of numbers.
    """
    linear = chemical if loop is None else loop.linear()
    times = np.sort(1.0 / np.abs(linear.controller.poles))  # of decay, or of an oscillation
    longest = times[0] / _STEPS_PER_TIME if step is None else check.positive_number("step", step)
    if longest > times[0]:
        raise StiffnessError(
            f"steps of {longest:.3g} s cannot follow the chemical's fastest relaxation, of {times[0]:.3g} s; take "
            "shorter ones",
            float(times[0]), float(times[-1]),
        )  # fmt: skip
    series = SeriesNetwork(network, 1.0, clamped)
    require_fit(series, schedule)
    balance = Balance(series)
    grid = schedule.grid(longest)

    still = np.zeros((1, network.n_edges))

    def strains(at: Balance, when: float) -> FloatArray:
        values, loads, outputs = schedule.at([when])
        return np.asarray(at(values, loads, outputs, still).strains[0])

    felt = strains(balance, float(grid[0]))
    signal, motion, state = _equations(chemical, loop, felt)
    rows = [(felt, state, network.coefficients)]
    c, change = np.array(network.coefficients), np.zeros(network.n_edges)
    for begin, end in itertools.pairwise(grid.tolist()):
        middle, length = 0.5 * (begin + end), end - begin
        for _ in range(_PASSES):
            _refuse_zero(c + change, end)
            at = (balance.at(c + 0.5 * change), balance.at(c + change)) if change.any() else (balance, balance)
            signals = [signal(e) for e in (felt, strains(at[0], middle), strains(at[1], end))]
            reached, passed = _stepped(motion, signals, state, length, chemical.threshold)
            quiet, change = not change.any(), chemical.gain * passed
            if quiet and not change.any():
                break  # the strains were those of unchanged edges
        if change.any():
            c = c + change
            _refuse_zero(c, end)
            balance = balance.at(c)
        felt, state = strains(balance, end), reached
        rows.append((felt, state, c))
    felts, states, coefficients = (np.stack(column) for column in zip(*rows, strict=True))
    return ChemicalTrajectory(grid, felts, states[:, 0], states[:, 1], coefficients)


def _equations(chemical: Chemical, loop: ChemicalLoop | None, first: FloatArray) -> tuple[_Signal, _Motion, FloatArray]:
    """Signal of strains (edges,), motion of deviations (2, edges) under it, and the deviations at rest at the start."""
    unit = chemical.strain_unit**2 / 2.0
    if loop is None:
        matrix, source = chemical.controller.state_matrix, chemical.controller.input_vector[:, None]

        def linear(x: FloatArray, s: FloatArray) -> FloatArray:
            return np.asarray(matrix @ x + source * s)

        return (
            lambda e: unit * e**2,
            linear,
            np.asarray(np.linalg.solve(matrix, -source * (unit * first**2)), dtype=float),
        )
    rest, full = np.array(loop.rest)[:, None], loop.controller.motion

    def nonlinear(x: FloatArray, s: FloatArray) -> FloatArray:
        return np.asarray(full(rest + x, s))  # type: ignore[arg-type]  # all edges at once

    return lambda e: loop.mean_signal + unit * (e**2 - first**2), nonlinear, np.zeros((2, first.size))


def _stepped(
    motion: _Motion, signals: list[FloatArray], x: FloatArray, length: float,
    threshold: float,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """State at the end of a step, and the integral of the chemical past its threshold, with its cubic's middle."""
    begin, middle, end = signals
    k1 = motion(x, begin)
    k2 = motion(x + 0.5 * length * k1, middle)
    k3 = motion(x + 0.5 * length * k2, middle)
    k4 = motion(x + length * k3, end)
    reached = x + length / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    half = 0.5 * (x[0] + reached[0]) + length / 8.0 * (k1[0] - motion(reached, end)[0])
    return reached, passed_over_step(x[0], half, reached[0], length, threshold)


def _refuse_zero(coefficients: FloatArray, when: float) -> None:
    if not np.isfinite(coefficients).all():
        raise DivergenceError(f"the chemicals ran away at {when:.4g} s; take shorter steps, or a smaller nudge")
    if not (coefficients > 0.0).all():
        raise DivergenceError(
            f"the coefficient of edge {int(np.argmin(coefficients))} fell to 0 at {when:.4g} s; take a smaller "
            "softening, a smaller nudge or a higher threshold"
        )
