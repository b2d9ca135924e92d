"""
Pores that learn a division of voltages
=======================================

A square of memristors in series with capacitors learns by sawtooth nudges of its outputs alone.
"""

import matplotlib.pyplot as plt

from thermo_cl.feedback import shipped

network = shipped("nanofluidic", seed=0)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for name, rule in {"physics alone": None, "explicit two-state rule": network.two_state()}.items():
    axes.semilogy(network.run(rule).losses, label=name)
axes.set_xlabel("Training cycles")
axes.set_ylabel("Loss (V$^2$)")
axes.legend(frameon=False)
