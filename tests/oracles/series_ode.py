"""Networks of series units as a plain system of equations: dense matrices, one saddle-point solve per evaluation."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp


def saddle_strains(b, c, imposed, values, d, rows, outputs, loads=None):
    """Strains of the equilibrium B^T c (B x - d) = loads with x[imposed] = values and rows x = outputs."""
    n = b.shape[1]
    hold = np.vstack([np.eye(n)[imposed], rows])
    stiffness = b.T @ (c[:, None] * b)
    matrix = np.block([[stiffness, hold.T], [hold, np.zeros((len(hold), len(hold)))]])
    force = b.T @ (c * d) + (0.0 if loads is None else loads)
    right = np.concatenate([force, values, outputs])
    return b @ np.linalg.solve(matrix, right)[:n]


def follow(
    b: Any, c: Any, storage: Any, imposed: Any, rows: Any, drive: Callable, corners: Any, start: Any,
    learn: Callable | None = None, matched: bool = True, charge: bool = True,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Elongations, coefficients and integral of t**2 at the corners, shapes (corners, edges).

    drive(t) gives values and outputs; learn(c, strain, felt) the rate of c.
    """
    m, time = len(c), np.asarray(storage) / c

    def rate(t, y):
        d, now = y[:m], y[m : 2 * m]
        partner = time * now if matched else np.asarray(storage)
        values, outputs = drive(t)
        strain = saddle_strains(b, now, imposed, values, d, rows, outputs)
        felt = strain - d
        change = np.zeros(m) if learn is None else learn(now, strain, felt)
        growth = change / now if (matched and charge) else 0.0
        return np.concatenate([now * felt / partner - growth * d, change, (now * felt) ** 2])

    rows_out = [np.concatenate([start, c, np.zeros(m)])]
    for begin, end in pairwise(corners):
        solved = solve_ivp(rate, (begin, end), rows_out[-1], method="DOP853", rtol=1e-12, atol=1e-14)
        rows_out.append(solved.y[:, -1])
    every = np.stack(rows_out)
    return every[:, :m], every[:, m : 2 * m], every[:, 2 * m :]
