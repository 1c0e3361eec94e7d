"""The notebook of the examples runs on a result, carries no outputs and names no folder of anybody's machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray

from ceasefire.simulate import result as results

NOTEBOOK = Path(__file__).parents[2] / "examples" / "explore.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_it_is_kept_without_outputs(cells: list[dict]) -> None:
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert "/home" not in NOTEBOOK.read_text(encoding="utf-8")


def test_its_cells_run_and_draw(cells, result: xarray.Dataset, tmp_path, monkeypatch, capsys) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with results.whole(tmp_path / "result") as folder:
        results.save(result, folder)
    monkeypatch.setenv("RESULT", str(tmp_path / "result"))
    names: dict = {}
    drawn = []
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            drawn += [len(axes.lines) + len(axes.collections) + len(axes.patches) for axes in plt.gcf().axes]
            plt.close("all")
    gained = result["area"].sum("axis").isel(week=-1) - result["area"].sum("axis").isel(week=0)
    assert names["middle"].values[-1] == pytest.approx(float(gained.median()))
    assert len(drawn) == 2
    assert min(drawn) > 0
    assert "ceasefire" in capsys.readouterr().out
