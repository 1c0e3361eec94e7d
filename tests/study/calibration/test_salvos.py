"""Salvos: is the chance of a count that of the model's luck, and is uneven launching found again?"""

from __future__ import annotations

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Fixed
from ceasefire.model.strikes import gamma_like
from ceasefire.scenario.spec import Reported
from ceasefire.scenario.start import variables
from ceasefire.study.calibration import nuts, salvos

NUMBERS = ("strikes.luck[R,attack_drone]", "strikes.luck[R,cruise_missile]", *salvos.TEMPO)
VALUES = dict(zip(NUMBERS, (0.3, 0.9, 0.3, 8.0), strict=True))


def data(weeks: int = 40) -> salvos.Data:
    classes = {
        weapon: salvos.Salvo(np.zeros(weeks), np.log(mean), {weapon: np.ones(())})
        for weapon, mean in (("attack_drone", 300.0), ("cruise_missile", 20.0))
    }
    return salvos.simulate(VALUES, salvos.Data({"R": classes}, {}), np.random.default_rng(8))


def likelihood(count: list[float], mean: float, spread: float) -> float:
    with jax.enable_x64(True):
        return float(salvos.count_likelihood(jnp.asarray(count), jnp.log(mean), jnp.asarray(spread)))


# Likelihood


@pytest.mark.parametrize(("mean", "spread"), [(6.0, 0.5), (12.0, 1.0), (3.0, 0.3)])
def test_chances_of_counts_add_up_to_one_and_have_the_mean_and_spread(mean, spread):
    counts = np.arange(400.0)
    chance = np.exp([likelihood([count], mean, spread) for count in counts])
    middle = chance @ counts
    assert chance.sum() == pytest.approx(1, abs=1e-6)
    assert middle == pytest.approx(mean, rel=0.03)
    assert chance @ (counts - middle) ** 2 == pytest.approx((spread * mean) ** 2 + 1 / 12, rel=0.05)


def test_chances_are_those_of_the_luck_of_the_model():
    points = (np.arange(200_000) + 0.5) / 200_000
    counts = np.round(9.0 * np.asarray(gamma_like(jnp.asarray(0.8), jnp.asarray(points))))
    for count in (0, 1, 5, 20):
        assert np.exp(likelihood([count], 9.0, 0.8)) == pytest.approx((counts == count).mean(), rel=0.02)


def test_a_count_beyond_all_chance_and_one_that_is_not_known_leave_the_likelihood_finite():
    with jax.enable_x64(True):
        slope = jax.grad(lambda s: salvos.count_likelihood(jnp.asarray([0.0, 1e6, jnp.nan]), jnp.log(50.0), s))(0.05)
    assert np.isfinite(slope)
    assert np.isfinite(likelihood([0.0, 1e6], 50.0, 0.05))
    assert likelihood([4.0, np.nan], 5.0, 0.4) == likelihood([4.0], 5.0, 0.4)


def test_tempo_is_a_stationary_walk():
    luck = np.random.default_rng(1).standard_normal((2000, 60))
    walks = np.asarray(jax.vmap(lambda one: salvos.wandered(jnp.asarray(8.0), one))(jnp.asarray(luck)))
    np.testing.assert_allclose(walks.std(axis=0), 1.0, atol=0.08)
    assert np.corrcoef(walks[:, 20], walks[:, 28])[0, 1] == pytest.approx(0.5, abs=0.06)


def test_a_plan_is_straight_between_knots():
    drawn = salvos.between(53)
    assert drawn.shape == (53, 3)
    np.testing.assert_allclose(drawn[13], (drawn[0] + drawn[26]) / 2)
    np.testing.assert_allclose(drawn[0], [salvos.LEVEL_SPREAD, 0, 0])


# Recovery


def test_ranks_of_known_truths_are_uniform_and_luck_is_found_again(monkeypatch):
    monkeypatch.setattr(nuts, "REPLICATE_WARM_UP", 100)
    monkeypatch.setattr(nuts, "REPLICATE_DRAWS", 120)
    known = variables()
    priors = {name: known[name.partition("[")[0]].prior for name in NUMBERS}
    found = nuts.replicate(salvos.MODULE, priors, data(), number=20, seed=4)
    for at, name in enumerate(NUMBERS):
        assert kstest((found.rank[at] + 0.5) / (found.among + 1), "uniform").pvalue > 0.001, name
    for at in (0, 1):
        assert np.corrcoef(found.truth[at], found.mean[at])[0, 1] > 0.6
        assert (found.spread[at] ** 2).mean() < 0.6


