"""The invented war as a result: everything that a forecast has, on a map that no packaged table knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.simulate import ensemble as many
from ceasefire.simulate import result as results
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.study.forecast import dataset
from ceasefire.study.summary import Summary, summarise
from ceasefire.view.web.subject import Subject

RUNS, WEEKS, SEED = 40, 26, 5


@pytest.fixture(scope="session")
def invented_ensemble(invented_war) -> Ensemble:
    return many.simulate(invented_war, runs=RUNS, weeks=WEEKS, seed=SEED, workers=1)


@pytest.fixture(scope="session")
def invented_result(invented_ensemble) -> xr.Dataset:
    return dataset(invented_ensemble)


@pytest.fixture(scope="session")
def invented_summary(invented_result) -> Summary:
    return summarise(invented_result)


@pytest.fixture(scope="session")
def shown_scenario() -> spec.Scenario:
    return spec.load("abu-dhabi-2026-01")


@pytest.fixture(scope="session")
def shown_folder(result, shown_scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up forecast as a folder, as `ceasefire forecast` would write it: nothing is fought for it."""
    shares = np.repeat(np.where(result["town_holder"] == 0, 1.0, 0.0)[None, :, None], result.sizes["week"], axis=0)
    whole = result.assign(
        town_share=(("week", "town", "run"), np.repeat(shares, result.sizes["run"], axis=2)),
        taken=(("week", "side", "axis", "run"), np.zeros([result.sizes[d] for d in ("week", "side", "axis", "run")])),
        **{stock: result["equipment"] for stock in ("equipment", "storage") if "equipment" in result},
        cell=result["cell"].astype(np.uint64),
    )
    known = Vintage(Store.open(), shown_scenario.opening)
    whole.attrs |= {"scenario_document": shown_scenario.model_dump_json(), "fingerprint": "ab12cd34"}
    whole.attrs |= {"version": results.VERSION, "evidence_hash": known.hash}
    folder = tmp_path_factory.mktemp("made-up") / "result"
    with results.whole(folder) as aside:
        results.save(whole, aside)
    return folder


@pytest.fixture(scope="session")
def shown_subject(shown_scenario, shown_folder) -> Subject:
    """What a page of the made-up forecast is about."""
    return Subject(shown_scenario, Store.open(), shown_folder)
