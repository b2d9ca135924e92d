"""Public names say what they take, what they give back and what they refuse; the package itself is asked."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest

from tests.test_public_names import PUBLIC

COMPLETE = ("kernels", "sweep", "symbolic", "synapse", "units")  # rooms whose every name has all its sections


def public_objects(module: str) -> list[tuple[str, Any]]:
    room = importlib.import_module(module)
    listed = ((name, getattr(room, name)) for name in PUBLIC[module].split())
    return [(name, item) for name, item in listed if inspect.isclass(item) or inspect.isfunction(item)]


def own_text(item: Any) -> str:
    """The docstring of a function, or of a class itself and not of its parent."""
    return (vars(item).get("__doc__") if inspect.isclass(item) else item.__doc__) or ""


def missing(item: Any) -> list[str]:
    """Sections and parameters that a docstring lacks."""
    text = inspect.cleandoc(own_text(item))
    signature = inspect.signature(item)
    has = {title for title in ("Parameters", "Attributes", "Returns", "Yields", "Raises") if _section(title, text)}
    found = [name for name in signature.parameters if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    if signature.parameters and not has & {"Parameters", "Attributes"}:
        found.append("Parameters or Attributes")
    if inspect.isfunction(item):
        if signature.return_annotation not in {None, "None"} and not has & {"Returns", "Yields"}:
            found.append("Returns")
        if re.search(r"^\s+raise \w", inspect.getsource(item), re.MULTILINE) and "Raises" not in has:
            found.append("Raises")
    return found


def _section(title: str, text: str) -> bool:
    return re.search(rf"^{title}\n-{{{len(title)}}}$", text, re.MULTILINE) is not None


def test_a_bare_docstring_is_found_out() -> None:
    def bare(gain: float) -> float:
        """Twice that."""
        if gain < 0:
            raise ValueError
        return 2 * gain

    assert missing(bare) == ["gain", "Parameters or Attributes", "Returns", "Raises"]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_has_a_docstring_of_its_own(module: str) -> None:
    # a dataclass without one is given its signature
    bare = [n for n, item in public_objects(module) if (own_text(item) or f"{n}(").startswith(f"{n}(")]
    assert bare == []


@pytest.mark.parametrize("room", COMPLETE)
def test_docstrings_have_all_sections(room: str) -> None:
    lacking = {name: missing(item) for name, item in public_objects(f"thermo_cl.{room}")}
    assert {name: what for name, what in lacking.items() if what} == {}
