"""What a linear controller's function and modes must be: proper, decaying where they are seen, bounded elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from sys import float_info

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear.rational import Polynomial, Rational, squarefree
from thermo_cl.feedback.linear.roots import roots

__all__ = ["require_bounded", "require_decay", "require_proper"]

_ROUNDING = 1e-12  # of the matrix's entries, which may move a mode off zero


def require_decay(modes: list[list[complex]]) -> None:
    """Refuse modes, rates for each member of a batch, that the output shows and that do not decay.

    Raises
    ------
    InvalidParameterError
        Naming the mode; also for a rate that double precision cannot hold.
    """
    for member, rates in enumerate(modes):
        sizes = [abs(rate) for rate in rates]
        if sizes and not float_info.min <= min(sizes) <= max(sizes) <= float_info.max and min(sizes) != 0.0:
            raise InvalidParameterError(
                "state_matrix", f"a matrix with modes from {min(sizes):.3g} to {max(sizes):.3g} per time",
                "one whose modes fit double precision; choose another unit of time",
            )  # fmt: skip
        slowest = max(rates, key=lambda rate: rate.real, default=complex(-1.0))
        if slowest.real >= 0.0:
            raise _not_decaying(slowest, member, len(modes))


def require_bounded(hidden: list[Polynomial], matrices: FloatArray) -> None:
    """Refuse a mode that the output does not show and that grows; one that stays, a conserved quantity, is let be.

    Rounding of the entries of a matrix, shape (members, n, n), leaves a conserved quantity a rate that is not quite
    zero. How large it may be depends on the mode: the entries' sizes between its left and right vectors.

    Raises
    ------
    InvalidParameterError
        Naming the mode.
    """
    for member, (factor, matrix) in enumerate(zip(hidden, matrices, strict=True)):
        for rate in _growing(factor):
            if not rate.real <= _rounding(matrix, rate):
                raise _not_decaying(rate, member, len(hidden))


def _growing(factor: Polynomial) -> Iterator[complex]:
    from mpmath import mp  # type: ignore[import-untyped]

    for part, _ in squarefree(factor):
        with mp.workdps(50):
            try:
                found = roots(part)
            except ArithmeticError:  # roots that 50 digits do not tell apart
                found = list(np.roots([float(mp.mpf(value) / part[-1]) for value in reversed(part)]))
            rates = [complex(rate) for rate in found]
        yield from (rate for rate in rates if rate.real > 0.0)


def _rounding(matrix: FloatArray, rate: complex) -> float:
    """What rounding of the entries may add to the eigenvalue next to a rate; much for a chain of nearly equal ones."""
    import scipy.linalg

    values, left, right = scipy.linalg.eig(matrix, left=True, right=True)
    k = int(np.argmin(np.abs(values - rate)))
    together = abs(np.vdot(left[:, k], right[:, k]))
    moved = float(np.abs(left[:, k]) @ np.abs(matrix) @ np.abs(right[:, k]))
    return _ROUNDING * moved / max(float(together), float_info.min)


def _not_decaying(rate: complex, member: int, members: int) -> InvalidParameterError:
    which = f" (member {member} of the batch)" if members > 1 else ""
    turning = "" if rate.imag == 0.0 else f", turning at {abs(rate.imag):.6g} rad per time"
    return InvalidParameterError(
        "state_matrix", f"a matrix with the mode exp({rate.real:.6g} t){turning}{which}",
        "stable: every mode that the output shows must decay; strengthen the damping, close the loop around an "
        "integrator, or take a conserved quantity out of the state",
    )  # fmt: skip


def require_proper(function: Rational) -> None:
    """Refuse what is not a pair of integer polynomials, without zeros at their ends, with a bounded quotient."""
    sound = (
        len(function) == 2
        and all(isinstance(value, int) for part in function for value in part)
        and all(part[-1] != 0 for part in function if part)
        and 0 < len(function[1]) >= len(function[0])
    )
    if not sound:
        raise InvalidParameterError(
            "functions", function, "pairs of polynomials of integers, lowest power first, no zero in the highest "
            "place, the numerator of no higher degree than the denominator"
        )  # fmt: skip
