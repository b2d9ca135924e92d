"""What a simulated network of series units did, at every step."""

from __future__ import annotations

from dataclasses import dataclass

from thermo_cl._types import FloatArray

__all__ = ["Trajectory"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A network of series units over time.

    Attributes
    ----------
    times : ndarray, shape (n,)
    positions : ndarray, shape (n, dofs)
        Positions (m) or voltages (V) of the nodes.
    strains, felt : ndarray, shape (n, edges)
        Strain (m) or voltage (V) e of each edge, and what its element feels of it, z = e - d.
    coefficients, storage : ndarray, shape (n, edges)
        c and b.
    dissipated : ndarray, shape (n, edges)
        Energy (J) turned into heat since the first time.
    imbalance : ndarray, shape (n,)
        Largest force (N) or current (A) left over at a free degree of freedom.
    """

    times: FloatArray
    positions: FloatArray
    strains: FloatArray
    felt: FloatArray
    coefficients: FloatArray
    storage: FloatArray
    dissipated: FloatArray
    imbalance: FloatArray

    @property
    def elongations(self) -> FloatArray:
        """Elongation of the dashpots (m) or voltage of the capacitors (V), d = e - z, shape (n, edges)."""
        return self.strains - self.felt

    @property
    def tensions(self) -> FloatArray:
        """Tension (N) or current (A) of each edge, c z, shape (n, edges)."""
        return self.coefficients * self.felt

    @property
    def charges(self) -> FloatArray:
        """Charge of the capacitors (C), or impulse that went through the dashpots (N s), b d, shape (n, edges)."""
        return self.storage * self.elongations
