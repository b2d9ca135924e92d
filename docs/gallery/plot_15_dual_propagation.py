"""
When plain dual propagation runs away
=====================================

The inner loop of dual propagation converges while its stability number is below one. It grows with the nudge and with
the
weights.
"""

import matplotlib.pyplot as plt
import numpy as np

from thermo_cl.learning import FeedForwardNetwork, split, stability_number

images, _ = split("mnist12k", train=50, holdout=10)
beta = np.geomspace(0.01, 10.0, 30)
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
network = FeedForwardNetwork.random(784, (64, 64, 10), rng=0)
for alpha in (0.75, 1.0):
    number = [stability_number(network, images.inputs, alpha=alpha, beta=b).max() for b in beta]
    axes.loglog(beta, number, label=rf"$\alpha$ = {alpha:g}")
axes.axhline(1.0, color="0.6", linestyle="--", linewidth=1.0)
axes.set_xlabel(r"Strength of the nudge $\beta$")
axes.set_ylabel("Stability number (largest of 50 images)")
axes.legend(frameon=False)
