import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.series.example import TIME, driven
from thermo_cl.feedback.networks import resistor_network
from thermo_cl.feedback.series import Plasticity, Schedule, balance, matched_network, simulate


@pytest.mark.parametrize("kind", ["resistor", "elastic"])
def test_sparse_and_dense_factorisations_agree(kind, monkeypatch):
    network, rows, schedule = driven(kind)
    series = matched_network(network, TIME, rows)
    plasticity = Plasticity("work", -1.0, 0.0)
    dense = simulate(series, schedule, step=0.1, plasticity=plasticity)
    monkeypatch.setattr(balance, "_DENSE_DOFS", 0)
    sparse = simulate(series, schedule, step=0.1, plasticity=plasticity)
    assert_allclose(sparse.strains, dense.strains, atol=1e-13)
    assert_allclose(sparse.coefficients, dense.coefficients, rtol=1e-13)


def test_ten_thousand_edges_take_a_cycle_in_a_second():
    side = 71
    node = np.arange(side * side).reshape(side, side)
    right, up = (np.stack([a.ravel(), b.ravel()], axis=1) for a, b in
                 ((node[:, 1:], node[:, :-1]), (node[1:], node[:-1])))  # fmt: skip
    edges = np.concatenate([right, up])
    network = resistor_network(edges, np.linspace(0.5, 2.0, len(edges)), [0, side * side - 1])
    series = matched_network(network, TIME)
    schedule = Schedule([0.0, 1.0, 5.0], [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    begin = time.process_time()
    run = simulate(series, schedule, step=1.0)
    assert time.process_time() - begin < 1.0
    assert run.imbalance.max() < 1e-12
