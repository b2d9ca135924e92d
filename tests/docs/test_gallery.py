"""Every example of the gallery has a title, one idea in words, and draws; ``make docs`` runs them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "gallery"
EXAMPLES = sorted(FOLDER.glob("plot_*.py"))


def test_there_are_at_least_sixteen_examples() -> None:
    assert len(EXAMPLES) >= 16


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_title_and_a_picture(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, line, *text = (ast.get_docstring(tree) or "\n").splitlines()
    assert title
    assert line == "=" * len(title)
    assert " ".join(text).strip().endswith(".")
    drawn = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "figure"]
    assert any(isinstance(node.ctx, ast.Store) for node in drawn)
