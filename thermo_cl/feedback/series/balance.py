"""Force balance (Kirchhoff's law) of a network whose edges carry elongations of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.series.network import SeriesNetwork

__all__ = ["Balance", "Balanced", "imbalance"]

_DENSE_DOFS = 300  # free degrees of freedom up to which a dense factorisation is the faster one


class Balanced(NamedTuple):
    """Positions (rows, dofs) and strains (rows, edges)."""

    positions: FloatArray
    strains: FloatArray


class _Structure(NamedTuple):
    """What does not depend on coefficients: free degrees of freedom, compatibility (dense if small), clamps."""

    free: BoolArray
    imposed: Any
    compatibility: Any
    transpose: Any
    clamps: FloatArray
    small: bool


class Balance:
    """Equilibrium at given coefficients, factorised once: B^T c (B x - d) = loads where x is free.

    Clamped outputs R x = w are held by forces R^T f; one small dense system gives them. Up to 300 free degrees of
    freedom the factorisation is dense, else that of ``Equilibrium``.

    Parameters
    ----------
    series : SeriesNetwork
        Which edges, imposed degrees of freedom and clamps.

    Raises
    ------
    InvalidParameterError
        If clamped outputs are not independent.
    """

    def __init__(self, series: SeriesNetwork) -> None:
        network = series.network
        free = np.ones(network.n_dofs, dtype=bool)
        free[network.imposed] = False
        small = int(free.sum()) <= _DENSE_DOFS
        rows = np.zeros((0, network.n_dofs)) if series.clamped is None else series.clamped.toarray()
        matrix = network.compatibility.toarray() if small else network.compatibility
        transpose = np.ascontiguousarray(matrix.T) if small else matrix.T.tocsr()
        self._series = series
        self._structure = _Structure(free, network.imposed, matrix, transpose, rows, small)
        self._factorise(network.coefficients)
        if rows.size and np.linalg.cond(self._compliance) > 1e12:
            valid = "independent combinations of free degrees of freedom"
            raise InvalidParameterError("clamped", f"{len(rows)} rows", valid)

    def at(self, coefficients: FloatArray) -> Balance:
        """The same network at other coefficients > 0, which are not checked."""
        other = object.__new__(Balance)
        other._series, other._structure = self._series, self._structure
        other._factorise(coefficients)
        return other

    def _factorise(self, coefficients: FloatArray) -> None:
        from scipy.linalg import cho_factor

        from thermo_cl.feedback.networks import Equilibrium

        part = self._structure
        self.coefficients = coefficients
        if part.small:
            inner = part.transpose[part.free]
            stiffness = (inner * coefficients) @ inner.T
            self._solver: Any = cho_factor(stiffness, lower=True, check_finite=False) if len(inner) else None
        else:
            self._solver = Equilibrium(self._series.network.with_coefficients(coefficients))
        rows = part.clamps
        self._give = self._move(np.zeros((len(rows), len(part.imposed))), rows)
        self._compliance = rows @ self._give.T

    def _move(self, values: FloatArray, force: FloatArray) -> FloatArray:
        """Positions (rows, dofs) under imposed values and forces at the free degrees of freedom."""
        from scipy.linalg import cho_solve

        part = self._structure
        if not part.small:
            return np.asarray(self._solver.solve(values, force))
        x = np.zeros((len(values), part.free.size))
        x[:, part.imposed] = values
        if self._solver is not None and len(values):
            pulled = (self.coefficients * (x @ part.transpose)) @ part.compatibility
            x[:, part.free] = cho_solve(self._solver, (force - pulled)[:, part.free].T, check_finite=False).T
        return x

    def __call__(
        self, values: FloatArray, loads: FloatArray | None, outputs: FloatArray | None, elongations: FloatArray
    ) -> Balanced:
        """Balanced state for every row of imposed values, loads, outputs and elongations (rows, edges)."""
        part = self._structure
        carried = (part.transpose @ (self.coefficients * elongations).T).T
        x = self._move(values, carried if loads is None else carried + loads)
        if len(part.clamps) and outputs is not None:
            missing = outputs - x @ part.clamps.T
            x = x + np.linalg.solve(self._compliance, missing.T).T @ self._give
        return Balanced(x, (part.compatibility @ x.T).T)


def imbalance(series: SeriesNetwork, tensions: FloatArray, loads: FloatArray | None) -> FloatArray:
    """Largest force (current) left over at a free degree of freedom for each row of tensions (rows, edges).

    What clamps must give is the combination of their rows that leaves least, and is taken off.
    """
    left = (series.network.compatibility.T @ tensions.T).T
    if loads is not None:
        left = left - loads
    free = np.ones(series.network.n_dofs, dtype=bool)
    free[series.network.imposed] = False
    left = left[:, free]
    if series.clamped is not None:
        rows = series.clamped.toarray()[:, free]
        left = left - np.linalg.lstsq(rows.T, left.T, rcond=None)[0].T @ rows
    return np.asarray(np.abs(left).max(axis=1, initial=0.0))
