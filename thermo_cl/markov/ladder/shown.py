"""How a ladder shows itself in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from thermo_cl import _show as show
from thermo_cl._types import FloatArray

if TYPE_CHECKING:
    from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["ladder_html"]

_STEP, _WIDEST = 34, 24  # pixels between levels, and of the disc of a state that is always occupied
_MOST_LEVELS = 24  # that are drawn


def ladder_html(ladder: Ladder) -> str:
    """Table of a ladder's parameters and dissipation, and its rails with the occupancies without a signal."""
    rows: dict[str, object] = {
        "drive gamma": ladder.gamma, "rate factor": ladder.rate_factor, "levels": ladder.n_levels,
        "reference level": ladder.reference_level, "energy step (k_B T)": ladder.energy_step,
    }  # fmt: skip
    if ladder.batch_shape:
        return show.html_card("Ladders", {"batch": str(ladder.batch_shape)} | rows)
    rows["dissipation (k_B / ladder time)"] = ladder.entropy_production_rate()
    if ladder.n_levels > _MOST_LEVELS:
        return show.html_card("Ladder", rows)
    drawn = _rails(ladder.steady_state().reshape(2, ladder.n_levels))
    return show.html_card("Ladder", rows, drawn, "occupancies without a signal: top rail, bottom rail")


def _rails(occupancy: FloatArray) -> str:
    """Two rails of discs whose areas are the occupancies, shape (2, n), as inline SVG."""
    n = occupancy.shape[1]
    width, parts = _STEP * n, list[str]()
    for rail, (colour, shares) in enumerate(zip(("#1f4e8c", "#d98014"), occupancy, strict=True)):
        y = 20 + 44 * rail
        parts.append(f'<line x1="17" y1="{y}" x2="{width - 17}" y2="{y}" stroke="currentColor" stroke-opacity="0.4"/>')
        for level, share in enumerate(shares):
            x, radius = 17 + _STEP * level, max(1.5, 0.5 * _WIDEST * np.sqrt(share) * 1.4)
            if rail == 0:
                parts.append(f'<line x1="{x}" y1="20" x2="{x}" y2="64" stroke="currentColor" stroke-opacity="0.4"/>')
            parts.append(
                f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="{colour}"><title>level {level}: {share:.3g}</title>'
                "</circle>"
            )
    box = f'width="{width}" height="84" viewBox="0 0 {width} 84"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>'
