"""The two-term estimator as it is used: a negative phase of finite length that starts where the positive one ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.learning.laboratory.chain import FiniteModel
from thermo_cl.learning.laboratory.lengths import Length, phase_kernel

__all__ = ["contrastive_divergence"]


def contrastive_divergence(model: FiniteModel, length: Length, start: ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Mean and covariance of :math:`f_+(z) - f_-(z')`, with z the end of a positive phase and z' that of the next.

    The two share their example and are correlated through z: with r the law of z given the example and J the negative
    phase's kernel, :math:`E\,f_+(z)f_-(z')^T = \sum_z f_+(z)\,r(z)\,(J^Tf_-)(z)`. The bias of the mean is CD-K's
    (Hinton, Neural Comput. 14, 1771 (2002)).

    Parameters
    ----------
    model : FiniteModel
        p parameters, n states; any number of positive and one negative example.
    length : FixedLength or GeometricLength
        Of both phases.
    start : array_like, shape (n,) or (examples, n)
        Where the positive phase starts.

    Returns
    -------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)

    Raises
    ------
    InvalidParameterError
        If the start is no distribution over the model's states.
    """
    up, down = model.positive.statistic, model.negative.statistic
    ends = (phase_kernel(model.positive, length) @ model.positive.starts(start)[..., None])[..., 0]
    held = model.positive.weights @ ends
    onward = np.einsum("k,kij->ij", model.negative.weights, phase_kernel(model.negative, length))
    left = onward @ held
    mean = held @ up - left @ down
    crossed = (up.T * held) @ (onward.T @ down)
    second = (up.T * held) @ up + (down.T * left) @ down - crossed - crossed.T
    return mean, second - np.outer(mean, mean)
