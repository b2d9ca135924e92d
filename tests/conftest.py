"""Shared settings: property tests draw the same examples everywhere, and slow compilation is not a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture(scope="session")
def authors() -> dict[str, Any]:
    """Outputs of the paper authors' own programs; the file says how precise they are."""
    return json.loads((Path(__file__).parent / "reference" / "authors_published.json").read_text())
