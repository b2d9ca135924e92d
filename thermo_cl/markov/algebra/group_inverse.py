"""Group inverse and relaxation modes of a generator.

The inverse is built from expected residence times before a visit to the most probable state, which
subtraction-free elimination gives entrywise. The similarity by q, the square roots of the steady probabilities,
then makes it nearly normal (exactly symmetric with detailed balance), so that its eigenvectors are well
conditioned however unevenly the states are occupied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array, BoolArray, ComplexArray, FloatArray, IntArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.markov.algebra.elimination import eliminate

__all__ = ["GroupInverse", "group_inverse", "lasting", "reordered"]

_INSTANT = 1e-15  # duration, over the longest, that is zero to rounding
_FLOOR = 1e-140  # least root of a probability: any positive similarity is valid, and this one cannot overflow


@dataclass(frozen=True, eq=False)
class GroupInverse:
    """Group inverse of a generator (minus its deviation matrix), in scaled form.

    Attributes
    ----------
    root : ndarray, shape (..., n)
        Square roots of the steady state, floored where a state is empty to underflow.
    scaled : ndarray, shape (..., n, n)
        The group inverse times ``q[j] / q[i]``; q is its null vector on both sides.
    """

    root: FloatArray
    scaled: FloatArray

    def apply(self, source: Array) -> FloatArray:
        """Solution x of ``W x = source`` whose components sum to zero; ``source``, shape (..., n), must too."""
        x = self.root * np.einsum("...ij,...j->...i", self.scaled, source / self.root)
        return np.asarray(x - self.root**2 * x.sum(axis=-1, keepdims=True))

    def apply_sizes(self, source: Array) -> FloatArray:
        """Sum, shape (..., 1), of the absolute terms that ``apply`` adds up: its error over machine epsilon."""
        parts = np.einsum("...ij,...j->...i", np.abs(self.scaled), np.abs(source) / self.root)
        return np.asarray(np.sum(self.root * parts, axis=-1, keepdims=True))

    def modes(self) -> tuple[FloatArray | ComplexArray, Array, Array]:
        """Time constants with right and left vectors of all modes but the steady one.

        Returns
        -------
        durations : ndarray, shape (..., n - 1)
            Inverse eigenvalues of the generator, in time; negative real parts. Taken from the inverse, whose
            largest eigenvalues are the slow modes, so that these keep their digits however fast the others are.
        right : ndarray, shape (..., n, n - 1)
        left : ndarray, shape (..., n - 1, n)

        Notes
        -----
        Two modes at the point where they turn into an oscillating pair leave half of the digits in sums over modes.
        """
        # the steady mode is moved to a positive value of their size, away from all others, which are negative
        size = np.abs(self.scaled).max(axis=(-1, -2), keepdims=True)
        durations, vectors = np.linalg.eig(self.scaled + size * (self.root[..., :, None] * self.root[..., None, :]))
        try:
            duals = np.linalg.inv(vectors)
        except np.linalg.LinAlgError:
            raise ConvergenceError("relaxation modes coincide, and have no vectors of their own") from None
        order = np.argsort(durations.real, axis=-1)[..., :-1]
        durations = np.take_along_axis(durations, order, axis=-1)
        right = np.take_along_axis(vectors, order[..., None, :], axis=-1) * self.root[..., :, None]
        left = np.take_along_axis(duals, order[..., :, None], axis=-2) / self.root[..., None, :]
        return durations, right, left


def lasting(durations: Array) -> BoolArray:
    """Which modes, shape (..., n - 1), are slow enough to be told from instantaneous ones."""
    return np.asarray(durations.real < -_INSTANT * np.abs(durations).max(axis=-1, keepdims=True))


def group_inverse(generator: FloatArray, steady: FloatArray) -> GroupInverse:
    """Group inverse from a generator, shape (..., n, n), and its steady state, shape (..., n)."""
    order = np.argsort(-steady, axis=-1, kind="stable")
    back = np.argsort(order, axis=-1)
    times = reordered(eliminate(reordered(generator, order)).residence_times(), back)
    root = np.maximum(np.sqrt(steady), _FLOOR)
    scaled = -times * (root[..., None, :] / root[..., :, None])
    scaled -= root[..., :, None] * np.einsum("...i,...ij->...j", root, scaled)[..., None, :]
    scaled -= np.einsum("...ij,...j->...i", scaled, root)[..., :, None] * root[..., None, :]
    return GroupInverse(root, scaled)


def reordered(matrix: Array, order: IntArray) -> Array:
    """Rows and columns of (..., n, n) taken in the given order of states, shape (..., n)."""
    rows = np.take_along_axis(matrix, order[..., :, None], axis=-2)
    return np.take_along_axis(rows, order[..., None, :], axis=-1)
