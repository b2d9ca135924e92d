"""
What is left of the area is an offset
=====================================

A kernel whose area is not zero also integrates the mean of the signal: its curve is shifted off the ideal line.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl

amplitude = np.linspace(0.0, 75.0, 300)
protocol = tcl.Sawtooth(fast=1.0, slow=9.0, mean=25.0)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for area in (0.0, 0.05, 0.2):
    update = tcl.weight_update(tcl.chemotaxis_kernel(area), protocol, amplitude, threshold=100.0 / 9.0)
    axes.plot(amplitude, update, label=f"I = {area:g}")
axes.plot(amplitude, amplitude, color="0.6", linestyle="--", linewidth=1.0, label="ideal")
axes.set_xlabel("Amplitude (signal)")
axes.set_ylabel("Weight update (signal)")
axes.legend(frameon=False)
