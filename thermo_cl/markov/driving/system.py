"""What is driven: a network whose rates follow a signal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.ladder import Ladder

__all__ = ["DrivenNetwork", "driven_network"]


@dataclass(frozen=True, eq=False, init=False)
class DrivenNetwork:
    """A network whose rates are a function of a signal.

    Parameters
    ----------
    rates : callable
        Takes signals, shape (m,), and returns rates or generators, shape (m, n, n): entry (i, j) is the rate j -> i.
        The diagonal is ignored.
    lowest, highest : float
        Signals outside are refused.
    kinks : sequence of float
        Signals at which a rate is not smooth; only speed depends on knowing them.
    n_states : int, optional
        Number of states n, where it is known before the rates are asked for.

    Examples
    --------
    >>> switch = DrivenNetwork(lambda s: np.stack([[0 * s, np.exp(s)], [np.exp(-s), 0 * s]]).transpose(2, 0, 1))
    >>> switch.generators(np.array([0.0]))
    array([[[-1.,  1.],
            [ 1., -1.]]])
    """

    rates: Callable[[FloatArray], Array]
    lowest: float
    highest: float
    kinks: tuple[float, ...]
    n_states: int | None

    def __init__(
        self,
        rates: Callable[[FloatArray], Array],
        *,
        lowest: float = -math.inf,
        highest: float = math.inf,
        kinks: Sequence[float] = (),
        n_states: int | None = None,
    ) -> None:
        if not callable(rates):
            raise InvalidParameterError("rates", rates, "a function of signals, (m,) -> (m, n, n), or a Ladder")
        if not lowest < highest:
            raise InvalidParameterError("lowest", lowest, f"below highest = {highest}")
        known = check.finite("kinks", np.asarray(kinks, dtype=float))
        size = None if n_states is None else check.integer_at_least("n_states", n_states, 2)
        check.freeze(
            self, rates=rates, lowest=float(lowest), highest=float(highest), kinks=tuple(known.tolist()), n_states=size
        )

    def generators(self, signals: FloatArray) -> FloatArray:
        """Checked generators, shape (m, n, n), at signals of shape (m,); columns sum to zero."""
        array = np.array(self.rates(signals), dtype=float)
        if array.ndim != 3 or array.shape[0] != signals.size or array.shape[1] != array.shape[2] or array.shape[1] < 2:
            raise InvalidParameterError(
                "rates(signals).shape", array.shape, f"({signals.size}, n, n), one matrix per signal, n >= 2"
            )
        own = np.arange(array.shape[-1])
        array[:, own, own] = 0.0
        good = np.isfinite(array) & (array >= 0)
        if not good.all():
            at = np.argwhere(~good)[0]
            raise InvalidParameterError(
                f"rates({float(signals[at[0]]):.6g})[{at[1]}, {at[2]}]", float(array[tuple(at)]),
                "finite and not negative off the diagonal",
            )  # fmt: skip
        array[:, own, own] = -array.sum(axis=1)
        return array


def driven_network(system: Ladder | DrivenNetwork | Callable[[FloatArray], Array]) -> DrivenNetwork:
    """The system as a function of the signal; of a single ladder, or of a plain function of signals."""
    if isinstance(system, DrivenNetwork):
        return system
    if isinstance(system, Ladder):
        if system.batch_shape:
            raise InvalidParameterError("system", f"a batch of ladders {system.batch_shape}", "a single ladder")
        return DrivenNetwork(system._rates, lowest=0.0, kinks=_ladder_kinks(system), n_states=2 * system.n_levels)
    return DrivenNetwork(system)


def _ladder_kinks(ladder: Ladder) -> tuple[float, ...]:
    """Signals at which the rails of a level have equal energy, so that max(1, exp(energy)) has a kink."""
    zero_signal = ladder._energy(np.zeros(()))
    ratio = np.exp(-zero_signal)  # (1 + s/K_i)/(1 + s/K_a) at the kink
    slope = 1.0 / ladder.inactive_dissociation - ratio / ladder.active_dissociation
    with np.errstate(divide="ignore", invalid="ignore"):
        signals = np.expm1(-zero_signal) / slope
    return tuple(float(s) for s in signals if np.isfinite(s) and s > 0)
