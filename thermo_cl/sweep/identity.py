"""What decides the numbers of a sweep, as text that can be compared: code, function, design, versions."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import thermo_cl
from thermo_cl.sweep.design import Design
from thermo_cl.sweep.functions import SweepFunction
from thermo_cl.sweep.layout import Layout
from thermo_cl.sweep.provenance import provenance

__all__ = ["code_digest", "differences", "identity", "sweep_attributes"]

_IRRELEVANT = ("cli", "plotting", "symbolic")  # rooms that no swept function runs through
_SHOWN = 4


@functools.cache
def code_files() -> dict[str, str]:
    """Digest of every source file of the library that numbers may depend on, by its path in the package."""
    root = Path(thermo_cl.__file__).parent
    files = sorted(p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in _IRRELEVANT)
    return {p.relative_to(root).as_posix(): _digest(p.read_bytes()) for p in files}


@functools.cache
def code_digest() -> str:
    """Digest of the library's code; the same on every machine that has the same code."""
    return _digest(json.dumps(code_files(), sort_keys=True).encode())


def identity(design: Design, function: Callable[..., Any], chunk: int, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Everything that two runs must share to go into one store."""
    return {
        "design": design.source.description() | {"hash": design.hash},
        "function": function_description(function),
        "chunk": chunk,
        "versions": json.loads(attributes["versions"]),
        "code": code_files(),
    }


def function_description(function: Callable[..., Any]) -> dict[str, str]:
    """Name, bound arguments and code of a function."""
    if isinstance(function, SweepFunction):
        return {"name": function.name, "options": _text(function.options)}
    if isinstance(function, functools.partial):
        inner = function_description(function.func)
        return inner | {"arguments": _text([function.args, function.keywords])}
    module = getattr(function, "__module__", None) or "?"  # none in code that is executed from text
    name = getattr(function, "__qualname__", type(function).__name__)
    described = {"name": f"{module}.{name}"}
    if inspect.isfunction(function):
        free = inspect.getclosurevars(function).nonlocals
        described["closure"] = _text({k: getattr(v, "__qualname__", v) for k, v in free.items()})
    if not module.startswith("thermo_cl."):
        described["code"] = _source_digest(function)
    return described


def differences(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The ways in which two identities differ, each as half a sentence; empty if they are the same."""
    found = []
    for part, what in (("design", "the design"), ("function", "the function"), ("versions", "the versions")):
        if changed := _changed(stored.get(part, {}), now[part], values=True):
            found.append(f"{what}: {changed}")
    if stored.get("chunk") != now["chunk"]:
        found.append(f"the chunk size: {stored.get('chunk')}, now {now['chunk']}")
    if changed := _changed(stored.get("code", {}), now["code"], values=False):
        found.append(f"the library's code: {changed}")
    return found


def sweep_attributes(design: Design, function: Callable[..., Any], layout: Layout) -> dict[str, str]:
    """Provenance of a sweep; nothing in it depends on the machine, the chunks or the workers."""
    described = function_description(function)
    source = function.summary if isinstance(function, SweepFunction) else f"sweep of {described['name']}"
    parameters = design.source.description() | {"results": list(layout.results)}
    more = {"function": json.dumps(described, sort_keys=True), "design_hash": design.hash, "code": code_digest()}
    return provenance(source, parameters, seed=design.seed) | more


def _changed(stored: Mapping[str, Any], now: Mapping[str, Any], *, values: bool) -> str:
    keys = [k for k in {**stored, **now} if stored.get(k) != now.get(k) and k != "hash"]
    keys = keys or [k for k in {**stored, **now} if stored.get(k) != now.get(k)]
    shown = [
        f"{k} {_short(stored.get(k))}, now {_short(now.get(k))}" if values else k
        for k in keys[:_SHOWN]
    ]  # fmt: skip
    return "; ".join(shown) + (f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else "")


def _short(value: Any) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _source_digest(function: Callable[..., Any]) -> str:
    """Digest of the file that a function is written in, or of its compiled code where there is none."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
        return _digest(Path(file or "").read_bytes())
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return "unknown" if code is None else _digest(code.co_code + repr(code.co_consts).encode())


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=lambda v: v.tolist() if hasattr(v, "tolist") else repr(v))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
