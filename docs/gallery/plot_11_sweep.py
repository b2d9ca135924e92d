"""
Twenty thousand ladders
=======================

A design is a table of parameters; a sweep maps it through a batched function into a labelled data set.
"""

import matplotlib.pyplot as plt

from thermo_cl.sweep import Design, log_uniform, sweep

design = Design.sobol(20_000, rng=1, gamma=log_uniform(1e-6, 1.0), rate_factor=log_uniform(1.0, 100.0), signal=[200.0])
ladders = sweep(design, "ladder")
figure, axes = plt.subplots(figsize=(5.5, 3.8), layout="constrained")
shown = axes.scatter(
    ladders.entropy_production_rate, abs(ladders.area), s=2, c=ladders.rate_factor, norm="log", rasterized=True
)
axes.set_xscale("log")
axes.set_yscale("log")
axes.set_xlabel("Entropy production rate ($k_B$ / ladder time)")
axes.set_ylabel("|Area| of the kernel (1)")
figure.colorbar(shown, label="Rate factor F")
