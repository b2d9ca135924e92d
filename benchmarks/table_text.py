"""Numbers and rows as Markdown text."""

from __future__ import annotations

UNITS = (
    ("years", 365.25 * 86400), ("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)
)  # fmt: skip


def duration(seconds: float) -> str:
    """Time in the largest unit of which it holds at least one and a half (one below a minute), to two digits or so."""
    for unit, size in UNITS:
        value = seconds / size
        if value >= (1.5 if size >= 60 else 1.0):
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def times(ratio: float) -> str:
    """Ratio to two significant digits, with separators."""
    return f"{float(f'{ratio:.2g}'):,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def aligned(rows: list[list[str]]) -> str:
    """Markdown table, first row the header; all columns but the first to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [[row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])
