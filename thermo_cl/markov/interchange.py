"""Networks in the forms that other programs read: networkx graphs, and files of rates."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl._types import Array
from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.markov.ladder import Ladder
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.rate_files import CONVENTION, FORMAT, KINDS, read_archive, read_foreign

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]

__all__ = ["LabelledNetwork", "load_rates", "save_rates", "to_networkx"]

_DENSE_UP_TO = 250  # levels of a ladder whose rates are stored as a dense array
_UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, OverflowError,
    MemoryError,
)  # fmt: skip


class LabelledNetwork(NamedTuple):
    """A network with a label for every state: a number, a word, or a tuple of them such as ("top", 3)."""

    network: MarkovNetwork
    labels: tuple[Hashable, ...]


def to_networkx(
    source: MarkovNetwork | Ladder, *, signal: ArrayLike = 0.0, labels: Sequence[Hashable] | None = None,
    rate: str = "rate",
) -> nx.DiGraph:  # fmt: skip
    """Directed graph of a network, or of a ladder at a signal.

    Parameters
    ----------
    source : MarkovNetwork or Ladder
        A single one, no batch.
    signal : float
        Signal of a ladder, >= 0, in micromolar; a network has none.
    labels : sequence of hashable, shape (n,), optional
        Names of the nodes, in the order of the states; by default the numbers 0 .. n-1, and ("top", level) and
        ("bottom", level) for a ladder.
    rate : str
        Edge attribute that holds the rate, in 1/time.

    Returns
    -------
    networkx.DiGraph
        An edge u -> v for every jump from u to v of positive rate. ``MarkovNetwork.from_networkx`` is the inverse, to
        the bit: nodes are in the order of the states.

    Raises
    ------
    InvalidParameterError
        If the source is a batch, the labels are not n different ones, or a network is given a signal.
    ModuleNotFoundError
        If networkx is not installed.
    """
    import networkx as nx

    network, names = _single(source, signal, labels)
    entries = network.sparse_generator().tocoo()
    target, origin = entries.coords
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(
        (names[j], names[i], {rate: value})
        for i, j, value in zip(target.tolist(), origin.tolist(), entries.data.tolist(), strict=True)
        if i != j
    )
    return graph


def save_rates(
    source: MarkovNetwork | Ladder, path: str | Path, *, signal: ArrayLike = 0.0,
    labels: Sequence[Hashable] | None = None, force: bool = False,
) -> Path:  # fmt: skip
    """Write the rates of a network, or of a ladder at a signal, as an .npz file that plain numpy reads.

    Entries: ``format`` and ``convention`` say what it is in words; ``n_states``; ``labels`` holds the label of each
    state as JSON; dense networks have ``rates``, shape (n, n), the generator; sparse ones ``source``, ``target`` and
    ``rate``, shape (m,), one for each jump.

    Parameters
    ----------
    source, signal, labels
        As for ``to_networkx``; here labels are whole numbers, strings, or tuples of them.
    path : path-like
        Ends with ``.npz``; written whole or not at all.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        Absolute path of the file.

    Raises
    ------
    InvalidParameterError
        As ``to_networkx``, or if the path ends otherwise or a label cannot be stored.
    OutputError
        If the file exists and ``force`` is off, or the disk refuses it.
    """
    from thermo_cl.sweep import atomic_output

    if Path(path).suffix != ".npz":
        raise InvalidParameterError("path", str(path), "a name that ends with .npz")
    network, names = _single(source, signal, labels)
    words = np.array([_as_json(name) for name in names])
    content: dict[str, Array] = {"n_states": np.int64(network.n_states), "labels": words}  # type: ignore[dict-item]
    if network.is_sparse:
        entries = network.sparse_generator().tocoo()
        target, origin = (np.asarray(index, dtype=np.int64) for index in entries.coords)
        jumps = target != origin
        content |= {"source": origin[jumps], "target": target[jumps], "rate": entries.data[jumps]}
    else:
        content["rates"] = network.rates
    with atomic_output(path, force=force) as draft, draft.open("r+b") as file:
        np.savez_compressed(file, format=np.str_(FORMAT), convention=np.str_(CONVENTION), **content)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    return Path(path).expanduser().absolute()


def load_rates(path: str | Path, *, rows: bool = False) -> LabelledNetwork:
    """Read a network from a file of ``save_rates``, or a matrix of rates from another program.

    Parameters
    ----------
    path : path-like
        ``.npz`` (of ``save_rates``, of ``scipy.sparse.save_npz``, or with one array), ``.npy``, ``.csv`` (numbers only)
        or ``.mtx`` (Matrix Market; stays sparse if it lists coordinates). Nothing in it is executed.
    rows : bool
        Whether entry (i, j) of a foreign matrix is the rate i -> j, so that the rows of its generator sum to zero;
        else it is j -> i as in this library. Files of ``save_rates`` know.

    Returns
    -------
    LabelledNetwork
        Of a file of ``save_rates``, the rates to the bit; labels of foreign files are the numbers of the states.

    Raises
    ------
    DataError
        If the file is missing, damaged, or not of its kind.
    InvalidParameterError
        If the suffix is none of these, ``rows`` is set for a file of ``save_rates``, or what was read is no rate
        matrix (see ``MarkovNetwork``; a transposed generator is named as one).
    """
    file = Path(path).expanduser()
    if file.suffix not in KINDS:
        raise InvalidParameterError("path", str(path), f"a name that ends with {', '.join(KINDS)}")
    try:
        content = read_archive(file) if file.suffix == ".npz" else {}
        ours = "format" in content and str(content["format"]).startswith(FORMAT.partition(" version")[0])
        if not ours:
            matrix = read_foreign(file, content)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except _UNREADABLE as error:
        reason = str(error).strip() or "it ends early"
        raise DataError(f"{path} cannot be read as a matrix of rates: {reason}") from error
    if ours:
        if rows:
            raise InvalidParameterError("rows", rows, "False: the file says itself that its columns sum to zero")
        return _restored(path, content)
    network = MarkovNetwork(matrix.T if rows else matrix)
    return LabelledNetwork(network, tuple(range(network.n_states)))


def _restored(path: str | Path, content: dict[str, Array]) -> LabelledNetwork:
    if str(content["format"]) != FORMAT:
        raise DataError(f"{path} is of {content['format']!s}, and this version of thermo_cl reads {FORMAT}")
    try:
        n, labels = int(content["n_states"]), tuple(_from_json(str(text)) for text in content["labels"])
        if "rates" in content:
            network = MarkovNetwork(content["rates"])
        else:
            jumps = (content["rate"], (content["target"], content["source"]))
            network = MarkovNetwork(scipy.sparse.coo_array(jumps, shape=(n, n)))
        if not network.n_states == n == len(set(labels)):
            raise ValueError(f"{n} states, rates of {network.n_states}, {len(set(labels))} labels")
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); put back a copy of it") from error
    return LabelledNetwork(network, labels)


def _single(
    source: MarkovNetwork | Ladder, signal: ArrayLike, labels: Sequence[Hashable] | None
) -> tuple[MarkovNetwork, tuple[Hashable, ...]]:
    """One network with its labels."""
    if isinstance(source, Ladder):
        few = source.n_levels <= _DENSE_UP_TO
        network = source.network(signal) if few else MarkovNetwork(source.sparse_rates(signal))
        network.require_single()
        names: tuple[Hashable, ...] = tuple((rail, m) for rail in ("top", "bottom") for m in range(source.n_levels))
    elif isinstance(source, MarkovNetwork):
        source.require_single()
        if np.any(np.asarray(signal) != 0.0):
            raise InvalidParameterError("signal", signal, "left out: a network has its rates already")
        network, names = source, tuple(range(source.n_states))
    else:
        raise InvalidParameterError("source", type(source).__name__, "a MarkovNetwork or a Ladder")
    if labels is not None:
        names = tuple(labels)
        if len(names) != network.n_states or len(set(names)) != len(names):
            raise InvalidParameterError(
                "labels", f"{len(set(names))} different ones", f"{network.n_states}, one a state"
            )
    return network, names


def _as_json(label: Hashable) -> str:
    parts = label if isinstance(label, tuple) else (label,)
    plain = [p.item() if isinstance(p, np.generic) else p for p in parts]
    if not all(isinstance(p, str | int) and not isinstance(p, bool) for p in plain):
        raise InvalidParameterError("labels", label, "whole numbers, strings, or tuples of them")
    return json.dumps(plain if isinstance(label, tuple) else plain[0])


def _from_json(text: str) -> Hashable:
    label = json.loads(text)
    return tuple(label) if isinstance(label, list) else label
