"""Linear controllers by matrix functions in many digits."""

from __future__ import annotations

import numpy as np
from mpmath import mp
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl._types import FloatArray
from thermo_cl.feedback.linear import LinearController


def kernel_mp(controller: LinearController, times: FloatArray) -> FloatArray:
    """C exp(A t) B by a matrix exponential of 80 digits."""
    with mp.workdps(80):
        a, b, c = (mp.matrix(part.tolist()) for part in
                   (controller.state_matrix, controller.input_vector, controller.output_vector))  # fmt: skip
        return np.array([float((c.T * mp.expm(a * mp.mpf(float(t))) * b)[0]) for t in times])


def moment_mp(controller: LinearController, n: int) -> float:
    """D (for n = 0) and n! C (-A)^-(n+1) B by linear solves of 80 digits."""
    with mp.workdps(80):
        a, x, c = (mp.matrix(part.tolist()) for part in
                   (-controller.state_matrix, controller.input_vector, controller.output_vector))  # fmt: skip
        for _ in range(n + 1):
            x = mp.lu_solve(a, x)
        return float(mp.factorial(n) * (c.T * x)[0] + (mp.mpf(float(controller.feedthrough)) if n == 0 else 0))


def agrees(controller: LinearController, rtol: float = 1e-12) -> None:
    kernel = controller.kernel()
    rates = np.abs(controller.poles)
    times = np.concatenate([[0.0], np.geomspace(0.01 / rates.max(), 12.0 * float(controller.timescale), 18)])
    exact = kernel_mp(controller, times)
    assert_allclose(kernel(times), exact, atol=rtol * np.abs(exact).max())
    for n in range(4):
        assert_allclose([controller.moment(n), kernel.moment(n)], moment_mp(controller, n), rtol=1e-14)
    bare = tcl.Kernel(kernel.coefficients, kernel.rates, kernel.powers, feedthrough=kernel.feedthrough)
    size = np.abs(exact).max() * float(controller.timescale)
    assert_allclose(bare.area, moment_mp(controller, 0), atol=rtol * size)
    assert_allclose(bare.first_moment, moment_mp(controller, 1), atol=rtol * size * float(controller.timescale))
