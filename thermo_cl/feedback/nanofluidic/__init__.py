"""Capacitors in series with memristors: linear pairs that learn in networks, and conical channels that rectify."""

from thermo_cl._show import public
from thermo_cl.feedback.nanofluidic.channel import ChannelResponse, ConicalChannel, RectifyingPair
from thermo_cl.feedback.nanofluidic.unit import CapacitorMemristor

__all__ = ["CapacitorMemristor", "ChannelResponse", "ConicalChannel", "RectifyingPair"]

__dir__ = public(__all__)
