"""
How slow must the slow ramp be?
===============================

The dynamic range of a synapse, exact, against the ratio of its ramps: the ideal is the ratio itself.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl

ratio = np.geomspace(1.5, 300.0, 60)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for fast in (0.05, 0.2, 1.0):
    protocol = tcl.Sawtooth(fast=fast, slow=fast * ratio)
    kernel = tcl.chemotaxis_kernel(decay_rate=20.0)
    threshold = tcl.adaptive_threshold(kernel, protocol, 50.0)
    metrics = tcl.exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=50.0)
    axes.loglog(ratio, metrics.dynamic_range, label=rf"$\tau_f$ = {20 * fast:g} decay times")
axes.loglog(ratio, ratio, color="0.6", linestyle="--", linewidth=1.0, label="ideal")
axes.set_xlabel(r"Ratio of the ramps $\tau_s/\tau_f$")
axes.set_ylabel("Dynamic range")
axes.legend(frameon=False)
