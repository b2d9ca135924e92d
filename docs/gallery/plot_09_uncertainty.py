"""
Precision has a price
=====================

The thermodynamic uncertainty relation bounds the noise of a current by the entropy produced. A ring driven by one force
saturates the bound near equilibrium.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl

force = np.linspace(0.2, 12.0, 40)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for states in (3, 6, 12):
    product = []
    for f in force:
        step = np.exp(0.5 * f / states)
        rates = [(i, (i + 1) % states, step) for i in range(states)]
        rates += [((i + 1) % states, i, 1.0 / step) for i in range(states)]
        ring = tcl.MarkovNetwork.from_edges(rates)
        current = np.zeros((states, states))
        for i in range(states):
            current[(i + 1) % states, i], current[i, (i + 1) % states] = 1.0, -1.0
        product.append(tcl.uncertainty_ratios(ring, current).thermodynamic)
    axes.plot(force, product, label=f"{states} states")
axes.axhline(1.0, color="0.6", linestyle="--", linewidth=1.0)
axes.set_xlabel("Affinity of the ring ($k_B T$)")
axes.set_ylabel("Noise x entropy production / 2")
axes.legend(frameon=False)
