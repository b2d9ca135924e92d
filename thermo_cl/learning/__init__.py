"""Networks of synapses that learn: data, energy networks, rules, training."""
