"""
How often should the data be shown?
===================================

Random phases estimate the gradient without bias. Their excess variance is convex in the probability b of the clamped
phase;
the best b is near one half.
"""

import matplotlib.pyplot as plt
import numpy as np

from thermo_cl.learning import BoltzmannMachine
from thermo_cl.learning.data import bars_and_stripes
from thermo_cl.learning.laboratory import best_probability, boltzmann_moments, isd_trace

machine = BoltzmannMachine.random(9, 4, scale=0.5, dtype=np.float64, rng=0)
positive, negative = boltzmann_moments(machine, bars_and_stripes(3).inputs)
b = np.linspace(0.05, 0.95, 181)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
axes.plot(b, isd_trace(positive, negative, b))
axes.axvline(best_probability(positive, negative), color="C3", linestyle="--", label="best b")
axes.set_xlabel("Probability b of the clamped phase")
axes.set_ylabel("Trace of the estimate's covariance")
axes.legend(frameon=False)
