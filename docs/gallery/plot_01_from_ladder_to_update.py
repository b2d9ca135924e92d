"""
From a ladder to a weight update
================================

A Markov ladder remembers a step of the signal for a while. How it remembers is its kernel, and the kernel under a
sawtooth
makes a synapse that learns contrasts.
"""

import thermo_cl as tcl

ladder = tcl.Ladder(gamma=1e-3, rate_factor=100.0)  # gamma is the drive; 1 would be equilibrium
kernel = ladder.step_kernel(signal=200.0).rescaled(5.0).normalized()  # five ladder times per protocol time
curve = tcl.update_curve(kernel, tcl.Sawtooth(fast=3.0, slow=15.0, mean=0.0), amplitude_max=50.0)
print(curve)
figure = curve.plot()
