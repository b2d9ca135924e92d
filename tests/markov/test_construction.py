"""Networks from sparse matrices, edge lists, graphs and energies: the same network, and named refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.strategies import networks
from thermo_cl.errors import InvalidParameterError, MemoryLimitError
from thermo_cl.markov.construction import rates_of_edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics import entropy_production_rate

FORMATS = ["csc_array", "csr_array", "coo_array", "csc_matrix", "lil_matrix", "dok_array"]


class Graph:
    """The part of a networkx graph that is read: nodes, edges with data, direction."""

    def __init__(self, nodes: list, edges: list, directed: bool = True) -> None:
        self.nodes, self._edges, self._directed = nodes, edges, directed

    def edges(self, data: bool) -> list:
        assert data
        return self._edges

    def is_directed(self) -> bool:
        return self._directed


@pytest.mark.parametrize("form", FORMATS)
@given(network=networks())
def test_sparse_rates_are_the_same_network(form: str, network: MarkovNetwork) -> None:
    off = network.rates * (1 - np.eye(network.n_states))
    for rates in (network.rates, off):
        sparse = MarkovNetwork(getattr(scipy.sparse, form)(rates))
        assert sparse.is_sparse and not network.is_sparse
        assert_allclose(sparse.dense_generator(), network.generator, rtol=1e-15)  # the sums run in another order
        for name in ("source", "target", "forward", "backward"):
            assert_array_equal(getattr(sparse.edges, name), getattr(network.edges, name))
        assert_allclose(sparse.steady_state(), network.steady_state(), rtol=1e-13)
        assert_allclose(sparse.group_inverse.scaled, network.group_inverse.scaled, rtol=1e-8, atol=1e-12)


def test_one_way_edges_of_sparse_networks_come_in_the_order_of_dense_ones() -> None:
    rng = np.random.default_rng(4)
    rates = rng.random((30, 30)) * (rng.random((30, 30)) < 0.1) * (1 - np.eye(30))
    dense, sparse = MarkovNetwork(rates).edges, MarkovNetwork(scipy.sparse.csr_array(rates)).edges
    assert not dense.reversible.all()
    for name in ("source", "target", "forward", "backward"):
        assert_array_equal(getattr(sparse, name), getattr(dense, name))


def test_sparse_networks_are_canonical_and_cannot_be_changed() -> None:
    given_array = scipy.sparse.coo_array(([1, 2, 0, 5], ([0, 0, 1, 1], [1, 1, 0, 0])), shape=(3, 3))
    network = MarkovNetwork(given_array)
    given_array.data[:] = 9
    assert_array_equal(network.dense_generator(), [[-5, 3, 0], [5, -3, 0], [0, 0, 0]])
    assert network.generator.nnz == 4 and network.generator.has_canonical_format
    assert repr(network) == "MarkovNetwork(3 states, sparse)"
    with pytest.raises(ValueError, match="read-only"):
        network.generator.data[0] = 1.0


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (np.ones((2, 3)), "square"),
        ([[0.0, -1.0], [1.0, 0.0]], r"rates\[0, 1\] = -1.0"),
        ([[0.0, np.nan], [1.0, 0.0]], "finite"),
        ([[3.0, 2.0], [3.0, 2.0]], "minus the sum of its column"),
        ([[-2.0, 2.0], [3.0, -3.0]], "transposed"),
        ([[0.0, 1j], [1.0, 0.0]], "numeric"),
    ],
)
def test_bad_sparse_rates_are_refused_as_dense_ones_are(rates: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        MarkovNetwork(scipy.sparse.csr_array(np.array(rates)))


def test_what_needs_a_dense_array_refuses_one_that_would_not_fit() -> None:
    n = 400_000
    ring = np.arange(n)
    table = np.column_stack([ring, (ring + 1) % n, np.ones(n)])
    network = MarkovNetwork.from_edges(np.concatenate([table, table[:, [1, 0, 2]]]))
    for ask in (network.dense_generator, lambda: network.elimination, lambda: network.group_inverse):
        with pytest.raises(MemoryLimitError, match="GiB"):
            ask()


# ------------------------------------------------------------------ edge lists


@given(networks())
def test_edge_lists_hold_the_whole_network(network: MarkovNetwork) -> None:
    target, source = np.nonzero(network.rates > 0)
    listed = [(int(s), int(t), float(network.rates[t, s])) for s, t in zip(source, target, strict=True)]
    for edges in (listed, iter(listed), np.array(listed)):
        assert_array_equal(MarkovNetwork.from_edges(edges, network.n_states).generator, network.generator)


def test_repeated_edges_add_up_and_large_networks_are_sparse() -> None:
    edges = [(0, 1, 1.0), (1, 0, 0.5), (0, 1, 2.0)]
    for sparse in (False, True):
        network = MarkovNetwork.from_edges(edges, sparse=sparse)
        assert network.is_sparse is sparse
        assert_array_equal(network.dense_generator(), [[-3.0, 0.5], [3.0, -0.5]])
    assert MarkovNetwork.from_edges(edges, 501).is_sparse
    assert not MarkovNetwork.from_edges(edges, 500).is_sparse


@pytest.mark.parametrize(
    ("edges", "n", "message"),
    [
        ([], None, "edges = 'empty'"),
        (np.empty((0, 3)), 4, "edges = 'empty'"),
        ([(0, 1, 1.0), (1, 5, 2.0)], 4, r"edges\[1\] = \(1.0, 5.0, 2.0\).*from 0 to n_states - 1 = 3"),
        ([(0, 1, 1.0), (1, -1, 2.0)], None, r"edges\[1\].*whole numbers"),
        ([(0, 1.5, 1.0)], None, r"edges\[0\].*whole numbers"),
        ([(0, np.nan, 1.0)], None, r"edges\[0\].*whole numbers"),
        ([(0, 1, 1.0), (2, 2, 1.0)], None, r"edges\[1\].*two different"),
        ([(0, 0, 1.0)], None, r"edges\[0\].*two different"),
        ([(0, 1, -1.0)], None, r"edges\[0\] = \(0.0, 1.0, -1.0\).*not negative"),
        ([(0, 1, np.nan)], None, r"edges\[0\].*finite"),
        ([(0, 1, np.inf)], None, r"edges\[0\].*finite"),
        ([(0, 1)], None, "triples"),
        ([(0, 1, 1.0), (0, 1)], None, "triples"),
        ([("a", "b", 1.0)], None, "triples"),
        (3.0, None, "triples"),
        ([(0, 1, 1.0)], 1, "n_states = 1"),
        ([(0, 1, 1.0)], 2.5, "n_states = 2.5"),
    ],
)
def test_bad_edge_lists_are_refused(edges: Any, n: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        rates_of_edges(edges, n)


# ---------------------------------------------------------------------- graphs


def test_graphs_number_their_states_in_order_of_nodes() -> None:
    nodes = ["c", "a", "b"]
    edges = [("c", "a", {"rate": 2.0}), ("a", "b", {"rate": 3}), ("b", "c", {"rate": 1.0}), ("c", "a", {"rate": 0.5})]
    assert_array_equal(
        MarkovNetwork.from_networkx(Graph(nodes, edges)).generator, [[-2.5, 0, 1.0], [2.5, -3, 0], [0, 3, -1.0]]
    )
    both = MarkovNetwork.from_networkx(Graph(nodes, edges, directed=False)).generator
    assert_array_equal(both, [[-3.5, 2.5, 1.0], [2.5, -5.5, 3.0], [1.0, 3.0, -4.0]])
    assert MarkovNetwork.from_networkx(Graph(nodes, edges), sparse=True).is_sparse


def test_graphs_of_networkx_itself() -> None:
    import networkx as nx

    graph = nx.MultiDiGraph()
    graph.add_edge("x", "y", k=1.0)
    graph.add_edge("x", "y", k=2.0)
    graph.add_edge("y", "x", k=4.0)
    assert_array_equal(MarkovNetwork.from_networkx(graph, "k").generator, [[-3.0, 4.0], [3.0, -4.0]])


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([("a", "b", {"weight": 1.0})], r"edge \('a', 'b'\) without 'rate'"),
        ([("a", "b", {"rate": -1.0})], r"\('a', 'b'\)\['rate'\] = -1.0"),
        ([("a", "b", {"rate": np.nan})], r"\('a', 'b'\)\['rate'\]"),
        ([("a", "b", {"rate": "fast"})], r"\('a', 'b'\)\['rate'\] = 'fast'"),
        ([("a", "a", {"rate": 1.0})], r"\('a', 'a'\)"),
        ([], "no edges"),
    ],
)
def test_bad_graphs_are_refused(edges: list, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        MarkovNetwork.from_networkx(Graph(["a", "b"], edges))


# -------------------------------------------------------------------- energies


@given(st.integers(0, 2**32 - 1), st.integers(2, 7))
def test_local_detailed_balance(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    energy, barrier, work = rng.normal(size=n) * 5, rng.normal(size=(n, n)) * 5, rng.normal(size=(n, n)) * 3
    barrier, work = barrier + barrier.T, work - work.T
    resting = MarkovNetwork.from_energies(energy, barrier)
    assert_allclose(resting.steady_state(), np.exp(-energy) / np.exp(-energy).sum(), rtol=1e-12)
    assert_allclose(entropy_production_rate(resting) / np.abs(resting.rates).max(), 0.0, atol=1e-24)
    rates = MarkovNetwork.from_energies(energy, barrier, work, prefactor=3.0).rates
    i, j = np.triu_indices(n, 1)
    assert_allclose(np.log(rates[i, j] / rates[j, i]), energy[j] - energy[i] + work[i, j], atol=1e-12)
    assert_allclose(rates[i, j] * rates[j, i], 9.0 * np.exp(energy[i] + energy[j] - 2 * barrier[i, j]), rtol=1e-12)


def test_infinite_barriers_are_no_edges_and_batches_broadcast() -> None:
    barrier = np.full((3, 3), 1.0)
    barrier[0, 2] = barrier[2, 0] = np.inf
    network = MarkovNetwork.from_energies(np.zeros((4, 3)) + np.arange(4)[:, None], barrier, prefactor=[1, 2, 3, 4])
    assert network.batch_shape == (4,) and len(network.edges) == 2
    assert_allclose(network.rates[:, 1, 0], [1, 2, 3, 4] * np.exp(np.arange(4) - 1.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energies": [0.0, np.nan, 0.0]}, "energies"),
        ({"energies": 1.0}, "shape"),
        ({"energies": [0.0, 1.0]}, r"barriers.shape = \(3, 3\)"),
        (
            {"barriers": [[0, 1, 2], [1, 0, 3], [2, 4, 0]]},
            r"barriers\[1, 2\] = 3.0.*symmetric: barriers\[2, 1\] is 4.0",
        ),
        ({"barriers": [[0, np.inf, 2], [1, 0, 3], [2, 3, 0]]}, r"barriers\[0, 1\]"),
        ({"barriers": [[0, np.nan, 2], [np.nan, 0, 3], [2, 3, 0]]}, "barriers = nan"),
        ({"barriers": [[0, -np.inf, 2], [-np.inf, 0, 3], [2, 3, 0]]}, "barriers = -inf"),
        ({"barriers": 2.0}, "barriers"),
        ({"drive": [[0, 1, 0], [1, 0, 0], [0, 0, 0]]}, r"drive\[0, 1\] = 1.0.*antisymmetric"),
        ({"drive": np.zeros((2, 2))}, "drive.shape"),
        ({"prefactor": 0.0}, "prefactor"),
        ({"energies": [800.0, 0.0, 0.0]}, "exponent of the rate 0 -> 1.*normal number"),
        ({"energies": [0.0, 0.0, -800.0]}, "exponent of the rate 2 -> 0"),
    ],
)
def test_bad_energies_are_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"energies": np.zeros(3), "barriers": np.ones((3, 3)), **change}
    with pytest.raises(InvalidParameterError, match=message):
        MarkovNetwork.from_energies(**arguments)
