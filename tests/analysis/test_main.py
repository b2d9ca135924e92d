"""``python -m analysis``: options reach the analyses that take them, and large sweeps go to a store."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from analysis import __main__ as command
from analysis import dissipation
from analysis.__main__ import main
from thermo_cl.sweep import load_netcdf, open_store, store_info


def refusal(arguments: list[str], capsys) -> str:
    with pytest.raises(SystemExit):
        main(arguments)
    return capsys.readouterr().err


def test_options_reach_the_analysis(tmp_path) -> None:
    assert main(["dissipation", "--ladders", "70", "--rng", "2", "--out", str(tmp_path)]) == 0
    xr.testing.assert_identical(load_netcdf(tmp_path / "dissipation.nc"), dissipation.compute(70, rng=2))


def test_a_store_takes_the_place_of_the_file(tmp_path, capsys) -> None:
    store = tmp_path / "a.zarr"
    arguments = ["dissipation", "--ladders", "70", "--store", str(store), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith(f"{store}  {{'point': 70}}")
    assert not list((tmp_path / "out").iterdir())
    found, curves = open_store(store).load(), dissipation.compute(70)
    assert "weight_update" not in found
    for name in found.data_vars:
        if name != "valid":
            np.testing.assert_array_equal(found[name], curves[name])
    assert main(arguments) == 1
    assert "exists; resume" in capsys.readouterr().err
    (store / "offset" / "c" / "0").write_bytes(b"nonsense")
    assert main([*arguments, "--resume"]) == 0
    assert "0 of 1 chunks taken over, 1 damaged and computed again" in capsys.readouterr().out
    assert store_info(store, verify=True).complete
    assert main([*arguments[:2], "60", *arguments[3:], "--force"]) == 0
    assert store_info(store).sizes == {"point": 60}


def test_many_ladders_choose_a_store(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(command.STREAMED, "dissipation", ("ladders", 50))
    assert main(["dissipation", "--ladders", "51", "--out", str(tmp_path)]) == 0
    assert main(["dissipation", "--ladders", "51", "--out", str(tmp_path), "--resume"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["dissipation.zarr"]
    assert main(["dissipation", "--ladders", "50", "--out", str(tmp_path)]) == 0
    assert load_netcdf(tmp_path / "dissipation.nc").sizes["ladder"] == 50


def test_options_that_an_analysis_lacks_are_refused_with_those_that_have_them(tmp_path, capsys) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert "--ladders is no option of offset; name only analyses that take it: dissipation" in refusal(
        ["offset", "--ladders", "5", *out], capsys
    )
    told = refusal(["dissipation", "offset", "ramp_speed", "--store", "a.zarr", *out], capsys)
    assert "--store is no option of offset, ramp_speed; name only analyses that take it: dissipation" in told
    assert "--resume is no option of" in refusal(["--resume", *out], capsys)
    assert "the nearest: dissipation" in refusal(["disipation", *out], capsys)
    assert not (tmp_path / "out").exists()


def test_what_the_sweep_refuses_is_told(tmp_path, capsys) -> None:
    for arguments, said in (
        (["--ladders", "0"], "ladders = 0"),
        (["--workers", "0"], "workers = 0"),
        (["--resume"], "resume = True"),
        (["--workers", "1", "--scheduler", "tcp://127.0.0.1:1"], "at most one"),
        (["--store", str(tmp_path / "a.zarr"), "--resume"], "no sweep in"),
    ):
        assert main(["dissipation", "--out", str(tmp_path), *arguments]) == 1
        assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_studies_get_a_folder_only_if_they_take_one(tmp_path, monkeypatch) -> None:
    called = {}

    def with_folder(*, folder=None, rng=0) -> xr.Dataset:
        called["with"] = folder
        return xr.Dataset({"a": 1.0})

    def without_folder(*, rng=0) -> xr.Dataset:
        called["without"] = None
        return xr.Dataset({"a": 1.0})

    from analysis import accuracy_dissipation, mnist

    monkeypatch.setattr(mnist, "compute", with_folder)
    monkeypatch.setattr(accuracy_dissipation, "compute", without_folder)
    assert main(["mnist", "accuracy_dissipation", "--out", str(tmp_path)]) == 0
    assert called == {"with": tmp_path / "mnist-runs", "without": None}


def test_an_interrupted_sweep_says_how_to_go_on(tmp_path, monkeypatch, capsys) -> None:
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(dissipation, "compute", interrupted)
    assert main(["dissipation", "--out", str(tmp_path)]) == 130
    assert "--resume" in capsys.readouterr().err
