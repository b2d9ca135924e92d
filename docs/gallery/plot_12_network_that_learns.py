"""
Synapses that need not be told the phase
========================================

A network learns digits with synapses that remember, beside one that is told which state is free and which clamped.
"""

import matplotlib.pyplot as plt

import thermo_cl as tcl
from thermo_cl import learning

images, holdout = learning.split("mnist12k", train=300, holdout=200)
network = learning.EnergyNetwork.glorot([784, 30, 10], rng=0)
ladder = tcl.Ladder(gamma=1e-2, n_levels=12, reference_level=4)
synapse = learning.LadderSynapse(ladder, tcl.Sawtooth(fast=15.0, slow=135.0))  # ladder time
rules = {
    "temporal contrast": learning.TemporalContrast(synapse.kernel, synapse.protocol, thresholds=2e-5, samples="gauss"),
    "equilibrium propagation": learning.EquilibriumPropagation(),
}
figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
for name, rule in rules.items():
    metrics = learning.train(network, rule, images, holdout, epochs=4, learning_rates=0.2).metrics
    axes.plot(metrics.epoch, 100 * metrics.holdout_error, marker="o", label=name)
axes.set_xlabel("Epochs")
axes.set_ylabel("Holdout error (%)")
axes.legend(frameon=False)
