"""The work: what a job comes to is what the studies say, the same every time, and nothing leaves its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.scenario import decree
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study import replay, whatif
from ceasefire.study.influence import sources
from ceasefire.view.web import futures, replies, work
from ceasefire.view.web.work import Opened

RUNS, WEEKS, SEED = 40, 26, 5
HALF = "manpower.recruitment[Blue]=x0.5@5"


def quiet(*_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def at(invented_war, tmp_path_factory) -> Opened:
    found = Opened(invented_war.scenario, Store.open(), tmp_path_factory.mktemp("war"))
    found._start = invented_war
    return found


# --------------------------------------------------------------------------------------------------------------- replay


def test_the_maps_of_all_runs_of_a_chunk_add_up_to_its_control(invented_war):
    engine = Engine(invented_war, weeks=WEEKS, seed=SEED)
    every = engine.chunk(0, CHUNK)
    alone = [engine.chunk(0, CHUNK, only=run) for run in range(CHUNK)]
    assert {tuple(np.unique(chunk.control)) for chunk in alone} == {(0, 1)}
    assert (np.sum([chunk.control for chunk in alone], axis=0) == every.control).all()
    for chunk in alone[::9]:
        assert all(chunk.series[name].tobytes() == values.tobytes() for name, values in every.series.items())


def test_a_run_again_has_the_same_bits_and_its_own_map(invented_war, invented_result):
    result = invented_result.assign_attrs(evidence_hash=invented_war.evidence_hash)
    share = result["town_share"].to_numpy()
    for run in (0, 31, 32, 39):
        again = replay.of_start(invented_war, result, run)
        assert again.same_bits
        assert again.control.dtype == np.bool_
        assert again.control.shape == result["control_probability"].shape
        held = np.where(again.control, 1.0, 0.0)
        for k, town in enumerate(invented_war.theatre.towns):
            if town.weight.any():
                near = held[:, town.row] @ town.weight
                assert np.abs(near - share[:, k, run]).max() <= 0.5 + 1e-6
        axis, area = invented_war.theatre.axis, invented_war.theatre.area
        of_axes = result["area"].isel(run=run).to_numpy()
        ground = np.stack([np.bincount(axis, week * area, of_axes.shape[1]) for week in held])
        assert np.corrcoef((ground - ground[0]).sum(axis=1), (of_axes - of_axes[0]).sum(axis=1))[0, 1] > 0.9


def test_a_replay_tells_what_the_run_tells(at, invented_result, monkeypatch):
    result = invented_result.assign_attrs(evidence_hash=at.start.evidence_hash)
    monkeypatch.setattr(work.results, "load", lambda _: result)
    done = work.do(work.read({"kind": "replay", "run": 33}), at, quiet)
    assert done.result["same_bits"] is True
    assert done.result["happenings"] == [one.model_dump() for one in futures.run(result, 33).happenings]
    told = np.frombuffer(done.map, np.uint8)
    assert len(told) == result["control_probability"].size
    assert set(told.tolist()) == {0, 255}
    with pytest.raises(CeasefireError, match="0 to 39"):
        work.do(replies.Replay(kind="replay", run=40), at, quiet)


def test_a_forecast_from_other_evidence_is_not_replayed(at, invented_result, monkeypatch):
    monkeypatch.setattr(work.results, "load", lambda _: invented_result.assign_attrs(evidence_hash="other"))
    with pytest.raises(CeasefireError, match="evidence"):
        work.do(replies.Replay(kind="replay", run=3), at, quiet)


# -------------------------------------------------------------------------------------------------------------- what if


@pytest.fixture(scope="module")
def asked() -> dict:
    return {"kind": "whatif", "title": 'Half "the" men\n', "do": [HALF], "runs": RUNS, "weeks": WEEKS, "seed": SEED}


@pytest.fixture(scope="module")
def half(at, asked) -> tuple[work.Done, list]:
    told: list = []
    return work.do(work.read(asked), at, lambda *news: told.append(news)), told


def test_the_difference_of_maps_is_that_of_two_ensembles(half, invented_war):
    schedule = decree.schedule(invented_war, WEEKS, [HALF])
    size = {"runs": RUNS, "weeks": WEEKS, "seed": SEED, "workers": 1}
    without, treated = (many.simulate(invented_war, do=do, **size) for do in (None, schedule))
    difference = (treated.control - without.control) / RUNS
    told = np.frombuffer(half[0].map, np.int8).reshape(difference.shape)
    assert (told == np.rint(127 * difference)).all()
    assert (told[:5] == 0).all()
    assert told[-1].any()


def test_the_answer_is_that_of_the_study_and_comes_out_the_same_again(half, at, asked, invented_war):
    schedule = decree.schedule(invented_war, WEEKS, [HALF])
    found = whatif.of_start(
        invented_war, schedule, policy='Half "the" men', expectation=whatif.UNFITTED, runs=RUNS, weeks=WEEKS, seed=SEED
    )
    assert half[0].result == json.loads(whatif.to_json(found))
    again = work.do(work.read(asked), at, quiet)
    assert (again.result, again.map, again.pages) == (half[0].result, half[0].map, half[0].pages)


def test_progress_ends_with_everything_done(half):
    done, told = half
    assert [news[:2] for news in told][-1] == (RUNS, RUNS)
    counts = [news[0] for news in told]
    assert counts == sorted(counts)
    assert done.result["runs"] == RUNS


def test_the_policy_can_be_read_again(half, tmp_path):
    (tmp_path / "policy.toml").write_bytes(half[0].pages["policy.toml"])
    assert decree.read(tmp_path / "policy.toml") == ('Half "the" men', (HALF,))


@pytest.mark.parametrize("title", ["", "plain", "a\nb", '"""', "\\", "'", "é\x7f\x00", "do = []", "# no", "]\u2028["])
def test_whatever_the_title_a_policy_reads_back(title, tmp_path):
    lines = [HALF, "front.control[Pokrovsk north]=(−1)@5", 'a.b["\\n"]=1']
    path = tmp_path / "policy.toml"
    path.write_text(work.policy(work._printable(title), lines, ["x.y=1\ndo = ['z']"]), encoding="utf-8")
    read, listed = decree.read(path)
    assert listed == tuple(lines)
    assert read == work._printable(title)


