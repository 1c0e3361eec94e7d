"""Stacking: the quadratic is the score, its least is exact, weights learn what they should and see nothing later."""

import dataclasses
import datetime as dt
import json
from types import SimpleNamespace

import numpy as np
import pytest

from ceasefire.evidence.control import SHARE_STEPS
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.study import backtest, mixture, score, stack

WAR, UNTIL = "russia-ukraine", "2025-06-07"
TARGETS = ("area_total", "area_pokrovsk", "loss_tank")
HORIZONS = (1, 4, 6)
ORIGINS = tuple(str(np.datetime64("2024-12-07") + 28 * k) for k in range(5))


@pytest.fixture(scope="module")
def store():
    return Store.open(None)


@pytest.fixture(scope="module")
def truth(store):
    """What came of every key, as known today."""
    late = Vintage(store, "2026-01-31")
    keys = [(np.datetime64(o), t, h) for o in ORIGINS for t in TARGETS for h in HORIZONS]
    return score.observed_changes(mixture.levels(late, TARGETS), keys)


@pytest.fixture(scope="module")
def pools(store):
    return {origin: mixture.statistics(Vintage(store, origin), TARGETS)["pool"] for origin in ORIGINS}


def draws_of(truth, pools, kind):
    """A simulator that sees the future, is blind, or says what the pool says."""
    made = {}
    for k, (key, change) in enumerate(truth.items()):
        pool = pools[str(key[0])][key[1]][:, key[2] - 1]
        noise = np.random.default_rng(k).normal(0, 0.2, 200) * pool.std()
        made[key] = {"sees": change + noise, "blind": change + 6 * pool.std() + noise, "same": pool}[kind]
    return made


# ------------------------------------------------------------------------------------------------------- the quadratic


