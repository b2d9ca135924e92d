"""Colours that can be told apart by everybody, on light and on dark ground; greys follow the page's theme."""

from __future__ import annotations

__all__ = [
    "ABOVE",
    "BELOW",
    "BOTTOM_RAIL",
    "CURVE",
    "FONT",
    "FRONTIER",
    "GREY",
    "OUTPUT",
    "STAR",
    "THRESHOLD",
    "TOP_RAIL",
]

TOP_RAIL, BOTTOM_RAIL = "#e8743b", "#3c8dd9"
ABOVE, BELOW = "#2a9d8f", "#c2549d"
OUTPUT, THRESHOLD = "#7b68ee", "#d99000"
CURVE, STAR = "#3c8dd9", "#e8743b"
FRONTIER = "#2a9d8f"
GREY = "#8a92a0"
FONT = "sans-serif"
