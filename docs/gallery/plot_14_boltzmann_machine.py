"""
A Boltzmann machine learns bars and stripes
===========================================

The exact cost of a small machine over phases, told both phases in turn or shown one at random.
"""

import matplotlib.pyplot as plt

from thermo_cl.learning import BoltzmannMachine, isd, learn, two_term
from thermo_cl.learning.boltzmann import negative_log_likelihood
from thermo_cl.learning.data import bars_and_stripes

data = bars_and_stripes(3)
phases = [100, 1000, 3000, 6000, 10_000, 15_000]
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for name, schedule in {"two terms": two_term(10), "random phases": isd(0.5, 10)}.items():
    cost = learn(
        BoltzmannMachine.random(9, 8, rng=0), schedule, data, phases=15_000,
        probe=lambda machine: negative_log_likelihood(machine, data.inputs), probe_at=phases,
    ).metrics["value"]  # fmt: skip
    axes.plot(phases, cost, marker="o", label=name)
axes.set_xlabel("Phases")
axes.set_ylabel("Negative log-likelihood (nats)")
axes.legend(frameon=False)
