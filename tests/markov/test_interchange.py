"""Networks leave for networkx and files and come back the same; other files are read or refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.strategies import ladder_parameters, networks
from thermo_cl.errors import DataError, InvalidParameterError, OutputError
from thermo_cl.markov import LabelledNetwork, Ladder, MarkovNetwork, load_rates, save_rates, to_networkx

LADDER = Ladder(0.1, n_levels=3)


@given(network=networks(), sparse=st.booleans())
def test_graph_and_back_is_the_same_network(network: MarkovNetwork, sparse: bool) -> None:
    source = MarkovNetwork(network.sparse_generator()) if sparse else network
    graph = to_networkx(source)
    assert list(graph.nodes) == list(range(network.n_states))
    assert graph.number_of_edges() == np.count_nonzero(network.rates > 0)
    assert_array_equal(MarkovNetwork.from_networkx(graph).rates, network.rates)
    assert_array_equal(nx.to_numpy_array(graph, weight="rate").T, np.where(network.rates > 0, network.rates, 0.0))


@given(parameters=ladder_parameters())
def test_ladder_graph_is_its_network(parameters: dict) -> None:
    ladder = Ladder(**parameters)
    graph = to_networkx(ladder, signal=30.0, rate="k")
    assert_array_equal(MarkovNetwork.from_networkx(graph, "k").rates, ladder.rate_matrix(30.0))


def test_ladder_states_are_named() -> None:
    graph = to_networkx(LADDER, signal=200.0)
    assert list(graph.nodes) == [(rail, m) for rail in ("top", "bottom") for m in range(3)]
    assert graph[("top", 1)][("top", 0)] == {"rate": 1.0}
    assert_allclose(graph[("top", 0)][("top", 1)]["rate"], 0.1 * np.e)
    assert_allclose(graph[("bottom", 1)][("top", 1)]["rate"], 25.0 * max(1.0, (1 + 200 / 3000) / (1 + 200 / 18.2)))
    assert not graph.has_edge(("top", 0), ("bottom", 1))
    named = to_networkx(LADDER.network(), labels="abcdef")
    assert named["b"]["a"]["rate"] == 1.0


@pytest.mark.parametrize("sparse", [False, True])
@given(network=networks())
def test_file_and_back_is_the_same_network(
    tmp_path_factory: pytest.TempPathFactory, network: MarkovNetwork, sparse: bool
) -> None:
    source = MarkovNetwork(network.sparse_generator()) if sparse else network
    path = tmp_path_factory.mktemp("rates") / "network.npz"
    assert save_rates(source, path) == path
    read = load_rates(path)
    assert read.network.is_sparse == sparse
    assert read.labels == tuple(range(network.n_states))
    assert_array_equal(read.network.dense_generator(), source.dense_generator())


def test_plain_numpy_reads_the_file(tmp_path: Path) -> None:
    save_rates(LADDER, tmp_path / "ladder.npz", signal=200.0)
    code = (
        f"import json, sys, numpy as np; f = np.load({str(tmp_path / 'ladder.npz')!r}); W = f['rates']; "
        "assert not any('thermo_cl' in m for m in sys.modules); print(json.dumps([str(f['format']), "
        "str(f['convention']), f['labels'].tolist(), W.tolist(), int(f['n_states'])]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    kind, convention, labels, rates, n_states = json.loads(done.stdout)
    assert kind == "thermo_cl rates, version 1"
    assert "j -> i" in convention
    assert [json.loads(label) for label in labels[2:4]] == [["top", 2], ["bottom", 0]]
    assert_array_equal(rates, LADDER.rate_matrix(200.0))
    assert n_states == 6


def test_sparse_files_hold_their_jumps(tmp_path: Path) -> None:
    ladder = Ladder(1e-3, n_levels=1000, reference_level=500, energy_step=0.5)
    path = save_rates(ladder, tmp_path / "ladder.npz")
    with np.load(path) as file:
        assert file["source"].size == file["target"].size == file["rate"].size == 2 * (2 * 999 + 1000)
        first = tuple(file[name][0] for name in ("source", "target", "rate"))
    read, labels = load_rates(path)
    assert first[2] == ladder.sparse_rates()[first[1], first[0]]
    assert read.is_sparse
    assert labels[1000] == ("bottom", 0)
    assert abs(read.rates - MarkovNetwork(ladder.sparse_rates()).rates).max() == 0.0


def test_labels_come_back(tmp_path: Path) -> None:
    labels = ["α", "a\tb", 3, np.int64(4), ("top", 1), "trailing\0"]
    save_rates(LADDER.network(), tmp_path / "a.npz", labels=labels)
    assert load_rates(tmp_path / "a.npz").labels == ("α", "a\tb", 3, 4, ("top", 1), "trailing\0")


def test_other_programs_matrices_are_read(tmp_path: Path) -> None:
    rates = LADDER.rate_matrix(200.0)
    np.save(tmp_path / "a.npy", rates)
    np.savez(tmp_path / "a.npz", W=rates)
    np.savetxt(tmp_path / "a.csv", rates, delimiter=",", fmt="%.17g", header="rates")
    scipy.io.mmwrite(tmp_path / "a.mtx", rates, precision=17)
    for name in ("a.npy", "a.npz", "a.csv", "a.mtx"):
        read = load_rates(tmp_path / name)
        assert isinstance(read, LabelledNetwork)
        assert_array_equal(read.network.rates, rates)
        assert read.labels == tuple(range(6))
    plain = scipy.sparse.coo_array(rates * (1 - np.eye(6)))
    scipy.io.mmwrite(tmp_path / "b.mtx", plain, precision=17)
    scipy.sparse.save_npz(tmp_path / "b.npz", plain.tocsr())
    for name in ("b.npz", "b.mtx"):
        read = load_rates(tmp_path / name)
        assert read.network.is_sparse
        assert_allclose(read.network.dense_generator(), rates, rtol=1e-15)


def test_matrices_by_rows_are_turned(tmp_path: Path) -> None:
    rates = LADDER.rate_matrix(200.0)
    np.save(tmp_path / "rows.npy", rates.T)
    assert_array_equal(load_rates(tmp_path / "rows.npy", rows=True).network.rates, rates)
    with pytest.raises(InvalidParameterError, match="transposed"):
        load_rates(tmp_path / "rows.npy")
    scipy.io.mmwrite(tmp_path / "rows.mtx", scipy.sparse.coo_array(rates.T), precision=17)
    assert_allclose(load_rates(tmp_path / "rows.mtx", rows=True).network.dense_generator(), rates, rtol=1e-15)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = save_rates(LADDER, tmp_path / "a.npz")
    whole = path.read_bytes()
    broken = tmp_path / "broken.npz"
    refused = 0
    for at in range(0, len(whole), 7):
        broken.write_bytes(whole[:at])
        with pytest.raises(DataError, match=r"broken\.npz"):
            load_rates(broken)
        flipped = bytearray(whole)
        flipped[at] ^= 0x55
        broken.write_bytes(bytes(flipped))
        try:
            read = load_rates(broken)
        except DataError:
            refused += 1
        else:  # a byte of a date in the table of contents
            assert_array_equal(read.network.rates, LADDER.rate_matrix())
            assert len(read.labels) == 6
    assert refused > 0.5 * len(whole) / 7


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.npz", None),
        ("none.npy", None),
        ("none.csv", None),
        ("none.mtx", None),
        ("a.csv", b""),
        ("a.csv", b"to,from\n1,2\n"),
        ("a.csv", b"1,2\n3\n"),
        ("a.mtx", b"1,2\n"),
        ("a.mtx", b"%%MatrixMarket matrix coordinate real general\n3 3 9\n1 1 0.5\n"),
        ("a.npy", b"PK"),
        ("a.npy", b""),
        ("a.npz", b"\x93NUMPY\x01\x00"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(
        (DataError, InvalidParameterError), match=name if content != b"" or name != "a.csv" else "rates"
    ):
        load_rates(tmp_path / name)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    objects = np.array([[{}, 1], [2, 3]], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", W=objects)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(DataError, match="allow_pickle"):
            load_rates(tmp_path / name)


def test_contents_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = save_rates(LADDER, tmp_path / "a.npz")
    with np.load(path) as file:
        content = dict(file)
    for change, words in (
        ({"n_states": 5}, "5 states, rates of 6"),
        ({"labels": content["labels"][[0, 0, 1, 2, 3, 4]]}, "5 labels"),
        ({"labels": np.array(["{"] * 6)}, "damaged"),
        ({"format": "thermo_cl rates, version 2"}, "version 2"),
        ({"rates": -content["rates"]}, "not negative"),
    ):
        np.savez(tmp_path / "b.npz", **(content | change))
        with pytest.raises(DataError, match=words):
            load_rates(tmp_path / "b.npz")
    del content["rates"]
    np.savez(tmp_path / "b.npz", **content)
    with pytest.raises(DataError, match="damaged"):
        load_rates(tmp_path / "b.npz")
    np.savez(tmp_path / "b.npz", one=np.eye(2), two=np.eye(2))
    with pytest.raises(DataError, match="one, two"):
        load_rates(tmp_path / "b.npz")


def test_files_are_written_whole_or_not(tmp_path: Path) -> None:
    path = save_rates(LADDER, tmp_path / "a.npz")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="force=True"):
        save_rates(LADDER, path, signal=200.0)
    with pytest.raises(InvalidParameterError, match="labels"):
        save_rates(LADDER, path, labels=[1.5, *range(5)], force=True)
    assert path.read_bytes() == before
    assert_array_equal(load_rates(save_rates(LADDER, path, signal=200.0, force=True)).network.rates[0, 3], 25.0)
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    batch = Ladder([0.1, 0.2])
    path = tmp_path / "a.npz"
    for call, words in (
        (lambda: to_networkx(batch), "batch"),
        (lambda: save_rates(batch.network(), path), "batch"),
        (lambda: to_networkx(LADDER, signal=[1.0, 2.0]), "batch"),
        (lambda: to_networkx(LADDER.network(), signal=200.0), "^signal "),
        (lambda: to_networkx(np.eye(3)), "^source = .ndarray"),
        (lambda: to_networkx(LADDER, labels="abc"), "6, one a state"),
        (lambda: to_networkx(LADDER, labels="aabcde"), "5 different"),
        (lambda: save_rates(LADDER, tmp_path / "a.txt"), r"\.npz"),
        (lambda: load_rates(tmp_path / "a.txt"), r"\.mtx"),
    ):
        with pytest.raises(InvalidParameterError, match=words):
            call()
    save_rates(LADDER, path)
    with pytest.raises(InvalidParameterError, match="rows = True"):
        load_rates(path, rows=True)
