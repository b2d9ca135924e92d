"""Weight updates to tens of digits, by marching differential equations and by brute quadrature.

A kernel is K(t) = Re sum c t^n exp(lambda t) on [0, window], given as (c, n, lambda) terms; the window may
be infinite. A signal is periodic and piecewise linear, given by its corners: ``breaks`` from 0 to the
period and the ``values`` there (first and last equal). Three routes to the current
u(t) = int K(t') s(t - t') dt':

- ``response_mp`` integrates numerically between the corners;
- ``response_pieces`` solves y_n' = lambda y_n + n y_(n-1) + forcing exactly from corner to corner, which is
  what int t'^n exp(lambda t') s(t - t') dt' obeys, and finds the periodic state;
- ``weight_update_grid`` convolves on a grid in double precision.

None of them knows a closed form for the sawtooth, so that code which does can be tested against them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from mpmath import mp

Real: TypeAlias = Any  # int, float or mpf; mpmath has no types to name
Terms: TypeAlias = Sequence[tuple[Any, int, Any]]
Polynomial: TypeAlias = list[Any]  # coefficients, constant first

GUARD = 20


def _value(polynomial: Polynomial, x: Real) -> Any:
    """Polynomial by rising powers at x (mpmath's own function changed its order between versions)."""
    total = mp.zero
    for coefficient in reversed(polynomial):
        total = total * x + coefficient
    return total


class Piece(NamedTuple):
    """u(start + x) = Re sum polynomial(x) exp(lambda x) for 0 <= x <= length, by lambda."""

    start: Real
    length: Real
    modes: dict[Any, Polynomial]

    def __call__(self, x: Real) -> Real:
        total = mp.zero
        for rate, poly in self.modes.items():
            total += (mp.exp(rate * x) * _value(poly, x)).real
        return total

    def slope(self) -> Piece:
        """The derivative of u with respect to time."""
        modes = {}
        for rate, poly in self.modes.items():
            derived = [*(k * a for k, a in enumerate(poly) if k), mp.zero]
            modes[rate] = [d + rate * a for d, a in zip(derived, poly, strict=True)]
        return Piece(self.start, self.length, modes)

    def sampled(self, x: np.ndarray) -> np.ndarray:
        """u on an array of x in double precision: enough to see where things happen."""
        total = np.zeros_like(x)
        for rate, poly in self.modes.items():
            total += np.real(np.exp(complex(rate) * x) * np.polyval([complex(a) for a in poly[::-1]], x))
        return total

    def scales(self) -> list[Real]:
        """Points 0, h, 2h, 4h, ..., length: no mode does much between two of them while it is still alive."""
        fastest = max([abs(rate) for rate in self.modes] + [1 / self.length])
        turning = max(abs(mp.im(rate)) for rate in self.modes)
        longest = 4 / turning if turning else self.length
        points = [mp.zero]
        while points[-1] < self.length:
            points.append(points[-1] + min(max(points[-1], 1 / fastest), longest))
        return [*points[:-1], self.length]


def sawtooth(tau_f: Real, tau_s: Real, mean: Real, amplitude: Real) -> tuple[list[Real], list[Real]]:
    """Corners (breaks, values) of the sawtooth that rises by ``amplitude`` in tau_f and falls in tau_s."""
    rise, fall, mean, half = (mp.mpf(tau_f), mp.mpf(tau_s), mp.mpf(mean), mp.mpf(amplitude) / 2)
    return [mp.zero, rise, rise + fall], [mean - half, mean + half, mean - half]


def signal_at(breaks: Sequence[Real], values: Sequence[Real], t: Real) -> Real:
    """The periodic piecewise-linear signal at time t."""
    t = t - mp.floor(t / breaks[-1]) * breaks[-1]
    k = next(k for k in range(1, len(breaks)) if t <= breaks[k])
    return values[k - 1] + (values[k] - values[k - 1]) * (t - breaks[k - 1]) / (breaks[k] - breaks[k - 1])


def kernel_at(terms: Terms, t: Real) -> Real:
    """K(t) inside its window."""
    return mp.fsum(mp.re(c * t**n * mp.exp(rate * t)) for c, n, rate in terms)


def response_mp(
    kernel_terms: Terms,
    window: Real,
    breaks: Sequence[Real],
    values: Sequence[Real],
    t: Real,
    digits: int = 30,
) -> Real:
    """u(t) by Gauss-Legendre quadrature of K(t') s(t - t') between the corners that the signal shows at t.

    An infinite window is cut where the slowest exponential has fallen to 10^-(digits + 20).
    """
    with mp.workdps(digits + GUARD):
        terms, t, period = _exact(kernel_terms), mp.mpf(t), mp.mpf(breaks[-1])
        end = mp.mpf(window)
        if mp.isinf(end):
            end = 2 * (digits + GUARD) * mp.log(10) / min(-mp.re(rate) for _, _, rate in terms)
        corners = [
            t - b - k * period
            for b in breaks[:-1]
            for k in range(int(mp.floor((t - end) / period)) - 1, int(mp.ceil(t / period)) + 1)
        ]
        panels = Piece(mp.zero, end, {rate: [mp.one] for _, _, rate in terms}).scales()
        points = _distinct([*panels, *(x for x in corners if 0 < x < end)], period)
        return mp.quad(
            lambda x: kernel_at(terms, x) * signal_at(breaks, values, t - x), points, method="gauss-legendre"
        )


def _exact(terms: Terms) -> list[tuple[Any, int, Any]]:
    """Terms as mpmath numbers, real where they can be."""
    numbers = [(mp.mpmathify(c), int(n), mp.mpmathify(rate)) for c, n, rate in terms]
    return [(c, n, rate.real if mp.im(rate) == 0 else rate) for c, n, rate in numbers]


def _distinct(points: Sequence[Real], scale: Real) -> list[Real]:
    """Sorted points without those that equal their predecessor up to rounding."""
    kept: list[Real] = []
    for x in sorted(points):
        if not kept or x - kept[-1] > scale * mp.mpf(10) ** (10 - mp.dps):
            kept.append(x)
    return kept


def _march(start: list[Any], rate: Any, forcing: list[Polynomial], length: Real) -> tuple[list[Any], list[Any]]:
    """Solve y_n' = rate y_n + n y_(n-1) + forcing_n over one piece.

    Returns y at the end and, for every n, y_n(x) as (P, Q) with y_n = P(x) + Q(x) exp(rate x).
    """
    solved: list[tuple[Polynomial, Polynomial]] = []
    for n, initial in enumerate(start):
        below_p, below_q = solved[-1] if n else ([], [])
        drive = [f + n * p for f, p in itertools.zip_longest(forcing[n], below_p, fillvalue=mp.zero)]
        if rate == 0:
            solved.append(([initial, *(a / (k + 1) for k, a in enumerate(drive))], []))
            continue
        poly: Polynomial = []
        for k in reversed(range(len(drive))):
            above = (k + 1) * poly[0] if poly else mp.zero
            poly.insert(0, (above - drive[k]) / rate)
        solved.append((poly, [initial - poly[0], *(n * q / (k + 1) for k, q in enumerate(below_q))]))
    growth = mp.exp(rate * length)
    end = [_value(p, length) + growth * _value(q, length) for p, q in solved]
    return end, solved


def _periodic_start(order: int, rate: Any, breaks: Sequence[Real], values: Sequence[Real]) -> list[Any]:
    """y_0 .. y_order at time 0 in the periodic state, for an infinite window."""
    if mp.re(rate) >= 0:
        raise ValueError(f"exp({rate} t) does not decay, so that its window has to be finite")
    driven = [mp.zero] * (order + 1)
    for (a, b), (low, high) in zip(itertools.pairwise(breaks), itertools.pairwise(values), strict=True):
        ramp = [[low, (high - low) / (b - a)]] + [[mp.zero]] * order
        driven, _ = _march(driven, rate, ramp, b - a)
    period, growth = breaks[-1], mp.exp(rate * breaks[-1])
    start: list[Any] = []
    for n in range(order + 1):
        carried = mp.fsum(mp.binomial(n, k) * period ** (n - k) * start[k] for k in range(n))
        start.append((driven[n] + growth * carried) / (1 - growth))
    return start


def _windowed_start(order: int, rate: Any, window: Real, breaks: Sequence[Real], values: Sequence[Real]) -> list[Any]:
    """y_0 .. y_order at time 0 when only the last ``window`` counts: nothing at -window, then march to 0."""
    period = breaks[-1]
    history = [b + k * period for b in breaks[:-1] for k in range(-int(mp.ceil(window / period)) - 1, 0)]
    times = _distinct([-window, *(x for x in history if x > -window), mp.zero], period)
    times[-1] = mp.zero
    y = [mp.zero] * (order + 1)
    for a, b in itertools.pairwise(times):
        middle = signal_at(breaks, values, (a + b) / 2)
        low = signal_at(breaks, values, a)
        y, _ = _march(y, rate, [[low, 2 * (middle - low) / (b - a)]] + [[mp.zero]] * order, b - a)
    return y


def response_pieces(
    kernel_terms: Terms, window: Real, breaks: Sequence[Real], values: Sequence[Real], digits: int = 30
) -> list[Piece]:
    """u over one period, piece by piece, as polynomials times exponentials.

    Under a finite window the differential equations have a second, delayed forcing
    -window^n exp(lambda window) s(t - window), with corners of its own.
    """
    with mp.workdps(digits + GUARD):
        terms, window, period = _exact(kernel_terms), mp.mpf(window), breaks[-1]
        finite = not mp.isinf(window)
        delayed = [b + window - mp.floor((b + window) / period) * period for b in breaks[:-1]] if finite else []
        times = _distinct([*breaks, *delayed], period)
        pieces = [Piece(a, b - a, {mp.zero: [mp.zero]}) for a, b in itertools.pairwise(times)]
        for c, n, rate in terms:
            begin = partial(_windowed_start, window=window) if finite else _periodic_start
            y = begin(n, rate, breaks=breaks, values=values)
            for piece in pieces:
                forcing = [_ramp(breaks, values, piece.start, piece.length)] + [[mp.zero]] * n
                if finite:
                    late = _ramp(breaks, values, piece.start - window, piece.length)
                    weights = [window**k * mp.exp(rate * window) for k in range(n + 1)]
                    forcing = [
                        [f - w * x for f, x in itertools.zip_longest(part, late, fillvalue=mp.zero)]
                        for part, w in zip(forcing, weights, strict=True)
                    ]
                y, solved = _march(y, rate, forcing, piece.length)
                for key, poly in zip((mp.zero, rate), solved[n], strict=True):
                    here = piece.modes.get(key, [])
                    piece.modes[key] = [a + c * p for a, p in itertools.zip_longest(here, poly, fillvalue=mp.zero)]
        return pieces


def _ramp(breaks: Sequence[Real], values: Sequence[Real], start: Real, length: Real) -> Polynomial:
    """Constant and slope of the signal over [start, start + length], which holds no corner inside."""
    # Two inner points: at an end, rounding could land on the far side of a corner.
    first, second = (signal_at(breaks, values, start + length * k / 4) for k in (1, 3))
    slope = 2 * (second - first) / length
    return [first - slope * length / 4, slope]


def _sign_changes(function: Piece, at: Sequence[Real]) -> list[Real]:
    """Roots of a piece, one between every two successive points where its sign differs, by bisection."""
    roots = []
    signs = [mp.sign(function(x)) for x in at]
    for a, b, sign_a, sign_b in zip(at, at[1:], signs, signs[1:], strict=False):
        if sign_a * sign_b < 0:
            while b - a > function.length * mp.mpf(10) ** (5 - mp.dps):
                middle = (a + b) / 2
                a, b = (middle, b) if mp.sign(function(middle)) == sign_a else (a, middle)
            roots.append((a + b) / 2)
    return roots


def _turning_points(piece: Piece, samples: int = 4000) -> list[Real]:
    """Ends and extrema of a piece, so that u is monotone between two of them.

    A dense double precision pass, uniform and crowded at the start where the transients are, says where the
    slope changes sign. A change that is only double precision noise on a plateau is dropped by the exact
    slope, or left as a harmless extra point.
    """
    length = float(piece.length)
    fastest = max([abs(complex(rate)) for rate in piece.modes] + [1 / length])
    turning = max(abs(complex(rate).imag) for rate in piece.modes)
    uniform = np.linspace(0, length, max(samples, int(20 * turning * length)))
    x = np.union1d(uniform, np.geomspace(min(1e-4 / fastest, length), length, samples))
    slope = piece.slope()
    signs = np.sign(slope.sampled(x))
    roots: list[Real] = []
    for k in np.flatnonzero(signs[1:] != signs[:-1]):
        roots += _sign_changes(slope, [mp.mpf(float(x[k])), min(mp.mpf(float(x[k + 1])), piece.length)])
    return [mp.zero, *roots, piece.length]


def weight_update_mp(
    kernel_terms: Terms,
    window: Real,
    tau_f: Real,
    tau_s: Real,
    mean: Real,
    amplitude: Real,
    threshold: Real,
    digits: int = 30,
) -> Real:
    """Integral of g(u) over one period of the sawtooth, where g(u) = u if abs(u) >= threshold, else 0.

    The pieces of u are cut at their extrema and at the crossings of both levels, found by bisection, and
    what lies outside the levels is integrated by Gauss-Legendre quadrature. Where a plateau of u sits on a
    level to within the rounding of the arguments (zero area and threshold = amplitude / tau_s), the answer
    hangs on that rounding.
    """
    with mp.workdps(digits + GUARD):
        breaks, values = sawtooth(tau_f, tau_s, mean, amplitude)
        theta = mp.mpf(threshold)
        pieces = response_pieces(kernel_terms, window, breaks, values, digits)
        total = mp.zero
        for piece in pieces:
            turning = _turning_points(piece)
            crossings = []
            for level in (theta, -theta):
                shifted = dict(piece.modes)
                shifted[mp.zero] = [shifted[mp.zero][0] - level, *shifted[mp.zero][1:]]
                crossings += _sign_changes(piece._replace(modes=shifted), turning)
            cuts = _distinct([*turning, *crossings], piece.length)
            for a, b in itertools.pairwise(cuts):
                if abs(piece((a + b) / 2)) >= theta:
                    points = [a, *(x for x in piece.scales() if a < x < b), b]
                    total += mp.quad(piece, points, method="gauss-legendre")
        return total


def weight_update_grid(
    kernel_function: Callable[[np.ndarray], np.ndarray],
    window: float,
    tau_f: float,
    tau_s: float,
    mean: float,
    amplitude: float,
    threshold: float,
    points: int = 2**18,
) -> float:
    """The same on a grid over one period, in double precision.

    Right to about 1e-4 for a kernel that the grid resolves. The window must be finite, if need be long;
    what of the kernel is longer than a period wraps around.
    """
    period = tau_f + tau_s
    dt = period / points
    t = np.arange(points) * dt
    signal = np.interp(t, [0, tau_f, period], mean + amplitude * np.array([-0.5, 0.5, -0.5]))
    delays = np.arange(int(np.ceil(window / dt)) + 1) * dt
    weights = kernel_function(delays) * dt
    weights[0] /= 2
    weights[delays >= window] /= 2
    wrapped = np.bincount(np.arange(delays.size) % points, weights=weights, minlength=points)
    current = np.fft.irfft(np.fft.rfft(wrapped) * np.fft.rfft(signal), points)
    return float(np.sum(np.where(np.abs(current) >= threshold, current, 0.0)) * dt)
