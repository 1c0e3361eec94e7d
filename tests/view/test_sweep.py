"""A sweep shown: what the tables and the figure say, and that a folder is written whole or refused."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest

from ceasefire.study import sweep as study
from ceasefire.study.design import Plan, PlanError
from ceasefire.view import sweep as view

INPUT = {"name": "manpower.recruitment[Blue]", "kind": "factor", "low": 0.5, "high": 2.0}


@pytest.fixture(scope="module", params=["sobol", "grid", "policies"])
def found(request, invented_war, tmp_path_factory) -> study.Sweep:
    policy = tmp_path_factory.mktemp("plan") / "less.toml"
    policy.write_text('title = "Less <of> it"\ndo = ["manpower.recruitment[Blue]=x0.5"]\n')
    said = {"policies": [str(policy)]} if request.param == "policies" else {"vary": [INPUT]}
    if request.param == "sobol":
        said["samples"] = 4
    told = {"title": "More <and> less", "scenario": "x", "weeks": 13, "runs": 4, "method": request.param}
    return study.of_start(invented_war, Plan.model_validate(told | said), workers=2)


def test_the_text_names_inputs_outputs_and_what_is_expected(found):
    text = view.text(found)
    for said in ("ground_taken[Blue]", "towns_changed", "week 13", "A surprise", "same luck", "4 wars"):
        assert said in text
    assert (found.design.titles or found.design.names)[0][:20] in text
    assert max(len(line) for line in text.splitlines()[:-2]) <= 120


def test_files_agree_and_are_replaced_only_by_a_sweep(found, tmp_path):
    folder = tmp_path / "new" / "sweep"
    files = view.write(found, folder)
    assert {path.name for path in files} == {path.name for path in folder.iterdir()}
    told = json.loads((folder / view.JSON).read_text())
    rows = list(csv.reader(io.StringIO((folder / view.CSV).read_text())))
    assert len(rows) == 1 + len(told["points"]) == 1 + len(found.mean)
    assert float(rows[-1][-2]) == told["points"][-1]["mean"][-1][-1] == found.mean[-1, -1, -1]
    drawing = ET.parse(folder / view.SVG).getroot()
    assert "".join(drawing.itertext()).count(found.plan.title) >= 1
    view.write(found, folder)
    (folder / "other.txt").write_text("mine")
    with pytest.raises(PlanError, match="holds something else"):
        view.write(found, folder)
