"""
What a synapse sees of a sawtooth
=================================

The output follows the slope of the signal. The threshold passes the fast ramp and not the slow one.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl

kernel, protocol = tcl.chemotaxis_kernel(decay_rate=20.0), tcl.Sawtooth(fast=1.0, slow=5.0)
cycle = protocol.signal(20.0)
threshold = tcl.adaptive_threshold(kernel, protocol, amplitude_max=30.0)
time = np.linspace(0.0, 12.0, 1200)
figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6.0, 4.0), layout="constrained")
top.plot(time, cycle(time))
top.set_ylabel("Signal")
output = tcl.periodic_response(kernel, cycle)(time)
bottom.plot(time, output)
bottom.fill_between(time, np.where(np.abs(output) >= threshold, output, 0.0), alpha=0.3, step="mid")
for level in (threshold, -threshold):
    bottom.axhline(level, color="C3", linestyle="--", linewidth=1.0)
bottom.set_ylabel("Output (signal / time)")
bottom.set_xlabel("Time")
