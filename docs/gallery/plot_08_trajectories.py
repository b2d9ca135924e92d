"""
Entropy of single trajectories
==============================

Jumps are drawn exactly. A single trajectory can lose entropy; the mean grows at the steady rate, and the exponential
average
of the negative is one.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl
from thermo_cl.markov import trajectory_entropy

network = tcl.Ladder(gamma=0.3).network()
produced = trajectory_entropy(network, 5.0, copies=20_000, rng=0).total
rate = tcl.entropy_production_rate(network)
print(f"mean {produced.mean():.3f}, rate x time {5 * rate:.3f}, mean of exp(-S) {np.exp(-produced).mean():.3f}")
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
axes.hist(produced, bins=80, density=True, alpha=0.6)
axes.axvline(5.0 * rate, color="C3", label="steady rate times time")
axes.set_xlabel("Entropy production in 5 ladder times ($k_B$)")
axes.set_ylabel("Density (1 / $k_B$)")
axes.legend(frameon=False)
