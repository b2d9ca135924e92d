"""
Driving harder adapts better
============================

The area of the kernel is what a constant signal leaves in the output. It falls with the drive.
"""

import matplotlib.pyplot as plt
import numpy as np

import thermo_cl as tcl

gamma = np.geomspace(1e-8, 0.9, 60)
ladders = tcl.Ladder(gamma)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
axes.loglog(ladders.entropy_production_rate(), np.abs(ladders.step_moments(200.0).area))
axes.set_xlabel("Entropy production rate ($k_B$ / ladder time)")
axes.set_ylabel("|Area| of the kernel (1)")
