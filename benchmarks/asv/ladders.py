"""From a ladder to its dissipation."""

from __future__ import annotations

import numpy as np

from thermo_cl import Ladder, MarkovNetwork, Sawtooth, adaptive_threshold, exact_window_metrics, weight_update


class Ladders:
    """A batch of ladders at once, seconds for all of them."""

    params = (1, 100, 1000)
    param_names = ("ladders",)

    def setup(self, ladders: int) -> None:
        """Draw the ladders and compile what is compiled."""
        self.gamma = np.random.default_rng(0).uniform(1e-4, 1e-1, ladders)
        self.time_kernel(ladders)
        self.time_dissipation(ladders)

    def time_kernel(self, *_: object) -> None:
        """Kernel from steady state and modes."""
        Ladder(self.gamma, rate_factor=25.0).step_kernel(200.0)

    def time_dissipation(self, *_: object) -> None:
        """Entropy production at rest."""
        Ladder(self.gamma, rate_factor=25.0).entropy_production_rate()


class Curves:
    """One weight-update curve."""

    params = (100, 10_000)
    param_names = ("amplitudes",)

    def setup(self, amplitudes: int) -> None:
        """Make the kernel, and compile."""
        self.kernel = Ladder(1e-3, rate_factor=25.0).step_kernel(200.0).normalized()
        self.protocol = Sawtooth(fast=3.0, slow=15.0)
        self.amplitudes = np.linspace(0.0, 50.0, amplitudes)
        self.threshold = adaptive_threshold(self.kernel, self.protocol, amplitude_max=50.0)
        self.time_updates(amplitudes)
        self.time_metrics(amplitudes)

    def time_updates(self, *_: object) -> None:
        """Exact updates at all amplitudes."""
        weight_update(self.kernel, self.protocol, self.amplitudes, threshold=self.threshold)

    def time_metrics(self, *_: object) -> None:
        """Window in which the update is nearly ideal, whatever the amplitudes."""
        exact_window_metrics(self.kernel, self.protocol, threshold=self.threshold, amplitude_max=50.0)


class SteadyStates:
    """Steady state of one ladder of many levels."""

    params = (5, 500, 50_000)
    param_names = ("levels",)

    def setup(self, levels: int) -> None:
        """Make the rates."""
        ladder = Ladder(1e-3, rate_factor=25.0, n_levels=levels, energy_step=10.0 / levels)
        self.rates = ladder.sparse_rates()
        self.time_steady_state(levels)

    def time_steady_state(self, *_: object) -> None:
        """By the method that is chosen, checks included."""
        MarkovNetwork(self.rates).steady_state()
