"""The README's library examples run as printed, and its commands and files exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_blocks_run(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, "README.md", "exec"), namespace)
    assert capsys.readouterr().out.strip()
    assert namespace["update"].shape == (200, 500)


def test_designs_and_their_commands_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.command_line import run
    from thermo_cl.sweep import store_info

    monkeypatch.chdir(tmp_path)
    (design,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    assert "points = 1_000_000" in design
    Path("design.toml").write_text(design.replace("1_000_000", "100"))  # the same, but short
    commands = re.findall(r"^thermo-cl ((?:sweep|info) .*?)(?:  +#.*)?$", README, flags=re.MULTILINE)
    here = [command.replace("--workers 2", "").split() for command in commands if "HOST" not in command]
    assert [words[0] for words in here] == ["sweep", "sweep", "info"]
    for words in here:
        answer = run(*words)
        assert answer.exit_code == 0, answer.output
    assert store_info("out.zarr").sizes == {"point": 100}


def test_linked_files_exist() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake (\w+)", README)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_versions_agree() -> None:
    import thermo_cl

    assert f"version: {thermo_cl.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
