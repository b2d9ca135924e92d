"""Networks whose every edge is an element in series with a storing one: spring and dashpot, memristor and capacitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import EdgeNetwork

__all__ = ["SeriesNetwork", "matched_network"]


@dataclass(frozen=True, eq=False, init=False)
class SeriesNetwork:
    r"""Edges of tension (or current) t = c (e - d), d' = t/b, where e is the strain (voltage) of the edge.

    Maxwell units have c = spring constant (N/m), b = viscosity of the dashpot (N s/m) and d its elongation. Capacitors
    C in series with memristors have c = conductance (S), b = C (F) and d the capacitor's voltage. At the free degrees
    of freedom :math:`B^T t` equals the loads at every time.

    **Matched** edges have b = tau c with one time tau: what differs between edges, and what is learnt, is the number of
    strands or pores in parallel. Then every node is where instantaneous equilibrium, with d = 0, would have it,
    whatever the history: without loads :math:`B^T t = B^T c\,(e - d) = 0`, so that :math:`(B^T c\,d)' = B^T t/\tau = 0`
    stays 0 if the network starts relaxed, and :math:`B^T c\,e = 0` remains, the equation of that equilibrium. Each edge
    feels z = e - d, the high-passed strain. **Unmatched** edges, b fixed, obey :math:`B^T b\,e' = 0` under slow
    driving: slow signals are divided by b, and the coefficients c are not seen.

    Parameters
    ----------
    network : EdgeNetwork
        Its coefficients are c; kind "elastic" dissipates in the storing partner, t**2/b (dashpots), and "resistor" in
        the element itself, t**2/c (memristors).
    storage : array_like, shape (edges,) or ()
        b > 0.
    clamped : sparse or array, shape (o, dofs), optional
        Combinations of free degrees of freedom that something else holds at scheduled values, whatever force it takes.

    Raises
    ------
    InvalidParameterError
        If a number is not positive, or the shapes do not fit.
    """

    network: EdgeNetwork
    storage: FloatArray
    clamped: Any

    def __init__(self, network: EdgeNetwork, storage: ArrayLike, clamped: Any = None) -> None:
        partner = check.positive("storage", storage)
        if partner.shape not in ((), (network.n_edges,)):
            raise InvalidParameterError("storage.shape", partner.shape, f"({network.n_edges},), one for each edge")
        rows = None
        if clamped is not None:
            from scipy import sparse

            rows = sparse.csr_array(clamped, dtype=float)
            if rows.shape[1] != network.n_dofs or not np.isfinite(rows.data).all():
                raise InvalidParameterError("clamped.shape", rows.shape, f"(o, {network.n_dofs}), finite numbers")
        check.freeze(self, network=network, storage=np.broadcast_to(partner, (network.n_edges,)), clamped=rows)

    @property
    def times(self) -> FloatArray:
        """Relaxation time b/c of each edge, shape (edges,)."""
        return np.asarray(self.storage / self.network.coefficients)

    @property
    def matched(self) -> bool:
        """Whether all edges have one relaxation time, to rounding."""
        times = self.times
        return bool(np.ptp(times) <= 1e-12 * times.max())

    def with_coefficients(self, coefficients: ArrayLike, *, matched: bool) -> SeriesNetwork:
        """Other coefficients c; b in proportion if matched, unchanged if not."""
        changed = self.network.with_coefficients(coefficients)
        storage = self.times * changed.coefficients if matched else self.storage
        return SeriesNetwork(changed, storage, self.clamped)


def matched_network(network: EdgeNetwork, time: float, clamped: Any = None) -> SeriesNetwork:
    """Edges of one relaxation time, b = time * c.

    Parameters
    ----------
    network, clamped
        As for ``SeriesNetwork``.
    time : float
        > 0.

    Raises
    ------
    InvalidParameterError
        If the time is not positive.
    """
    return SeriesNetwork(network, check.positive_number("time", time) * network.coefficients, clamped)
