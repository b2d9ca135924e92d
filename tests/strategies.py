"""Random admissible ladders, kernels and protocols for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import thermo_cl as tcl


def decades(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers 10**x with x uniform in [low, high]."""
    return st.floats(low, high, allow_nan=False).map(lambda x: float(10.0**x))


@st.composite
def ladder_parameters(draw: Any, *, levels: tuple[int, int] = (2, 12)) -> dict[str, Any]:
    """Keyword arguments of a ladder over the whole admissible range."""
    n = draw(st.integers(*levels))
    return {
        "gamma": draw(decades(-24, 3)),
        "rate_factor": draw(decades(-3, 6)),
        "n_levels": n,
        "reference_level": draw(st.integers(0, n - 1)),
    }


signals = st.one_of(st.just(0.0), decades(-3, 4))


@st.composite
def networks(draw: Any) -> tcl.MarkovNetwork:
    """A fully reversible, connected network of 3 to 8 states with rates over six decades."""
    n = draw(st.integers(3, 8))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    joined = generator.random((n, n)) < draw(st.floats(0.1, 1.0))
    joined |= joined.T
    ring = np.arange(n)
    joined[ring, (ring + 1) % n] = joined[(ring + 1) % n, ring] = True
    rates = np.where(joined, 10.0 ** generator.uniform(-3, 3, (n, n)), 0.0)
    np.fill_diagonal(rates, 0.0)
    return tcl.MarkovNetwork(rates)


@st.composite
def kernels(draw: Any) -> tcl.Kernel:
    """A real sum of decaying terms, some oscillating, some with powers of time, sometimes windowed."""
    count = draw(st.integers(1, 4))
    coefficients = np.array([draw(st.floats(-3, 3)) + 1j * draw(st.floats(-3, 3)) for _ in range(count)])
    rates = np.array(
        [-draw(st.floats(0.3, 30)) + 1j * draw(st.sampled_from([0.0, 0.0, 2.0, 11.0])) for _ in range(count)]
    )
    powers = np.array([draw(st.integers(0, 2)) for _ in range(count)])
    coefficients[0] += 1.0
    window = draw(st.sampled_from([np.inf, np.inf, 0.4, 3.0, 40.0]))
    return tcl.Kernel(coefficients, rates, powers, window=window)


@st.composite
def protocols(draw: Any) -> tcl.Sawtooth:
    """A sawtooth of moderate ramp times and mean."""
    return tcl.Sawtooth(draw(st.floats(0.5, 5)), draw(st.floats(0.5, 30)), mean=draw(st.floats(-20, 20)))
