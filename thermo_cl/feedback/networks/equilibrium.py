"""Equilibrium of a network, factorised once for all imposed values and loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.networks.network import EdgeNetwork

__all__ = ["Equilibrium"]


class Equilibrium:
    r"""Solver of :math:`B_f^T c\,(B_f x_f + B_i x_i) = f` for the free degrees of freedom.

    The state minimises the energy :math:`\frac12\sum_e c_e\varepsilon_e^2 - f\cdot x`. One factorisation (Cholesky's
    for small networks, a sparse one in minimum-degree order for large ones) serves every right-hand side.

    Parameters
    ----------
    network : EdgeNetwork

    Raises
    ------
    ConvergenceError
        If the coefficients differ by so much that the matrix is singular to rounding.
    """

    def __init__(self, network: EdgeNetwork) -> None:
        self.network = network
        self._parts = network.assembly
        self._matrix: Any = self._parts.matrix(network.coefficients)
        self._solve = _factorised(self._matrix, network)

    def solve(self, values: ArrayLike, loads: ArrayLike | None = None) -> FloatArray:
        """Equilibrium for each pattern, shape (patterns, dofs).

        Parameters
        ----------
        values : array_like, shape (patterns, m)
            Of the imposed degrees of freedom, in the network's order.
        loads : array_like, shape (patterns, dofs), optional
            Forces (currents) fed in from outside. At imposed degrees of freedom they change nothing: the supports
            carry them.

        Raises
        ------
        InvalidParameterError
            If a shape is wrong or a number not finite.
        """
        network, parts = self.network, self._parts
        given = check.finite("values", values)
        if given.ndim != 2 or given.shape[1] != len(network.imposed):
            raise InvalidParameterError("values.shape", given.shape, f"(patterns, {len(network.imposed)})")
        force = -(parts.from_edges @ (network.coefficients[:, None] * (parts.of_imposed @ given.T)))
        if loads is not None:
            force = force + _loads(loads, len(given), network.n_dofs)[:, parts.free].T
        x = np.empty((len(given), network.n_dofs))
        x[:, network.imposed] = given
        x[:, parts.free] = self._solve(force).T
        return x

    def respond(self, loads: ArrayLike) -> FloatArray:
        """Displacements that loads add, imposed values unchanged: shape (patterns, dofs), 0 at the imposed ones."""
        forces = check.finite("loads", loads)
        forces = _loads(forces, len(forces), self.network.n_dofs)
        x = np.zeros(forces.shape)
        x[:, self._parts.free] = self._solve(forces[:, self._parts.free].T).T
        return x

    def strains(self, x: FloatArray) -> FloatArray:
        """Strains (voltages) B x, shape (patterns, edges)."""
        return np.asarray((self.network.compatibility @ x.T).T)

    def tensions(self, x: FloatArray) -> FloatArray:
        """Tensions (currents) c B x, shape (patterns, edges)."""
        return self.network.coefficients * self.strains(x)

    def energy(self, x: FloatArray, loads: ArrayLike | None = None) -> FloatArray:
        """Elastic energy (half the dissipated power) less the loads' work, shape (patterns,)."""
        stored: FloatArray = 0.5 * np.sum(self.network.coefficients * self.strains(x) ** 2, axis=1)
        return stored if loads is None else stored - np.sum(_loads(loads, *x.shape) * x, axis=1)

    def reactions(self, x: FloatArray) -> FloatArray:
        """Forces (currents) that the world supplies at the imposed degrees of freedom, shape (patterns, m)."""
        carried = (self.network.compatibility.T @ self.tensions(x).T).T
        return np.asarray(carried[:, self.network.imposed])

    def residual(self, x: FloatArray, loads: ArrayLike | None = None) -> FloatArray:
        """Largest force (current) left over where x is free, shape (patterns,).

        It is relative to the largest load, and to the largest tension that the displacements would make if none
        cancelled another, c |B| |x|: what is left in a network moved as a whole is rounding of that.
        """
        left = (self.network.compatibility.T @ self.tensions(x).T).T
        scale = (self.network.coefficients[:, None] * (abs(self.network.compatibility) @ np.abs(x).T)).max(axis=0)
        if loads is not None:
            outside = _loads(loads, *x.shape)
            left = left - outside
            scale = np.maximum(scale, np.abs(outside[:, self._parts.free]).max(axis=1))
        worst = np.abs(left[:, self._parts.free]).max(axis=1)
        return np.asarray(worst / np.where(scale > 0, scale, 1.0))

    @property
    def condition(self) -> float:
        """Condition number of the matrix in the 1-norm: exact for small networks, estimated for large ones."""
        from scipy.sparse.linalg import LinearOperator, onenormest

        size = self._parts.size
        norm = float(abs(self._matrix).sum(axis=0).max())
        if self._parts.dense:
            return norm * float(np.abs(self._solve(np.eye(size))).sum(axis=0).max())
        inverse = LinearOperator((size, size), matvec=self._solve, rmatvec=self._solve, matmat=self._solve, dtype=float)
        return norm * float(onenormest(inverse))


def _factorised(matrix: Any, network: EdgeNetwork) -> Callable[[FloatArray], FloatArray]:
    """Solver of the positive-definite matrix; its right-hand sides are columns."""
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse.linalg import splu

    try:
        if network.assembly.dense:
            lower = cho_factor(matrix, lower=True, check_finite=False)
            return lambda right: np.asarray(cho_solve(lower, right, check_finite=False))
        factors = splu(matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        if factors.U.diagonal().min() <= 0.0:
            raise RuntimeError
    except (np.linalg.LinAlgError, RuntimeError):
        c = network.coefficients
        raise ConvergenceError(
            f"the network has no equilibrium to rounding: its coefficients go from {c.min():.3g} to {c.max():.3g}. "
            "Bring them closer together, or hold the network at more places"
        ) from None
    return lambda right: np.asarray(factors.solve(right))


def _loads(loads: ArrayLike, patterns: int, n_dofs: int) -> FloatArray:
    forces = check.finite("loads", loads)
    if forces.shape != (patterns, n_dofs):
        raise InvalidParameterError("loads.shape", forces.shape, f"({patterns}, {n_dofs})")
    return forces
