"""``thermo-cl derive``: derivations of the formulas, proved and checked."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.outputs import errors_reported

if TYPE_CHECKING:
    from thermo_cl.symbolic import Equation
    from thermo_cl.symbolic.documents.outcomes import Outcome

__all__ = ["derive"]


@errors_reported
def derive(
    equations: Annotated[
        list[str] | None,
        typer.Argument(metavar="EQ", help="Names of equations, such as tcl-33; without one, all are listed."),
    ] = None,
    latex: Annotated[
        Path | None, typer.Option("--latex", metavar="FILE.tex", help="Write the derivations as a LaTeX document.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE.html", help="Write the derivations as a web page.")
    ] = None,
    rng: Annotated[int, typer.Option(min=0, metavar="SEED", help="Seed of the numbers of each check.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    force: opt.Force = False,
) -> None:
    """Derivations of the formulas, proved and checked.

    Lists every equation with the outcome of its proof and of its check against the library, or prints the derivations
    of those named. The exit status is 1 if one of them fails.
    """
    _check_files(latex, html, force=force)
    import thermo_cl.symbolic as room

    chosen = [room.equation(name) for name in dict.fromkeys(equations or room.names())]
    say: Callable[[Equation, Outcome], None] = lambda *_: None  # noqa: E731 - JSON is printed at the end, whole
    if not as_json:
        say = _print_derivation if equations else _line_of(chosen)
    outcomes = _verified(chosen, rng, say)
    if as_json:
        typer.echo(json.dumps([_record(e, outcomes[e.name]) for e in chosen], indent=2, allow_nan=False))
    elif not equations:
        typer.echo(_summary(outcomes))
    _write_files([(latex, room.latex_document), (html, room.html_document)], chosen, outcomes, force=force)
    if not all(outcome.holds for outcome in outcomes.values()):
        raise typer.Exit(1)


def _check_files(latex: Path | None, html: Path | None, *, force: bool) -> None:
    from thermo_cl.errors import InvalidParameterError
    from thermo_cl.sweep import check_output

    for name, path, suffixes in (("latex", latex, (".tex",)), ("html", html, (".html", ".htm"))):
        if path is not None:
            if path.suffix.lower() not in suffixes:
                raise InvalidParameterError(name, str(path), f"a file name that ends in {' or '.join(suffixes)}")
            check_output(path, force=force)


def _verified(equations: Iterable[Equation], rng: int, say: Callable[[Equation, Outcome], None]) -> dict[str, Outcome]:
    """Outcomes by name, each told as soon as it is known: all of them take a minute."""
    from thermo_cl.symbolic.documents.outcomes import verify

    outcomes = {}
    for equation in equations:
        outcomes[equation.name] = verify(equation, rng)
        say(equation, outcomes[equation.name])
    return outcomes


def _print_derivation(equation: Equation, outcome: Outcome) -> None:
    from shutil import get_terminal_size

    from thermo_cl.symbolic import text_derivation

    _echo(f"{text_derivation(equation, outcome, width=min(get_terminal_size().columns, 120))}\n")


def _echo(text: str) -> None:
    """Print what the terminal can show; a sign outside its encoding becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    typer.echo(text.encode(encoding, "replace").decode(encoding))


def _line_of(equations: Iterable[Equation]) -> Callable[[Equation, Outcome], None]:
    """How an equation and its outcome are told in a line, aligned with those of the others."""
    widest = max((len(equation.name) for equation in equations), default=0)

    def say(equation: Equation, outcome: Outcome) -> None:
        proof = "proved" if outcome.proof.proved else "FAILED"
        check = "agrees" if outcome.check.agrees else "FAILED"
        number = f" (Eq. {equation.number})" if equation.number else ""
        _echo(f"{proof}  {check}  {equation.name:{widest}}  {equation.title}{number}")
        if not outcome.holds:
            _echo(f"  {outcome.proof_in_words}; {outcome.check_in_words}")

    return say


def _summary(outcomes: Mapping[str, Outcome]) -> str:
    proved = sum(outcome.proof.proved for outcome in outcomes.values())
    agree = sum(outcome.check.agrees for outcome in outcomes.values())
    return f"{len(outcomes)} equations: {proved} proved, {agree} agree with the library"


def _record(equation: Equation, outcome: Outcome) -> dict[str, Any]:
    deviation = outcome.check.deviation
    return {
        "name": equation.name,
        "paper": equation.paper,
        "number": equation.number,
        "title": equation.title,
        "statement": str(equation.statement),
        "latex": equation.latex(),
        "proved": outcome.proof.proved,
        "failed": outcome.proof.failed,
        "agrees": outcome.check.agrees,
        "deviation": deviation if math.isfinite(deviation) else None,
        "tolerance": outcome.check.tolerance,
    }


def _write_files(
    writers: Iterable[tuple[Path | None, Callable[..., str]]],
    equations: list[Equation],
    outcomes: Mapping[str, Outcome],
    *,
    force: bool,
) -> None:
    """Compose every document before the first is written, so that a failure leaves none."""
    from thermo_cl.sweep import atomic_output

    texts = {path: write(equations, outcomes) for path, write in writers if path is not None}
    for path, text in texts.items():
        with atomic_output(path, force=force) as draft:
            draft.write_text(text, encoding="utf-8")
        typer.echo(f"saved {path}", err=True)
