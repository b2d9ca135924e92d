r"""Goodness of a layer and the two losses it learns from (Hinton, arXiv:2212.13345, 2022)."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from thermo_cl._types import Array
from thermo_cl.learning.phases import Phase

__all__ = ["goodness_of", "loss_slope", "phase_loss"]


def goodness_of(activity: Array) -> Array:
    """Mean square of a layer's activities over its units, the last axis."""
    return np.mean(activity * activity, axis=-1)  # type: ignore[no-any-return]


def phase_loss(phase: Phase, goodness: Array, threshold: float) -> Array:
    r"""Loss of a layer in a phase, without overflow.

    .. math:: L_+ = \log(1 + e^{\vartheta - G}), \qquad L_- = \log(1 + e^{G - \vartheta})

    Parameters
    ----------
    phase : Phase
    goodness : ndarray
        G of each example.
    threshold : float
        :math:`\vartheta`.

    Returns
    -------
    ndarray
        Of the goodness's shape and type.
    """
    margin = goodness - goodness.dtype.type(threshold)
    return np.logaddexp(goodness.dtype.type(0), -margin if phase == Phase.POSITIVE else margin)  # type: ignore[no-any-return]


def loss_slope(phase: Phase, goodness: Array, threshold: float) -> Array:
    r"""Derivative of the loss by the goodness.

    :math:`-\sigma(\vartheta - G)` in the positive phase, :math:`\sigma(G - \vartheta)` in the negative one. See
    ``phase_loss`` for the arguments.
    """
    margin = goodness - goodness.dtype.type(threshold)
    return -expit(-margin) if phase == Phase.POSITIVE else expit(margin)  # type: ignore[no-any-return]
