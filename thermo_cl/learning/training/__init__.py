"""The training loop: epochs, metrics, checkpoints."""
