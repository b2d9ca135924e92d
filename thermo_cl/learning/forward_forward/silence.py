"""Layers that do not learn any more because none of their units is active."""

from __future__ import annotations

import warnings

import numpy as np

from thermo_cl._types import BoolArray, IntArray
from thermo_cl.errors import DeadLayerWarning
from thermo_cl.learning.phases import Phase

__all__ = ["PATIENCE", "after_step", "tell"]

PATIENCE = 100
"""Positive steps in succession after which a silent layer is called dead."""


def after_step(silent: IntArray, active: BoolArray, phase: Phase) -> IntArray:
    """Steps in succession in which each layer was silent.

    Positive steps count, active layers start again in either phase: a layer that is silent on negative examples only
    does what it shall. A layer that was found dead stays so in the count, also if it is active again, as may be when
    those below it learn, so that it is told once.

    Parameters
    ----------
    silent : ndarray of int, shape (batch, layers)
        Before the step.
    active : ndarray of bool, shape (batch, layers)
        Whether any unit is.
    phase : Phase
    """
    told = silent.min(axis=0) >= PATIENCE
    return np.where(active & ~told, 0, silent + int(phase == Phase.POSITIVE))


def tell(layer: int, step: int) -> None:
    """Warn that a layer, counted from 1, was found dead at this step of the run."""
    text = (
        f"layer {layer} is dead at step {step} (a phase of one step is a step): none of its units was active on the "
        f"last {PATIENCE} positive examples of the run, nor on negative ones between, so that it gets no gradient and "
        "does not recover by itself; start again with a lower rate, larger batches, a probability b nearer to 1/2, or "
        "another seed"
    )
    warnings.warn(DeadLayerWarning(text, layer, step), stacklevel=3)
