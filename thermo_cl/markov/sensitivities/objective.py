"""Objectives for ``scipy.optimize.minimize(..., jac=True)``: accuracy and dissipation, with exact gradients.

Both classes map unconstrained numbers x to (sigma, area, first moment) and their Jacobian; `log_offset` and `log_cost`
are made of these, for objectives and for constraints::

    objective = LadderObjective(Ladder(gamma=0.1), price=0.5)
    minimize(objective, objective.start, jac=True)
    minimize(lambda x: log_cost(objective, x), x0, jac=True, constraints=...)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError, IrreversibleEdgeError
from thermo_cl.markov.ladder.ladder import Ladder
from thermo_cl.markov.ladder.levels import ligand_shift
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.sensitivities.entropy import entropy_production_sensitivities
from thermo_cl.markov.sensitivities.ladder import ladder_sensitivities
from thermo_cl.markov.sensitivities.step import step_sensitivities
from thermo_cl.markov.thermodynamics.currents import entropy_production_rate

__all__ = ["LadderObjective", "NetworkObjective", "log_cost", "log_offset"]

FreeParameter = Literal["log_gamma", "log_rate_factor", "energy_step", "reference_level", "log_signal"]


class StepObjective(Protocol):
    """What has sigma, area and first moment with their gradients."""

    def value_and_gradient(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Values, shape (3,), and Jacobian, shape (3, k)."""
        ...


def log_offset(objective: StepObjective, x: ArrayLike) -> tuple[float, FloatArray]:
    r"""Logarithm of the normalised area, :math:`\ln(|I|) = \ln|area| - \ln|\mu_1|`, and its gradient, shape (k,)."""
    (_, area, moment), (_, by_area, by_moment) = objective.value_and_gradient(x)
    return float(np.log(np.abs(area)) - np.log(np.abs(moment))), by_area / area - by_moment / moment


def log_cost(objective: StepObjective, x: ArrayLike) -> tuple[float, FloatArray]:
    r"""Logarithm of :math:`\sigma|\mu_1|`, which no change of the unit of time alters, and its gradient, shape (k,)."""
    (sigma, _, moment), (by_sigma, _, by_moment) = objective.value_and_gradient(x)
    return float(np.log(sigma) + np.log(np.abs(moment))), by_sigma / sigma + by_moment / moment


def _priced(objective: StepObjective, x: ArrayLike, price: float) -> tuple[float, FloatArray]:
    """``log_offset`` plus a price times sigma."""
    (sigma, area, moment), (by_sigma, by_area, by_moment) = objective.value_and_gradient(x)
    value = float(np.log(np.abs(area)) - np.log(np.abs(moment)) + price * sigma)
    return value, by_area / area - by_moment / moment + price * by_sigma


