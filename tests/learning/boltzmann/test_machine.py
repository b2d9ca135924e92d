"""Machines: construction, energies, conditionals, statistics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.boltzmann.machines import KINDS, machine, rows
from tests.oracles import boltzmann_brute as brute
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.boltzmann import (
    BoltzmannMachine,
    energy,
    free_energy,
    hidden_probabilities,
    visible_probabilities,
)
from thermo_cl.learning.phases import Phase, PhaseModel


@pytest.mark.parametrize("kind", KINDS)
def test_energies_and_conditionals(kind: str) -> None:
    m = machine(kind, 4, 3)
    v, h = np.array(brute.states(4), float), np.array(brute.states(3), float)
    assert_allclose(energy(m, v[[5]], h[[3]]), brute.energy(m, tuple(v[5]), tuple(h[3])), rtol=1e-13)
    p, log_z = brute.joint(m)
    assert_allclose(-free_energy(m, v) - log_z, np.log(p.sum(1)), rtol=1e-12)
    given_v = p / p.sum(1, keepdims=True)
    assert_allclose(hidden_probabilities(m, v), given_v @ h, rtol=1e-12)
    for t in range(len(h)):
        for i in range(4):
            on, off = p[np.arange(16) | (1 << i), t], p[np.arange(16) & ~(1 << i), t]
            found = visible_probabilities(m, np.repeat(h[[t]], 16, 0), v)[:, i]
            assert_allclose(found, on / (on + off), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_average_to_the_derivatives(kind: str) -> None:
    m = machine(kind, 3, 2)
    v, h = np.array(brute.states(3), float), np.array(brute.states(2), float)
    p, _ = brute.joint(m)
    total = {name: np.zeros(a.shape) for name, a in m.parameters.items()}
    for s in range(8):
        for t in range(4):
            g = m.statistic(Phase.NEGATIVE, (v[[s]], h[[t]]), v[[s]], np.zeros(1, int))
            total = {name: total[name] + p[s, t] * g[name] for name in total}
    for name, value in brute.mean_derivatives(m).items():
        assert_allclose(total[name], value, rtol=1e-12, atol=1e-14)


def test_is_a_phase_model() -> None:
    m = BoltzmannMachine.random(5, 3, rng=0)
    assert isinstance(m, PhaseModel)
    assert m.dtype == np.float32
    assert list(m.parameters) == ["W", "b_h"]
    full = BoltzmannMachine.random(5, 3, visible_biases=True, couplings=True, rng=0)
    assert list(full.parameters) == ["W", "b_h", "b_v", "L"]
    other = m.with_parameters({"W": m.weights + 1, "b_h": m.hidden_biases})
    assert_allclose(other.weights, m.weights + 1)
    assert not m.weights.flags.writeable
    v, h = m.start(4, seed=3)
    again = m.start(2, seed=3)
    assert (again[0] == v[:2]).all() and (again[1] == h[:2]).all()


def test_random_weights_have_the_scale() -> None:
    w = BoltzmannMachine.random(200, 100, scale=0.03, rng=1).weights
    assert abs(w.std() / 0.03 - 1) < 0.03


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"weights": [[np.nan]]}, "finite"),
        ({"weights": [1.0]}, "hidden, visible"),
        ({"weights": [["a"]]}, "real numbers"),
        ({"weights": [[1.0, 2.0]], "hidden_biases": [1.0, 2.0]}, r"\(1,\)"),
        ({"weights": [[1.0, 2.0]], "visible_biases": [np.inf, 2.0]}, "finite"),
        ({"weights": [[1.0, 2.0]], "couplings": [[0.0, 1.0], [2.0, 0.0]]}, "symmetric"),
        ({"weights": [[1.0, 2.0]], "couplings": [[1.0, 1.0], [1.0, 0.0]]}, "zero diagonal"),
        ({"weights": [[1.0]], "averaged": "yes"}, "True or False"),
    ],
)
def test_bad_machines_are_refused(arguments: dict, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        BoltzmannMachine(**arguments)


@pytest.mark.parametrize("arguments", [(0, 3), (3, 0), (3, 2.5)])
def test_bad_sizes_are_refused(arguments: tuple) -> None:
    with pytest.raises(InvalidParameterError, match="at least 1"):
        BoltzmannMachine.random(*arguments)
    with pytest.raises(InvalidParameterError, match="float32 or float64"):
        BoltzmannMachine.random(2, 2, dtype=int)
    with pytest.raises(InvalidParameterError, match="not negative"):
        BoltzmannMachine.random(2, 2, scale=-1)
    with pytest.raises(InvalidParameterError, match="finite"):
        BoltzmannMachine.random(2, 2, scale=1e300)  # beyond single precision


def test_bad_states_are_refused() -> None:
    m = machine("coupled", 3, 2)
    with pytest.raises(InvalidParameterError, match=r"0\.5 is not valid: it must be 0 or 1"):
        free_energy(m, [[0.5, 1, 0]])
    with pytest.raises(InvalidParameterError, match=r"0 or 1"):
        hidden_probabilities(m, [[np.nan, 1, 0]])
    for almost in (1 + 1e-9, 1e300):  # one and infinity in single precision
        with pytest.raises(InvalidParameterError, match=r"0 or 1"):
            hidden_probabilities(BoltzmannMachine.random(3, 2, rng=0), [[almost, 1, 0]])
    with pytest.raises(InvalidParameterError, match=r"\(n, 3\)"):
        m.run(Phase.POSITIVE, m.start(1, seed=0), rows(1, 4), np.zeros(1, int), steps=1, seed=0)
    with pytest.raises(InvalidParameterError, match="depend on each other"):
        visible_probabilities(m, [[0, 1]])
    with pytest.raises(InvalidParameterError, match="as many as v"):
        energy(m, rows(2, 3), rows(3, 2))
    with pytest.raises(InvalidParameterError, match="W, b_h, b_v, L"):
        m.with_parameters({"W": m.weights})
    with pytest.raises(InvalidParameterError, match="float64"):
        m.with_parameters({**m.parameters, "W": m.weights.astype(np.float32)})
