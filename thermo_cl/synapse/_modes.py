"""Compiled evaluation of one segment of a periodic response: affine part plus decaying terms.

A segment is (alpha, beta, modes): ``poly_re/im[d, k, q]`` are the coefficients of the d-th derivative of mode k
at power q of local time. Modes are sorted slowest first, so that a loop can stop at the first dead one.
"""

from __future__ import annotations

import math

from numba import njit

DEAD = -46.0  # exp(-46) = 1e-20: a term that has decayed so far is below the rounding of every sum here


@njit(cache=True, inline="always", error_model="numpy")
def _horner(coefficients, x):
    value = coefficients[-1]
    for q in range(coefficients.shape[0] - 2, -1, -1):
        value = value * x + coefficients[q]
    return value


@njit(cache=True, error_model="numpy")
def evaluate(x, alpha, beta, re, im, poly_re, poly_im, decays):
    """Value and first three derivatives at local time x; ``decays`` is filled with the modes' exp(re x)."""
    decays[:] = 0.0
    v0, v1, v2, v3 = alpha + beta * x, beta, 0.0, 0.0
    single = poly_re.shape[2] == 1
    for k in range(re.shape[0]):
        exponent, rate = re[k] * x, re[k]
        if exponent < DEAD:
            break
        decay = decays[k] = math.exp(exponent)
        if im[k] == 0.0:
            if single:  # each derivative of an exponential is the rate times the one before
                w = decay * poly_re[0, k, 0]
                v0 += w
                w *= rate
                v1 += w
                w *= rate
                v2 += w
                v3 += w * rate
            else:
                v0 += decay * _horner(poly_re[0, k], x)
                v1 += decay * _horner(poly_re[1, k], x)
                v2 += decay * _horner(poly_re[2, k], x)
                v3 += decay * _horner(poly_re[3, k], x)
        else:
            cosine, sine = decay * math.cos(im[k] * x), decay * math.sin(im[k] * x)
            v0 += cosine * _horner(poly_re[0, k], x) - sine * _horner(poly_im[0, k], x)
            v1 += cosine * _horner(poly_re[1, k], x) - sine * _horner(poly_im[1, k], x)
            v2 += cosine * _horner(poly_re[2, k], x) - sine * _horner(poly_im[2, k], x)
            v3 += cosine * _horner(poly_re[3, k], x) - sine * _horner(poly_im[3, k], x)
    return v0, v1, v2, v3


@njit(cache=True, error_model="numpy")
def bound(low, high, re, poly_re, poly_im, order):
    """Upper bound of the absolute mode sum of one derivative order on low <= x <= high."""
    total = 0.0
    for k in range(re.shape[0]):
        exponent = re[k] * (low if re[k] < 0.0 else high)
        if exponent < DEAD:
            break
        size, power = 0.0, 1.0
        for q in range(poly_re.shape[2]):
            size += power * math.hypot(poly_re[order, k, q], poly_im[order, k, q])
            power *= high
        total += size * math.exp(exponent)
    return total


@njit(cache=True, error_model="numpy")
def largest(high, low_decays, high_decays, re, sizes):
    """``bound`` over an interval that ends at ``high``, from the decays at both ends; ``sizes`` is (k, q)."""
    total = 0.0
    for k in range(re.shape[0]):
        size = sizes[k, -1]
        for q in range(sizes.shape[1] - 2, -1, -1):
            size = size * high + sizes[k, q]
        total += size * (low_decays[k] if re[k] < 0.0 else high_decays[k])
    return total


@njit(cache=True, error_model="numpy")
def _expm1_over(re, im, h):
    """``(exp(z h) - 1)/z`` for z = re + i im without cancellation, real and imaginary part."""
    if im == 0.0:
        if re == 0.0:
            return h, 0.0
        return math.expm1(re * h) / re, 0.0
    x, y = re * h, im * h
    half = math.sin(0.5 * y)
    top_re = math.expm1(x) * math.cos(y) - 2.0 * half * half
    top_im = math.exp(x) * math.sin(y)
    size = re * re + im * im
    return (top_re * re + top_im * im) / size, (top_im * re - top_re * im) / size


@njit(cache=True, error_model="numpy")
def _unit_moment(n, z):
    """Integral of ``x**n exp(z x)`` over [0, 1]: series near zero, upward recurrence elsewhere."""
    if abs(z) <= max(1.0, float(n)):
        term, total = 1.0 + 0.0j, (1.0 + 0.0j) / (n + 1)
        for j in range(1, 34 + 2 * n):
            term = term * z / j
            total += term / (n + 1 + j)
        return total
    exponential = complex(math.cos(z.imag), math.sin(z.imag)) * math.exp(z.real)
    value = (exponential - 1.0) / z
    for power in range(1, n + 1):
        value = (exponential - power * value) / z
    return value


@njit(cache=True, error_model="numpy")
def shift(decays, re, step):
    """Move the decays exp(re x) to x + step in place: by a short series where the step is small, as it mostly is."""
    for k in range(re.shape[0]):
        if decays[k] == 0.0:
            break
        y = re[k] * step
        if abs(y) < 1e-4:
            decays[k] *= 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0)))
        else:
            decays[k] *= math.exp(y)


@njit(cache=True, error_model="numpy")
def integrate(start, stop, start_decays, stop_decays, alpha, beta, re, im, poly_re, poly_im):
    """Integral of the segment between two local times with known decays, without the cancellation of primitives."""
    h = stop - start
    total = h * (alpha + beta * 0.5 * (start + stop))
    degree = poly_re.shape[2] - 1
    for k in range(re.shape[0]):
        decay = start_decays[k]
        if decay == 0.0:
            break
        if degree == 0 and im[k] == 0.0:
            if re[k] * h < -0.7:  # far enough apart for the difference of the decays to keep its digits
                total += poly_re[0, k, 0] * (stop_decays[k] - decay) / re[k]
            else:
                total += poly_re[0, k, 0] * decay * _expm1_over(re[k], 0.0, h)[0]
            continue
        c, s = decay * math.cos(im[k] * start), decay * math.sin(im[k] * start)
        if degree == 0:
            part_re, part_im = _expm1_over(re[k], im[k], h)
            a, b = poly_re[0, k, 0], poly_im[0, k, 0]
            total += (a * c - b * s) * part_re - (a * s + b * c) * part_im
            continue
        z = complex(re[k], im[k]) * h
        width = h
        for i in range(degree + 1):  # the polynomial about the start of the interval
            shifted, binomial, power = 0.0 + 0.0j, 1.0, 1.0
            for q in range(i, degree + 1):
                shifted += binomial * power * complex(poly_re[0, k, q], poly_im[0, k, q])
                binomial *= (q + 1) / (q + 1 - i)
                power *= start
            total += (shifted * complex(c, s) * width * _unit_moment(i, z)).real
            width *= h
    return total
