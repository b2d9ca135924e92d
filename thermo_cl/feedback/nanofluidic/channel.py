"""A rectifying channel, whose conductance follows its own voltage with a memory, in series with a capacitor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, StiffnessError
from thermo_cl.kernels import Kernel, PeriodicSignal, high_pass_kernel

__all__ = ["ChannelResponse", "ConicalChannel", "RectifyingPair"]

_TOLERANCE = 1e-11
_MOST_TIMES = 1e5  # period over fastest relaxation that an explicit scheme should be asked to follow


@dataclass(frozen=True)
class ConicalChannel:
    r"""A memristor that rectifies: :math:`g' = (g_\infty(V) - g)/T`, :math:`g_\infty = g_0(1 + r\tanh(V/V_0))`.

    Ions are recruited into the cone or depleted from it, by the sign of the voltage across it, within the time T of
    diffusion along it. A sigmoid between g_0 (1 - r) and g_0 (1 + r) stands for the steady curve of such channels.

    Parameters
    ----------
    conductance : float
        g_0 at no voltage, S.
    rectification : float
        r, at least 0 and below 1; the ratio of both conductances is (1 + r)/(1 - r).
    voltage : float
        V_0 of the sigmoid, V.
    memory : float
        T, s.

    Raises
    ------
    InvalidParameterError
        If a number is outside of its domain.
    """

    conductance: float = 1e-9
    rectification: float = 0.5
    voltage: float = 0.5
    memory: float = 0.02

    def __post_init__(self) -> None:
        ratio = check.single("rectification", check.non_negative("rectification", self.rectification))
        if ratio >= 1.0:
            raise InvalidParameterError("rectification", ratio, "below 1, so that the conductance stays positive")
        numbers = {
            name: check.positive_number(name, getattr(self, name)) for name in ("conductance", "voltage", "memory")
        }
        check.freeze(self, rectification=ratio, **numbers)

    def steady(self, voltage: ArrayLike) -> FloatArray:
        """Conductance (S) at constant voltages (V), shape of the voltages."""
        return np.asarray(self.conductance * (1.0 + self.rectification * np.tanh(np.asarray(voltage) / self.voltage)))[
            ()
        ]


@dataclass(frozen=True, eq=False)
class ChannelResponse:
    """A rectifying pair over the last of the cycles it was driven through.

    Attributes
    ----------
    times : ndarray, shape (n,)
        Since the start of that cycle, s.
    voltages : ndarray, shape (n,)
        Of the channel, V.
    conductances : ndarray, shape (n,)
        Of the channel, S.
    capacitor : ndarray, shape (n,)
        Voltage of the capacitor, V.
    """

    times: FloatArray
    voltages: FloatArray
    conductances: FloatArray
    capacitor: FloatArray


@dataclass(frozen=True)
class RectifyingPair:
    r"""A conical channel in series with a capacitor: :math:`C V_C' = g\,(V - V_C)`, with g the channel's own state.

    For small signals the channel's voltage is the linear pair's, with tau = C/g_0; what is left over falls with the
    square of the amplitude. A periodic drive leaves a mean charge on the capacitor, as the channel rectifies.

    Parameters
    ----------
    channel : ConicalChannel
    capacitance : float
        C > 0, F.

    Raises
    ------
    InvalidParameterError
        If the capacitance is not positive.
    """

    channel: ConicalChannel = ConicalChannel()
    capacitance: float = 1e-10

    def __post_init__(self) -> None:
        check.freeze(self, capacitance=check.positive_number("capacitance", self.capacitance))

    @property
    def timescale(self) -> float:
        """RC time at no voltage, s."""
        return self.capacitance / self.channel.conductance

    @property
    def kernel(self) -> Kernel:
        """Small-signal kernel from the pair's voltage to the channel's, about no voltage."""
        return high_pass_kernel(1.0, self.timescale)

    def response(self, voltage: PeriodicSignal, times: ArrayLike, *, cycles: int = 20) -> ChannelResponse:
        """Drive the pair through several cycles from its rest at the first voltage, and read the last.

        Parameters
        ----------
        voltage : PeriodicSignal
            Single, V.
        times : array_like, shape (n,)
            Within one period, increasing, s.
        cycles : int
            >= 1; the periodic state is reached within many relaxation times.

        Returns
        -------
        ChannelResponse

        Raises
        ------
        InvalidParameterError
            For a batch of signals, or times outside of the period.
        StiffnessError
            If a relaxation is too fast for the period: more than 1e5 times shorter.
        """
        if voltage.times.ndim != 1 or voltage.values.ndim != 1:
            raise InvalidParameterError("voltage", "a batch of signals", "a single signal")
        count, period = check.integer_at_least("cycles", cycles, 1), float(voltage.period)
        when = np.atleast_1d(check.finite("times", times))
        if when.ndim != 1 or (np.diff(when) <= 0.0).any() or when[0] < 0.0 or when[-1] > period:
            raise InvalidParameterError("times", when.tolist(), f"increasing, from 0 to the period {period:g}")
        self._refuse_stiff(period)
        state = np.array([float(voltage.values[0]), 1.0])  # capacitor's voltage, conductance over that at no voltage
        for _ in range(count - 1):
            state = self._cycle(voltage, state, None)[-1]
        rows = self._cycle(voltage, state, when)
        at = np.asarray(voltage(np.minimum(when, np.nextafter(period, 0.0))))
        conductance = self.channel.conductance * rows[:-1, 1]
        return ChannelResponse(when, at - rows[:-1, 0], conductance, rows[:-1, 0])

    def _refuse_stiff(self, period: float) -> None:
        fastest_pair = self.timescale / (1.0 + self.channel.rectification)
        fastest = min(fastest_pair, self.channel.memory)
        if period > _MOST_TIMES * fastest:
            which = "RC time" if fastest_pair < self.channel.memory else "memory time of the channel"
            raise StiffnessError(
                f"the {which}, {fastest:.3g} s, is too fast for a period of {period:.3g} s; shorten the period, or "
                "use the linear pair, which has a closed form",
                fastest, max(period, self.timescale),
            )  # fmt: skip

    def _cycle(self, voltage: PeriodicSignal, state: FloatArray, times: FloatArray | None) -> FloatArray:
        """States at the times asked for and, in the last row, at the end of the cycle."""
        from scipy.integrate import solve_ivp

        tau, memory, channel = self.timescale, self.channel.memory, self.channel
        scale = max(float(np.ptp(voltage.values)), 1e-300)
        rows = []
        for n, slope in enumerate(voltage.slopes):
            begin, end, level = float(voltage.times[n]), float(voltage.times[n + 1]), float(voltage.values[n])

            def rate(
                t: float, y: FloatArray, begin: float = begin, level: float = level, slope: float = slope
            ) -> FloatArray:
                felt = level + slope * (t - begin) - y[0]
                steady = 1.0 + channel.rectification * np.tanh(felt / channel.voltage)
                return np.array([y[1] * felt / tau, (steady - y[1]) / memory])

            last = n == voltage.slopes.size - 1
            inside = (
                np.zeros(0) if times is None else times[(times >= begin) & ((times <= end) if last else (times < end))]
            )
            at = np.append(inside, end) if inside.size == 0 or inside[-1] < end else inside
            tolerance = _TOLERANCE * np.array([scale, scale / channel.voltage])
            solved = solve_ivp(rate, (begin, end), state, method="DOP853", t_eval=at, rtol=1e-12, atol=tolerance)
            if not solved.success:
                raise StiffnessError(f"the channel could not be followed: {solved.message}", min(tau, memory), end)
            state = solved.y[:, -1]
            rows.append(solved.y.T[: inside.size])
        return np.vstack([*rows, state])