def test_quadratic_is_the_score_of_the_pooled_draws():
    random = np.random.default_rng(1)
    members = [random.normal(k, 1 + k, (4, 60)) for k in range(3)]
    observed = random.normal(0, 2, 4)
    slope, apart = stack.loss(members, observed)
    for counts in ((1, 1, 1), (3, 1, 0), (0, 0, 2), (2, 5, 3)):
        w = np.array(counts) / sum(counts)
        pooled = np.concatenate([draws for draws, count in zip(members, counts, strict=True) for _ in range(count)], 1)
        told = [stack.Quadratic(slope[k], apart[k], 1).at(w) for k in range(4)]
        np.testing.assert_allclose(told, score.crps(pooled, observed), rtol=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_least_is_that_of_a_grid(seed):
    random = np.random.default_rng(seed)
    members = [random.normal(random.normal(0, 1), random.uniform(0.5, 2), (6, 30)) for _ in range(3)]
    slope, apart = stack.loss(members, random.normal(0, 1, 6))
    quadratic = stack.Quadratic(slope.sum(0), apart.sum(0), 6)
    found = stack.best(quadratic, (1 / 3,) * 3)
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0
    steps = 60
    grid = [(i / steps, j / steps, 1 - (i + j) / steps) for i in range(steps + 1) for j in range(steps + 1 - i)]
    least = min(quadratic.at(w) for w in grid)
    assert quadratic.at(found) <= least + 1e-9
    assert quadratic.at(found) >= least - 0.01 * abs(least)


def test_members_that_do_not_differ_keep_what_is_given():
    same = np.random.default_rng(1).normal(0, 1, (3, 50))
    slope, apart = stack.loss([same, same], np.zeros(3))
    assert stack.best(stack.Quadratic(slope.sum(0), apart.sum(0), 3), (0.3, 0.7)) == (0.3, 0.7)


def test_prior_is_outcomes_drawn_from_the_mixture():
    random = np.random.default_rng(2)
    members = [random.normal(0, 1, (1, 400)), random.normal(2, 3, (1, 400))]
    prior = np.array([0.25, 0.75])
    _, apart = stack.loss(members, np.zeros(1))
    expected = stack.Quadratic(np.zeros(2), apart[0], 1).expecting(prior, 1)
    outcomes = np.concatenate([members[0][0], *[members[1][0]] * 3])
    slope = [np.mean(np.abs(draws[0][:, None] - outcomes)) for draws in members]
    np.testing.assert_allclose(expected.slope, slope, rtol=1e-10)
    np.testing.assert_allclose(stack.best(expected, (0.5, 0.5)), prior, atol=1e-9)


# ------------------------------------------------------------------------------------------------------------ learning


def weight(truth, pools, store, kind, **options):
    found = stack.learn(draws_of(truth, pools, kind), store, UNTIL, war=WAR, **options)
    return found, np.array([found.table["total", "1-2"][0], found.table["losses", "3-4"][0]])


def test_weights_go_to_the_better_member(truth, pools, store):
    _, sees = weight(truth, pools, store, "sees")
    _, blind = weight(truth, pools, store, "blind")
    assert (sees > 0.55).all()
    assert (blind < 0.4).all()
    few = {key: change for key, change in truth.items() if str(key[0]) <= ORIGINS[1]}
    _, early = weight(few, pools, store, "sees")
    assert (early < sees).all()
    assert (early > 0.5).all()
    _, trusting = weight(truth, pools, store, "sees", strength=1.0)
    assert (trusting > sees).all()


def test_equal_members_keep_the_prior(truth, pools, store):
    found, _ = weight(truth, pools, store, "same", prior=(0.4, 0.6))
    assert set(found.table.values()) == {(0.4, 0.6)}


def test_without_forecasts_that_came_due_there_is_the_prior(truth, pools, store):
    found = stack.learn(draws_of(truth, pools, "sees"), store, ORIGINS[0], war=WAR)
    assert found.table == mixture.prior_weights(WAR).table
    assert found.digest == mixture.prior_weights(WAR).digest
    assert found.origins == ()


def test_past_scores_are_relative_to_the_pool(truth, pools, store):
    sees, same = (stack.learn(draws_of(truth, pools, how), store, UNTIL, war=WAR) for how in ("sees", "same"))
    for key, past in sees.past.items():
        assert past.scores[1] == pytest.approx(1, abs=0.35)  # its own unit, but for forecasts that overlap
        assert past.scores[0] < past.scores[1]
        assert same.past[key].scores[0] == pytest.approx(same.past[key].scores[1], rel=0.02)
    assert sees.past["total", "1-2"].scores[1] == pytest.approx(1, abs=1e-6)


def test_overlapping_forecasts_count_as_disjoint_stretches(truth):
    keys = {(np.datetime64("2025-01-04") + 28 * k, "area_total", h): 0.0 for k in range(6) for h in (2, 8)}
    share = stack._shares(keys, {2, 8})
    assert sum(v for (_, h), v in share.items() if h == 2) == pytest.approx(6)
    assert sum(v for (_, h), v in share.items() if h == 8) == pytest.approx(1 + 5 * 4 / 8)


def spoiled(store, origin):
    """The store with other numbers and maps wherever they belong to days after the origin."""
    day = np.datetime64(origin)
    rows = [
        row if row.date <= origin and row.published <= origin else dataclasses.replace(row, value=9 - 7 * row.value)
        for row in store.observations
    ]
    control, late = store.control, store.control.dates > day
    share = np.where(late[:, None], SHARE_STEPS - control.share, control.share).astype(np.uint16)
    return dataclasses.replace(
        store, observations=tuple(sorted(rows)), control=dataclasses.replace(control, share=share)
    )


def test_nothing_after_the_cut_off_changes_the_weights(truth, pools, store):
    draws = draws_of(truth, pools, "sees")
    clean = stack.learn(draws, store, UNTIL, war=WAR)
    until = np.datetime64(UNTIL)
    other = {k: v * -3 if k[0] >= until or k[0] + 7 * k[2] > until else v for k, v in draws.items()}
    other[until, "area_total", 1] = np.array([1e9])
    assert stack.learn(other, spoiled(store, UNTIL), UNTIL, war=WAR) == clean
    assert stack.learn(dict(reversed(draws.items())), store, UNTIL, war=WAR) == clean
    moved = {k: v + 1e3 for k, v in draws.items()}
    assert stack.learn(moved, store, UNTIL, war=WAR) != clean


# ------------------------------------------------------------------------------------------------------------- mixture


def test_mixture_has_its_quantiles_and_the_simulators_ranks():
    random = np.random.default_rng(3)
    own, other = random.normal(0, 1, 400), random.normal(5, 2, 1000)
    mixed = mixture.coupled(own, [other], (0.25, 0.75))
    assert (np.argsort(mixed) == np.argsort(own)).all()
    for value in (-1.0, 2.0, 5.0, 7.0):
        expected = 0.25 * np.mean(own <= value) + 0.75 * np.mean(other <= value)
        assert np.mean(mixed <= value) == pytest.approx(expected, abs=1 / 400)
    assert (mixture.coupled(own, [other], (1.0, 0.0)) == own).all()
    assert (np.sort(mixture.coupled(other, [own], (0.0, 1.0)))[::1000] == own.min()).all()


def test_weight_one_and_a_far_horizon_leave_the_simulator_its_bits(store):
    change = np.random.default_rng(4).normal(0, 9, (3, 2, 50))
    others = mixture.statistics(Vintage(store, UNTIL), TARGETS)
    alone = dataclasses.replace(
        mixture.prior_weights(WAR), table=dict.fromkeys(mixture.prior_weights(WAR).table, (1.0, 0.0))
    )
    assert (mixture.stacked(TARGETS, (1, 26), change, others, alone) == change).all()
    mixed = mixture.stacked(TARGETS, (1, 30), change, others, mixture.prior_weights(WAR))
    assert (mixed[:, 1] == change[:, 1]).all()
    assert (mixed[:, 0] != change[:, 0]).any(axis=-1).all()


def test_statistics_depend_on_the_day_alone(store):
    one = mixture.statistics(Vintage(store, UNTIL), TARGETS)["pool"]
    two = mixture.statistics(Vintage(spoiled(store, UNTIL), UNTIL), TARGETS[::-1][:2])["pool"]
    for target in two:
        assert (one[target] == two[target]).all()


# --------------------------------------------------------------------------------------------------------------- files


@pytest.fixture
def learned(truth, pools, store):
    return stack.learn(draws_of(truth, pools, "sees"), store, UNTIL, war=WAR, version="1")


def test_files_read_back_the_same_and_lie_on_the_simplex(learned, tmp_path):
    path = mixture.write(learned, tmp_path)
    assert mixture.read(path) == learned
    assert [p.name for p in (tmp_path).iterdir()] == [f"{UNTIL}.weights.json"]
    for weights in learned.table.values():
        assert sum(weights) == pytest.approx(1, abs=1e-12)
        assert all(0 <= w <= 1 for w in weights)


def test_the_latest_cut_off_not_after_the_opening_counts(learned, tmp_path):
    mixture.write(learned, tmp_path)
    mixture.write(dataclasses.replace(learned, cut_off="2025-10-04", version="2"), tmp_path)
    (tmp_path / "2026-01-31.weights.json").write_text("broken")
    (tmp_path / "latest.weights.json").write_text("broken")
    assert mixture.find(WAR, "2025-06-06", tmp_path).cut_off == ""
    assert mixture.find(WAR, UNTIL, tmp_path) == learned
    assert mixture.find(WAR, "2026-01-30", tmp_path).version == "2"
    assert mixture.find(WAR, "2026-01-30", None).cut_off == ""
    assert mixture.find("another", "2025-01-30", tmp_path / "none").table == mixture.prior_weights("another").table
    with pytest.raises(CeasefireError, match="russia-ukraine"):
        mixture.find("another", "2026-01-30", tmp_path)
    with pytest.raises(CeasefireError, match=r"2026-01-31\.weights\.json"):
        mixture.find(WAR, "2026-01-31", tmp_path)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda d: d.update(format=9), "format"),
        (lambda d: d["table"].pop(), "missing"),
        (lambda d: d["table"][0].update(weights=[0.7, 0.7]), "add up"),
        (lambda d: d["table"][0].update(weights=[1.5, -0.5]), "0 to 1"),
        (lambda d: d["table"][0].update(weights=[float("nan"), 0.5]), "0 to 1"),
        (lambda d: d["table"][0].update(weights=[1.0]), "0 to 1"),
        (lambda d: d["table"][0].update(weights="no"), "no weights"),
        (lambda d: d.update(members=["pool", "simulator"]), "simulator first"),
        (lambda d: d.update(members=["simulator", "oracle"]), "baselines"),
        (lambda d: d.pop("prior"), "prior"),
        (lambda d: d.update(table=3), "no weights"),
    ],
)
def test_a_broken_file_is_one_line(learned, tmp_path, spoil, match):
    path = mixture.write(learned, tmp_path)
    document = json.loads(path.read_text())
    spoil(document)
    path.write_text(json.dumps(document))
    with pytest.raises(CeasefireError, match=match) as caught:
        mixture.find(WAR, "2026-01-01", tmp_path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_name_is_told(learned, tmp_path):
    path = mixture.write(learned, tmp_path)
    path.rename(path.with_name("2025-01-04.weights.json"))
    with pytest.raises(CeasefireError, match=UNTIL):
        mixture.find(WAR, "2025-02-01", tmp_path)


# --------------------------------------------------------------------------------------------------- in the backtest


@pytest.fixture
def simulated(truth, pools, monkeypatch):
    """Stands in for the model, and counts what was asked of it."""
    asked = []

    def forecast(scenario, store, origin, horizons, *, draws, seed, workers=None):
        asked.append(origin)
        made = draws_of(truth, pools, "sees")
        change = [[made[np.datetime64(origin), target, h][:draws] for h in horizons] for target in TARGETS]
        cell = np.array([0x871196980FFFFFF], np.uint64)
        return backtest.Forecasts(
            origin, tuple(horizons), TARGETS, np.array(change), cell, np.full((len(horizons), 1), 0.5)
        )

    monkeypatch.setattr(backtest, "forecast_origin", forecast)
    return asked


def run(out, calibration, origins=ORIGINS, **options):
    return backtest.backtest(
        spec.load("alaska-2025-08").model_copy(update={"calibration": str(calibration)}),
        origins=origins,
        horizons=HORIZONS,
        out=out,
        draws=50,
        seed=1,
        **options,
    )


def test_other_weights_are_mixed_anew_and_nothing_is_simulated_again(simulated, learned, tmp_path):
    folder = run(tmp_path / "out", tmp_path / "none")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    members = {path.name: path.read_bytes() for path in (tmp_path / "out" / "members").iterdir()}
    early = dataclasses.replace(learned, cut_off=ORIGINS[2])
    mixture.write(early, tmp_path / "some")
    run(tmp_path / "out", tmp_path / "some")
    assert simulated == list(ORIGINS)
    changed = {path.name for path in folder.iterdir() if first[path.name] != path.read_bytes()}
    assert changed == {f"{origin}.samples.csv.gz" for origin in ORIGINS[2:]}
    assert members == {path.name: path.read_bytes() for path in (tmp_path / "out" / "members").iterdir()}
    fresh = run(tmp_path / "fresh", tmp_path / "some", ORIGINS[2:])
    for path in fresh.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    alone = dict.fromkeys(learned.table, (1.0, 0.0))
    mixture.write(dataclasses.replace(early, table=alone), tmp_path / "alone")
    run(tmp_path / "out", tmp_path / "alone")
    name = f"{ORIGINS[2]}.samples.csv.gz"
    assert (folder / name).read_bytes() == members[name]


def test_weights_are_learned_from_the_simulator_alone(simulated, learned, store, truth, pools, tmp_path):
    run(tmp_path / "out", tmp_path / "none")
    later = tmp_path / "out" / "members" / "2025-06-07.samples.csv.gz"
    later.write_bytes(b"broken")
    found, path = stack.learn_from(tmp_path / "out", UNTIL, store, out=tmp_path / "weights")
    short = {key: values[:50] for key, values in draws_of(truth, pools, "sees").items()}
    assert found.table == stack.learn(short, store, UNTIL, war=WAR).table
    assert mixture.read(path) == found
    with pytest.raises(CeasefireError, match="no backtest"):
        stack.learn_from(tmp_path, UNTIL, store)
    with pytest.raises(CeasefireError, match="yesterday"):
        stack.learn_from(tmp_path / "out", "yesterday", store)


# ------------------------------------------------------------------------------------------------- beside a forecast


def test_a_forecast_is_told_beside_plain_statistics(store, learned, monkeypatch):
    random, ok = np.random.default_rng(5), np.arange(200) < 150
    change = random.normal(50, 20, (4, 2, 200))
    change[..., ~ok] = np.nan
    targets = ("area_total", "area_pokrovsk", "loss_tank", "loss_unicorn")
    asked = SimpleNamespace(opening=dt.date(2025, 6, 14), war=SimpleNamespace(id=WAR))
    ensemble = SimpleNamespace(start=SimpleNamespace(scenario=asked), ok=ok, weeks=20)
    monkeypatch.setattr(backtest, "changes", lambda ensemble, horizons: (targets, change))
    told = json.loads(json.dumps(stack.headline(ensemble, Vintage(store, "2025-06-14"), learned)))
    assert told["cut_off"] == UNTIL
    assert [(row["target"], row["week"]) for row in told["rows"]] == [
        (target, week) for target in ("area_total", "loss_tank") for week in (4, 13)
    ]
    row = told["rows"][0]
    assert row["weights"] == list(learned.table["total", "3-4"])
    np.testing.assert_allclose(row["quantiles"]["simulator"], np.quantile(change[0, 0, ok], stack.QUANTILES))
    low, high = (np.array(row["quantiles"][name]) for name in ("simulator", "pool"))
    mixed = np.array(row["quantiles"]["mixture"])
    assert (mixed >= np.minimum(low, high) - 1e-9).all()
    assert (mixed <= np.maximum(low, high) + 1e-9).all()
    unlearned = stack.headline(ensemble, Vintage(store, "2025-06-14"), mixture.prior_weights(WAR))
    assert unlearned["rows"][0]["weights"] == [0.5, 0.5]
    ensemble.ok = np.zeros(200, bool)
    assert stack.headline(ensemble, Vintage(store, "2025-06-14"), learned)["rows"] == []
