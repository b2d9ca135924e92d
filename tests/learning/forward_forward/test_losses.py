"""Losses and their slopes against mpmath, far beyond where an exponential overflows."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose

from thermo_cl.learning.forward_forward import goodness_of, loss_slope, phase_loss
from thermo_cl.learning.phases import Phase

GOODNESS = [-1e4, -700.0, -30.0, 0.0, 1.9, 2.0, 2.1, 40.0, 702.0, 1e4]


@pytest.mark.parametrize("phase", Phase)
def test_losses_and_slopes_are_those_of_high_precision(phase: Phase) -> None:
    with mp.workdps(50), np.errstate(under="ignore"):
        sign = -1 if phase is Phase.POSITIVE else 1
        margins = [sign * (mp.mpf(g) - 2) for g in GOODNESS]
        loss = [float(mp.log1p(mp.exp(m))) for m in margins]
        slope = [float(sign / (1 + mp.exp(-m))) for m in margins]
        assert_allclose(phase_loss(phase, np.array(GOODNESS), 2.0), loss, rtol=1e-14)
        assert_allclose(loss_slope(phase, np.array(GOODNESS), 2.0), slope, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept_and_nothing_overflows(dtype: type) -> None:
    goodness = np.array([-1e4, 0.0, 1e4], dtype)
    with np.errstate(over="raise", invalid="raise"):
        for phase in Phase:
            for values in (phase_loss(phase, goodness, 2.0), loss_slope(phase, goodness, 2.0)):
                assert values.dtype == dtype
                assert np.isfinite(values).all()
    assert goodness_of(np.ones((4, 3), dtype)).dtype == dtype


def test_goodness_is_the_mean_square() -> None:
    assert_allclose(goodness_of(np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])), [5 / 3, 3.0])
