"""Proximal map of the softmax cross-entropy, in float64 whatever the arrays are."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from thermo_cl._types import Array

_NEWTON = 100  # steps of either solution; four to ten are needed
_HALVINGS = 30  # of such a step


def softmax(a: Array) -> Array:
    """Probabilities of each row, without overflow."""
    weights = np.exp(a - a.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def softmax_proximal(outputs: Array, targets: Array, step: float) -> Array:
    """The s with s + t (softmax(s) - y) = a for a step t > -2, of the type of the outputs."""
    a, y = outputs.astype(np.float64), targets.astype(np.float64)
    solve = _by_one_number if step > 0 else _by_newton
    return solve(a, y, step).astype(outputs.dtype) if step else outputs.copy()


def _by_one_number(a: Array, y: Array, t: float) -> Array:
    """Positive steps: ln p + t p = a + t y - n in every class, so that p(n) is a Wright omega function."""
    here = a + t * y
    n = here.max(axis=1, keepdims=True) - t  # the largest p is 1, so that the sum is not below 1
    p = np.empty_like(a)
    for _ in range(_NEWTON):
        omega = scipy.special.wrightomega(here - n + math.log(t))
        p = omega / t
        move = (p.sum(axis=1, keepdims=True) - 1) / ((omega / (1 + omega)).sum(axis=1, keepdims=True) / t)
        if not (np.abs(move) > 4 * np.finfo(np.float64).eps * (np.abs(n) + t)).any():
            break
        n = n + move  # the sum is convex and falls with n: from the left, no step goes too far
    # one step of Newton's method, by Sherman and Morrison, takes off the rounding of a large t
    s = a + t * (y - p)
    p, rest = _rest(s, a, y, t)
    inverse = 1 / (1 + t * p)
    common = t * (p * inverse * rest).sum(axis=1, keepdims=True) / (p * inverse).sum(axis=1, keepdims=True)
    return np.asarray(s - inverse * (rest + p * common))


def _by_newton(a: Array, y: Array, t: float) -> Array:
    """Negative steps: the matrix I + t Hessian has no eigenvalue below 1 - |t|/2; steps are halved if too long."""
    tolerance = 8 * np.finfo(np.float64).eps * np.maximum(1, np.abs(a).max(axis=1, keepdims=True))
    s, unit = a, np.eye(a.shape[1])
    p, rest = _rest(s, a, y, t)
    size = np.abs(rest).max(axis=1, keepdims=True)
    for _ in range(_NEWTON):
        if not (size > tolerance).any():  # nan ends it too
            break
        matrix = unit + t * (p[:, :, None] * unit - p[:, :, None] * p[:, None, :])
        move = np.linalg.solve(matrix, rest[:, :, None])[..., 0]
        share = np.ones_like(size)
        for _ in range(_HALVINGS):
            tried = s - share * move
            p, rest = _rest(tried, a, y, t)
            now = np.abs(rest).max(axis=1, keepdims=True)
            worse = now > np.maximum(size, tolerance)
            if not worse.any():
                break
            share = np.where(worse, share / 2, share)
        s, size = tried, now
    return s


def _rest(s: Array, a: Array, y: Array, t: float) -> tuple[Array, Array]:
    """Softmax, and what is missing from the equation."""
    p = softmax(s)
    return p, s + t * (p - y) - a