def test_a_decree_that_cannot_be_is_refused_in_one_line(at):
    for line in ("nonsense", "manpower.recruitment[Nobody]=x0.5", "front.ceded=1", f"{HALF}..999"):
        with pytest.raises(CeasefireError) as error:
            work.do(replies.WhatIf(kind="whatif", do=[line], runs=2, weeks=13), at, quiet)
        assert "\n" not in str(error.value)


# ------------------------------------------------------------------------------------------------------- the other jobs


def test_all_packages_are_weighed_as_decreed(at):
    done = work.do(replies.Zone(kind="zone", runs=32, top=3), at, quiet)
    assert done.result["packages_weighed"] > 3
    assert len(done.result["packages"]) <= 3
    with pytest.raises(CeasefireError, match="weeks of war"):
        work.do(replies.Zone(kind="zone", runs=32, do=["manpower.recruitment[Blue]=x0.5"]), at, quiet)


def test_terms_are_drawn_as_geojson(at):
    package = at.start.agenda.named(1)
    done = work.do(replies.Terms(kind="terms", package=package), at, quiet)
    assert done.result["geojson"]["type"] == "FeatureCollection"
    assert json.loads(done.pages["terms.geojson"]) == done.result["geojson"]
    assert done.result["text"]
    with pytest.raises(CeasefireError):
        work.do(replies.Terms(kind="terms", package="../../etc/passwd"), at, quiet)


def test_an_article_is_held_against_the_record(tmp_path):
    at = Opened(None, Store.open(), tmp_path)  # type: ignore[arg-type]
    text = "Russia claims to hold Kyiv.\n\nRussian troops hold all of Crimea. <script>alert(1)</script>"
    done = work.do(replies.Article(kind="article", text=text, published="2026-01-20"), at, quiet)
    assert done.result["published"] == "2026-01-20"
    assert sum(done.result["score"]["by_verdict"].values()) == done.result["score"]["claims"] > 0
    assert all("verdict" in claim for claim in done.result["claims"])
    page = done.pages["report.html"].decode()
    assert "<script" not in page
    assert list(tmp_path.iterdir()) == []
    assert "/tmp" not in json.dumps(done.result)
    with pytest.raises(CeasefireError):
        work.do(replies.Article(kind="article", text=text, published="yesterday"), at, quiet)


def test_a_source_that_nobody_knows_is_refused(tmp_path):
    from ceasefire.scenario.spec import load

    at = Opened(load("abu-dhabi-2026-01"), Store.open(), tmp_path)
    with pytest.raises(CeasefireError, match="no source 'Nobody'"):
        work.do(replies.Influence(kind="influence", source="Nobody", runs=2), at, quiet)
    assert at._start is None
    assert "Putin" in sources(at.scenario, at.store)


@pytest.mark.parametrize(
    "asked",
    [{}, {"kind": "format"}, {"kind": "replay"}, {"kind": "replay", "run": -1}, {"kind": "replay", "run": 1, "x": 2}],
    ids=str,
)
def test_what_is_no_request_is_refused(asked):
    with pytest.raises(ValueError, match="validation error"):
        work.read(asked)


def test_a_forecast_appears_whole_where_the_page_looks_for_it(at, tmp_path):
    folder = Path(tmp_path) / "out"
    told: list = []
    opened = Opened(at.scenario, at.store, folder)
    with pytest.raises(CeasefireError):
        work.do(replies.Forecast(kind="forecast", runs=2, weeks=2), opened, lambda *news: told.append(news))
    assert not folder.exists()
