"""What the full response teaches: its thresholded integral over one cycle."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.driven import DrivenResponse, driven_response
from thermo_cl.feedback.nonlinear.flow import Ramp
from thermo_cl.synapse import Sawtooth, weight_update

__all__ = ["NonlinearUpdate", "nonlinear_update", "thresholded_update"]

_OPTIONS = {"about", "guess", "start", "rtol", "method", "max_steps", "samples"}
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True, eq=False)
class NonlinearUpdate:
    """Updates of a controller under a sawtooth; every array has the shape of the amplitudes.

    Attributes
    ----------
    update : ndarray
        Integral of the thresholded output over one cycle in the periodic state, in output * time.
    linear_update : ndarray
        The same from the small-signal kernel, by ``weight_update``.
    lowest, highest : ndarray
        Range of the output over the cycle, less its value at rest.
    reference : float
        Output at rest under the mean signal.
    first_moment : float
        Of the small-signal kernel; the ideal update is minus it times the amplitude.
    """

    update: FloatArray
    linear_update: FloatArray
    lowest: FloatArray
    highest: FloatArray
    reference: float
    first_moment: float


def nonlinear_update(
    controller: NonlinearController, protocol: Sawtooth, amplitudes: ArrayLike, *, threshold: float, **options: Any
) -> NonlinearUpdate:
    r"""Update per cycle without linearisation, beside that of the small-signal kernel.

    :math:`\Delta c = \int g(u(t) - u_0) dt` over one period of the periodic state, g(u) = u where \|u\| >= threshold
    and 0 elsewhere, :math:`u_0` the output at rest under the protocol's mean.

    Parameters
    ----------
    controller : NonlinearController
    protocol : Sawtooth
        A single one.
    amplitudes : array_like, shape () or (a,)
        Clamped-minus-free differences A >= 0 of the signal.
    threshold : float
        Hard threshold >= 0, in units of the output.
    **options
        For ``driven_response``: about, guess, start, rtol, method, max_steps, samples.

    Returns
    -------
    NonlinearUpdate

    Raises
    ------
    InvalidParameterError
        For a batch of protocols, or a number out of its domain; and as ``driven_response``.
    StiffnessError, ConvergenceError
        As ``driven_response``.
    """
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise InvalidParameterError("options", unknown[0], f"one of {', '.join(sorted(_OPTIONS))}")
    if protocol.batch_shape:
        raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
    heights = check.non_negative("amplitudes", amplitudes)
    if heights.ndim > 1 or heights.size == 0:
        raise InvalidParameterError("amplitudes.shape", heights.shape, "() or (a,), one or a row of amplitudes")
    floor = check.single("threshold", check.non_negative("threshold", threshold))
    flat = np.atleast_1d(heights)
    found: dict[int, tuple[float, float, float]] = {}
    options = {"samples": 200, "about": float(protocol.mean)} | options
    response: DrivenResponse | None = None
    for k in np.argsort(flat):
        response = driven_response(controller, protocol.signal(flat[k]), **options)
        away = response.output - response.point.output
        found[int(k)] = thresholded_update(response, floor), float(away.min()), float(away.max())
    assert response is not None
    linear = weight_update(
        response.kernel, Sawtooth(protocol.fast, protocol.slow, protocol.mean - response.point.signal), heights,
        threshold=floor,
    )  # fmt: skip
    columns = [np.reshape([found[k][i] for k in range(flat.size)], heights.shape)[()] for i in range(3)]
    moment = float(response.kernel.first_moment)
    return NonlinearUpdate(columns[0], linear, columns[1], columns[2], response.point.output, moment)


def thresholded_update(response: DrivenResponse, threshold: float, reference: float | None = None) -> float:
    r"""Integral of g(u - reference) over the times that a response covers.

    Gauss quadrature on each of the integrator's steps, divided where the output crosses the threshold; crossings are
    roots of the integrator's own interpolant, so that the hard threshold costs no accuracy.

    Parameters
    ----------
    response : DrivenResponse
    threshold : float
        >= 0, in units of the output.
    reference : float, optional
        The output at rest by default.

    Returns
    -------
    float
        In output * time.
    """
    floor = check.single("threshold", check.non_negative("threshold", threshold))
    origin = (
        response.point.output if reference is None else check.single("reference", check.finite("reference", reference))
    )
    controller, total = response.point.controller, 0.0
    for ramp in response.ramps:
        for k in range(len(ramp.pieces)):
            total += _on_step(controller, ramp, k, floor, origin)
    return total


def _on_step(controller: NonlinearController, ramp: Ramp, k: int, floor: float, origin: float) -> float:
    """Thresholded integral over one step of the integrator."""
    import scipy.optimize

    def output(local: FloatArray) -> FloatArray:
        return controller.outputs(ramp.on_step(k, local), ramp.signal(local)) - origin

    def beyond(local: float, level: float) -> float:
        return float(output(np.array([local]))[0]) - level

    begin, end = float(ramp.times[k]), float(ramp.times[k + 1])
    middle, half = 0.5 * (begin + end), 0.5 * (end - begin)
    points = np.concatenate([[begin], middle + half * _NODES, [end]])
    values = output(points)
    cuts = []
    for level in {floor, -floor}:
        for i in np.flatnonzero((values[:-1] - level) * (values[1:] - level) < 0.0):
            bracket = float(points[i]), float(points[i + 1])
            cuts.append(scipy.optimize.brentq(beyond, *bracket, args=(level,), xtol=1e-14 * end))
    if not cuts:
        return half * float(_WEIGHTS @ values[1:-1]) if abs(values[len(values) // 2]) >= floor else 0.0
    total, edges = 0.0, [begin, *sorted(cuts), end]
    for left, right in itertools.pairwise(edges):
        piece = output(0.5 * (left + right) + 0.5 * (right - left) * _NODES)
        if abs(piece[len(piece) // 2]) >= floor:
            total += 0.5 * (right - left) * float(_WEIGHTS @ piece)
    return total
