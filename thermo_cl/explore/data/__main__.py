"""Write ``frontier.csv`` from the data set of ``python -m analysis frontier``: one optimal ladder a line."""

from __future__ import annotations

import sys
from pathlib import Path

from thermo_cl.explore.frontier import COLUMNS
from thermo_cl.sweep import atomic_output, load_netcdf

_STEP = "free"  # optimal over the height of the signal's step too, so that no ladder of the explorer lies below


def frontier_csv(source: Path) -> str:
    """Table of the optimal ladders of a data set."""
    data = load_netcdf(source).sel(step=_STEP)
    lines = [",".join(COLUMNS)]
    for k, levels in enumerate(data["levels"].values.tolist()):
        for i, accuracy in enumerate(data["target"].values.tolist()):
            numbers = [accuracy, float(data["rate"][k, i]), *data["parameters"].values[k, i].tolist()]
            lines.append(",".join([str(levels), *map(repr, numbers)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with atomic_output(Path(__file__).with_name("frontier.csv"), force=True) as draft:
        draft.write_text(frontier_csv(Path(sys.argv[1])), encoding="utf-8")