@dataclass(frozen=True, eq=False)
class LadderObjective:
    r"""Accuracy against dissipation of one ladder, as a function of its free parameters.

    Calling it with x, shape (k,), gives :math:`\ln(|area|/|\mu_1|) + price \cdot \sigma` and its gradient.

    Parameters
    ----------
    ladder : Ladder
        A single ladder: the number of levels, and the values of parameters that are not free.
    signal, baseline : float
        Signal after and before the step, >= 0 (> 0 where ``log_signal`` is free), in micromolar. Sigma is that at
        the baseline.
    free : sequence of str
        What the entries of x are: any of "log_gamma", "log_rate_factor", "energy_step", "reference_level" and
        "log_signal".
    price : float
        Weight of sigma, >= 0, in time.

    Raises
    ------
    InvalidParameterError
        If the ladder or a signal is a batch, or a name is unknown, given twice or none is given.

    Examples
    --------
    >>> objective = LadderObjective(Ladder(gamma=0.1), free=("log_gamma",), price=0.5)
    >>> objective(objective.start)
    (-1.134055..., array([0.478681...]))
    """

    ladder: Ladder
    signal: float = 200.0
    baseline: float = 0.0
    free: Sequence[FreeParameter] = ("log_gamma", "log_rate_factor", "energy_step", "reference_level")
    price: float = 0.0

    def __post_init__(self) -> None:
        if self.ladder.batch_shape:
            raise InvalidParameterError("ladder", f"a batch of shape {self.ladder.batch_shape}", "a single ladder")
        known = get_args(FreeParameter)
        names = (self.free,) if isinstance(self.free, str) else tuple(self.free)
        if not names or len(set(names)) < len(names) or not set(names) <= set(known):
            raise InvalidParameterError("free", self.free, f"different names out of {', '.join(known)}")
        end = check.single("signal", check.non_negative("signal", self.signal))
        if "log_signal" in names and end == 0.0:
            raise InvalidParameterError("signal", end, "greater than 0, because its logarithm is free")
        check.freeze(
            self, free=names, signal=end,
            baseline=check.single("baseline", check.non_negative("baseline", self.baseline)),
            price=check.single("price", check.non_negative("price", self.price)),
        )  # fmt: skip

    @property
    def start(self) -> FloatArray:
        """The x of the ladder given, shape (k,)."""
        ladder = self.ladder
        values = {
            "log_gamma": np.log(ladder.gamma), "log_rate_factor": np.log(ladder.rate_factor),
            "energy_step": ladder.energy_step, "reference_level": ladder.reference_level,
            "log_signal": np.log(self.signal) if self.signal else 0.0,
        }  # fmt: skip
        return np.array([float(values[name]) for name in self.free])

    def at(self, x: ArrayLike) -> tuple[Ladder, float]:
        """Ladder and signal that x, shape (k,), stands for; ``InvalidParameterError`` if rates or shape are not."""
        numbers = check.finite("x", x)
        if numbers.shape != (len(self.free),):
            raise InvalidParameterError("x.shape", numbers.shape, f"({len(self.free)},): {', '.join(self.free)}")
        values = {f.name: getattr(self.ladder, f.name) for f in fields(Ladder)} | {"signal": self.signal}
        with np.errstate(over="ignore", under="ignore"):  # rates out of range are refused by the ladder
            for name, number in zip(self.free, numbers.tolist(), strict=True):
                values[name.removeprefix("log_")] = np.exp(number) if name.startswith("log_") else number
        return Ladder(**{f.name: values[f.name] for f in fields(Ladder)}), float(values["signal"])

    def value_and_gradient(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Sigma, area and first moment at x, shape (3,), and their derivatives, shape (3, k)."""
        ladder, signal = self.at(x)
        found = ladder_sensitivities(ladder, signal, self.baseline)
        values = np.array([found.entropy_production_rate, found.area, found.first_moment])
        by = (found.entropy_production_rate_by, found.area_by, found.first_moment_by)
        return values, np.array([[float(getattr(part, name)) for name in self.free] for part in by])

    def __call__(self, x: ArrayLike) -> tuple[float, FloatArray]:
        """Logarithm of the normalised area plus price times sigma, and its gradient, shape (k,)."""
        return _priced(self, x, self.price)


@dataclass(frozen=True, eq=False)
class NetworkObjective:
    r"""Accuracy against dissipation of any network of n states, as a function of all its log rates.

    x holds the logarithms of the rates before the step, edge by edge; the step multiplies each by a factor of its own,
    :math:`W_e \to W_e e^{g_e}`. Calling it with x, shape (k,), gives :math:`\ln(|area|/|\mu_1|) + price \cdot \sigma`
    and its gradient.

    Parameters
    ----------
    source, target : array_like of int, shape (k,)
        The jumps source -> target; every one needs its reverse.
    gain : array_like, shape (k,)
        What the step adds to the log rates.
    observable : array_like, shape (n,)
        The readout.
    price : float
        Weight of sigma (before the step), >= 0, in time.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, a state does not exist, a jump is given twice or leads nowhere.
    IrreversibleEdgeError
        If a jump lacks its reverse.

    Notes
    -----
    An area far below the observable's own size is a difference, with an error of about 1e-16 of that; the ladder's
    corner identity, which avoids that, holds for no other network.
    """

    source: IntArray
    target: IntArray
    gain: FloatArray
    observable: FloatArray
    price: float = 0.0

    def __post_init__(self) -> None:
        observable, gain = check.finite("observable", self.observable), check.finite("gain", self.gain)
        n, ends = observable.size, []
        if observable.ndim != 1 or n < 2:
            raise InvalidParameterError("observable.shape", observable.shape, "(n,) with at least 2 states")
        for name, states in (("source", self.source), ("target", self.target)):
            array = np.asarray(states)
            if array.dtype.kind not in "iu" or array.shape != gain.shape or array.ndim != 1:
                raise InvalidParameterError(name, array, f"whole numbers of shape {gain.shape}, that of gain")
            if ((array < 0) | (array >= n)).any():
                raise InvalidParameterError(name, int(array[(array < 0) | (array >= n)][0]), f"a state 0 to {n - 1}")
            ends.append(array.astype(np.int64))
        jumps = list(zip(ends[0].tolist(), ends[1].tolist(), strict=True))
        if len(set(jumps)) < len(jumps) or any(a == b for a, b in jumps):
            raise InvalidParameterError("source, target", "a jump given twice or to itself", "different jumps")
        for a, b in jumps:
            if (b, a) not in set(jumps):
                raise IrreversibleEdgeError(a, b)
        price = check.single("price", check.non_negative("price", self.price))
        check.freeze(self, source=ends[0], target=ends[1], gain=gain, observable=observable, price=price)

    @classmethod
    def from_ladder(
        cls,
        ladder: Ladder,
        signal: float = 200.0,
        baseline: float = 0.0,
        *,
        joined: Sequence[tuple[int, int]] = (),
        price: float = 0.0,
    ) -> NetworkObjective:
        """The states, jumps, readout and signal coupling of a single ladder, with all rates free.

        ``joined`` are further pairs of states, joined both ways by rates that do not feel the signal.
        """
        before = ladder.network(baseline)
        before.require_single()
        target, source = np.nonzero(before.generator > 0)
        n, level = ladder.n_levels, np.arange(ladder.n_levels)
        shift = ligand_shift(ladder, np.asarray(baseline), np.asarray(signal))
        energy, gain = ladder.energy_difference(baseline), np.zeros((2 * n, 2 * n))
        for to, origin, sign in ((level, level + n, -1.0), (level + n, level, 1.0)):
            old, new = sign * energy, sign * (energy + shift)
            both = (old >= 0.0) & (new >= 0.0)  # there the change is known to all its digits
            gain[to, origin] = np.where(both, sign * shift, np.maximum(new, 0.0) - np.maximum(old, 0.0))
        extra = [(a, b) for pair in joined for a, b in (pair, pair[::-1])]
        known = np.append(gain[target, source], np.zeros(len(extra)))
        sources, targets = (np.append(ends, [pair[k] for pair in extra]) for k, ends in enumerate((source, target)))
        return cls(sources.astype(np.int64), targets.astype(np.int64), known, ladder.top_rail, price)

    def log_rates(self, network: MarkovNetwork, absent: float | None = None) -> FloatArray:
        """The x of a network, shape (k,); a jump that it lacks has the rate ``absent``, or is an error."""
        network.require_single()
        rates = network.dense_generator()[self.target, self.source]
        missing = rates == 0.0
        if missing.any() and absent is None:
            k = int(np.flatnonzero(missing)[0])
            raise InvalidParameterError(
                "network", f"no jump {self.source[k]} -> {self.target[k]}", "one with all jumps, or give absent="
            )
        stand_in = 1.0 if absent is None else check.positive_number("absent", absent)
        return np.asarray(np.log(np.where(missing, stand_in, rates)))

    def networks(self, x: ArrayLike) -> tuple[MarkovNetwork, MarkovNetwork]:
        """Networks before and after the step."""
        logs = check.finite("x", x)
        if logs.shape != self.gain.shape:
            raise InvalidParameterError("x.shape", logs.shape, f"{self.gain.shape}, one log rate per jump")
        n = self.observable.size
        before, after = np.zeros((2, n, n))
        with np.errstate(over="ignore", under="ignore"):  # rates out of range are refused by the network
            before[self.target, self.source] = np.exp(logs)
            after[self.target, self.source] = np.exp(logs + self.gain)
        return MarkovNetwork(before), MarkovNetwork(after)

    def value_and_gradient(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Sigma, area and first moment at x, shape (3,), and their derivatives, shape (3, k)."""
        before, after = self.networks(x)
        change = np.zeros(before.generator.shape)
        change[self.target, self.source] = before.generator[self.target, self.source] * np.expm1(self.gain)
        np.fill_diagonal(change, -change.sum(axis=0))
        step = step_sensitivities(before, after, self.observable, change=change, log_rates=True)
        production = entropy_production_sensitivities(before, log_rates=True)
        values = np.array([entropy_production_rate(before), step.area, step.first_moment])
        by_area = step.area_by_before + step.area_by_after
        by_moment = step.first_moment_by_before + step.first_moment_by_after
        return values, np.array([part[self.target, self.source] for part in (production, by_area, by_moment)])

    def __call__(self, x: ArrayLike) -> tuple[float, FloatArray]:
        """Logarithm of the normalised area plus price times sigma, and its gradient, shape (k,)."""
        return _priced(self, x, self.price)