# From the record


def row(name: str, week: int, count: float) -> Observation:
    day = np.datetime64("2041-01-05") + np.timedelta64(7 * week, "D")
    return Observation(name, str(day), str(day + np.timedelta64(1, "D")), count, "count", "invented", "B")


def known(*rows: Observation, week: int) -> Vintage:
    frame = [row("other.thing", -200, 0.0), row("other.thing", 900, 0.0)]
    day = np.datetime64("2041-01-05") + np.timedelta64(7 * week + 1, "D")
    return Vintage(Store(tuple(sorted([*frame, *rows])), ControlRecord.empty(), {}), str(day))


def start(*of: str, luck: float | None = None) -> SimpleNamespace:
    report = Reported.model_validate({"name": "x", "series": "s.n", "unit": "count", "kind": "weeks", "of": of})
    listed = [v for v in variables().values() if v.name.startswith(("strikes.", "industry.")) and v.prior]
    listed = [SimpleNamespace(variable=v, index=(), prior=v.prior) for v in listed if v.kind == "parameter"]
    sure = [SimpleNamespace(variable=c.variable, index=(), prior=Fixed(luck)) for c in listed if luck is not None]
    sure = [choice for choice in sure if choice.variable.name == "strikes.luck"]
    weapons = ("attack_drone", "decoy", "cruise_missile")
    dims = {dim for choice in listed for dim in choice.variable.dims} - {"run"}
    labels = dict.fromkeys(dims, ("one",)) | {"side": ("Amber", "Blue"), "weapon": weapons, "munition": weapons}
    war = SimpleNamespace(reported=(report,))
    return SimpleNamespace(scenario=SimpleNamespace(war=war), choices=(*listed, *sure), labels=labels)


LAUNCHES = tuple(row("s.n", week, 10.0 + week % 3) for week in range(70))
BOTH = ("strikes.launched[Amber,attack_drone]", "strikes.launched[Amber,decoy]")


def test_the_last_year_of_launches_teaches_of_its_side_and_weapons():
    opened = start(*BOTH)
    found = salvos.gather(opened, known(*LAUNCHES, week=60))
    salvo = found.side["Amber"]["attack_drone+decoy"]
    np.testing.assert_array_equal(salvo.counts, [10.0 + week % 3 for week in range(61)][-salvos.WINDOW :])
    assert sum(float(share) for share in salvo.share.values()) == pytest.approx(1)
    names = tuple(salvos.priors(opened, found))
    assert names == ("strikes.luck[Amber,attack_drone]", "strikes.luck[Amber,decoy]", *salvos.TEMPO)


def test_a_short_record_or_another_quantity_teaches_nothing_and_what_is_sure_is_not_learned():
    assert salvos.gather(start(*BOTH), known(*LAUNCHES, week=20)) is None
    assert salvos.gather(start("air_defence.stopped[Amber,decoy]"), known(*LAUNCHES, week=60)) is None
    mixed = start("strikes.launched[Amber,decoy]", "strikes.launched[Blue,decoy]")
    assert salvos.gather(mixed, known(*LAUNCHES, week=60)) is None
    sure = start(*BOTH, luck=0.0)
    assert tuple(salvos.priors(sure, salvos.gather(sure, known(*LAUNCHES, week=60)))) == salvos.TEMPO


def test_simulated_launches_have_the_shapes_of_the_data_and_the_spread_of_their_luck():
    usual = data(400)
    assert jax.tree.map(np.shape, salvos.simulate(VALUES, usual, np.random.default_rng(1))) == jax.tree.map(
        np.shape, usual
    )
    calm, wild = (usual.side["R"][weapon].counts for weapon in ("attack_drone", "cruise_missile"))
    changes = [np.diff(np.log(np.maximum(count, 0.5))).std() for count in (calm, wild)]
    assert changes[1] > 1.5 * changes[0]
