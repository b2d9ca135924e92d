r"""Derivatives of a ladder's log rates by its parameters, forwards (tangents) and backwards (adjoint)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["LadderRates"]


class LadderRates(NamedTuple):
    r"""A ladder at a signal (checked, shape batch), as a map from parameters to log rates.

    The rungs' rates are :math:`F \max(1, e^{\mp E})`, so that :math:`d\ln W_{up} = -dE` where E < 0, and
    :math:`d\ln W_{down} = dE` where E > 0; at E = 0 it is whichever of the two grows. The rates against the drive are
    all r, those along it 1.
    """

    ladder: Ladder
    signal: FloatArray

    def _energy_slopes(self) -> dict[str, FloatArray]:
        """Derivatives of the energy differences by the parameters, shape batch + (n,)."""
        ladder, s = self.ladder, self.signal
        inactive, active = np.asarray(ladder.inactive_dissociation), np.asarray(ladder.active_dissociation)
        levels = np.asarray(ladder.reference_level)[..., None] - np.arange(ladder.n_levels)
        by_level = {
            "reference_level": np.asarray(ladder.energy_step),
            "inactive_dissociation": -s / inactive / (inactive + s),
            "active_dissociation": s / active / (active + s),
            "signal": (active - inactive) / (inactive + s) / (active + s),
        }
        return {"energy_step": levels} | {name: np.asarray(value)[..., None] for name, value in by_level.items()}

    def log_slopes(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Derivatives of the log rates up and down the rungs by each parameter of the energies, shape batch + (n,)."""
        energy, found = self.ladder._energy(self.signal), {}
        for name, slope in self._energy_slopes().items():
            up = np.where(energy < 0, -slope, np.where(energy == 0, np.maximum(-slope, 0.0), 0.0))
            down = np.where(energy > 0, slope, np.where(energy == 0, np.maximum(slope, 0.0), 0.0))
            found[name] = up, down
        return found

    def pull_back(self, by_log_rates: FloatArray) -> dict[str, FloatArray]:
        """Derivatives by parameters, shape batch, from those by log rates, shape batch + (2n, 2n), or all zero.

        ``backward`` is the derivative by ln r, which gamma and the energy step share; ``energy_step`` leaves it out.
        """
        n = self.ladder.n_levels
        level, below = np.arange(n), np.arange(n - 1)
        spread = np.broadcast_to(by_log_rates, (*by_log_rates.shape[:-2], 2 * n, 2 * n))
        up, down = spread[..., level, level + n], spread[..., level + n, level]
        found = {
            name: np.asarray(np.sum(up * by_up + down * by_down, axis=-1))
            for name, (by_up, by_down) in self.log_slopes().items()
        }
        found["log_rate_factor"] = np.asarray((up + down).sum(axis=-1))
        backward = spread[..., below + 1, below] + spread[..., below + n, below + n + 1]
        return found | {"backward": np.asarray(backward.sum(axis=-1))}

    def generator_tangents(self) -> dict[str, FloatArray]:
        """Derivatives of the generator by each parameter, shape batch + (2n, 2n)."""
        n, rates = self.ladder.n_levels, self.ladder._rates(self.signal)
        level, below, own = np.arange(n), np.arange(n - 1), np.arange(2 * n)
        by_log = {name: np.zeros(rates.shape) for name in ("log_gamma", "log_rate_factor")}
        for name, (up, down) in self.log_slopes().items():
            by_log[name] = np.zeros(rates.shape)
            by_log[name][..., level, level + n], by_log[name][..., level + n, level] = up, down
        for target, source in ((below + 1, below), (below + n, below + n + 1)):
            by_log["log_gamma"][..., target, source], by_log["energy_step"][..., target, source] = 1.0, 0.5
        for target, source in ((level, level + n), (level + n, level)):
            by_log["log_rate_factor"][..., target, source] = 1.0
        found = {}
        for name, slope in by_log.items():
            found[name] = rates * slope
            found[name][..., own, own] = -found[name].sum(axis=-2)
        return found
