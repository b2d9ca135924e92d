"""
A leak spoils adaptation in proportion
======================================

An integrator of the output's error makes the kernel's area exactly zero. A leak makes it grow in proportion, in
closed form.
"""

import matplotlib.pyplot as plt
import numpy as np

from thermo_cl.feedback.linear import integral_feedback, leaky_area

leak = np.geomspace(1e-4, 1.0, 60)
area = [float(integral_feedback(damping=1.0, gain=2.0, leak=rate).kernel().area) for rate in leak]
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
axes.loglog(leak, area, label="from the kernel's modes")
axes.loglog(leak, leaky_area(1.0, 2.0, leak), linestyle="--", label="closed form")
axes.set_xlabel("Leak of the integrator (1 / time)")
axes.set_ylabel("Area of the kernel (time)")
axes.legend(frameon=False)
