"""The arrows that the design of the model draws between subsystems, and what carries each.

An arrow is carried link by link: by a coupling, which has a name, or by an identity "cause → effect", where what one
subsystem computes enters the other's books as it is.
"""

from itertools import pairwise

import pytest

from ceasefire.model import war
from ceasefire.scenario.start import variables
from ceasefire.study import ablate
from ceasefire.study.wiring import reaching, wiring

MADE, GIVEN = "industry.munitions_made → fires.fired", "industry.munitions_imported → fires.fired"
MONEY = ("oil.revenue → budget.stress", "budget.stress_effect")
RESERVE = "resolve.least → bargaining.zone"
"""What fighting on is worth, and so what a side would accept instead, bounds what can be agreed."""

ARROWS = {
    ("strikes", "grid"): [("strikes.launched → air_defence.hits", "grid.loss_per_hit")],
    ("grid", "industry"): [("grid.industry_cut", "industry.power_exponent")],
    ("strikes", "industry"): [
        ("strikes.launched → air_defence.hits", "damage.vulnerability", "industry.plant_exponent"),
        ("strikes.launched → air_defence.hits", "damage.vulnerability", "industry.depot_exponent"),
    ],
    ("damage", "fires"): [
        ("damage.capacity → oil.refining", "oil.refining_weight", *MONEY, "industry.funding_exponent", MADE)
    ],
    ("drones", "attrition"): [("attrition.drone_exponent",), ("attrition.medevac_drones",)],
    ("drones", "front"): [
        ("drones.passage_effect", "front.passage_exponent"),
        ("logistics.delay", "front.supply_exponent"),
        ("posture.drone_effect", "posture.mix → posture.press", "front.press_exponent"),
    ],
    ("budget", "drones"): [
        ("budget.stress_effect", "industry.funding_exponent", "industry.munitions_made → drones.used")
    ],
    ("budget", "fires"): [("budget.stress_effect", "industry.funding_exponent", MADE)],
    ("budget", "attrition"): [("manpower.bonus_exponent", "manpower.arriving → attrition.troops")],
    ("fires", "attrition"): [("attrition.artillery_exponent",), ("attrition.air_exponent",)],
    ("attrition", "front"): [("front.force_exponent",)],
    ("industry", "front"): [
        (
            "industry.built → attrition.equipment",
            "posture.armour_effect",
            "posture.mix → posture.press",
            "front.press_exponent",
        )
    ],
    ("siege", "front"): [("breach.stretch_effect", "breach.surge → front.taken"), ("front.resistance_effect",)],
    ("front", "opinion"): [("front.taken → opinion.prospect", "opinion.prospect_effect")],
    ("attrition", "opinion"): [("opinion.casualty_effect",)],
    ("grid", "opinion"): [("opinion.hardship_effect",)],
    ("budget", "opinion"): [("opinion.price_effect",)],
    ("civilians", "opinion"): [("opinion.rally_effect",)],
    ("opinion", "patrons"): [("patrons.prospect_effect",)],
    ("strikes", "patrons"): [("patrons.escalation_effect",)],
    ("patrons", "patrons"): [("patrons.contagion",)],
    ("patrons", "industry"): [("industry.import_exponent",)],
    ("patrons", "air_defence"): [
        ("industry.import_exponent", "industry.munitions_imported → air_defence.interceptors"),
        ("air_defence.delivery_exponent",),
        ("air_defence.warning_exponent",),
    ],
    ("patrons", "fires"): [
        ("industry.import_exponent", GIVEN),
        ("fires.delivery_exponent",),
        ("fires.spotting_exponent",),
    ],
    ("patrons", "strikes"): [("strikes.intelligence_exponent",), ("strikes.licence_exponent",)],
    ("patrons", "budget"): [("budget.aid_exponent",)],
    ("front", "beliefs"): [("beliefs.precision",)],
    ("beliefs", "talks"): [("talks.imbalance_effect",)],
    ("opinion", "talks"): [("talks.wish_effect",)],
    ("policy", "talks"): [("policy.talks → talks.regime",)],
    ("talks", "talks"): [("talks.pressure_effect",)],
    ("opinion", "preferences"): [("preferences.concession_effect",)],
    ("elites", "preferences"): [("preferences.taste_spread",)],
    ("front", "bargaining"): [
        (
            "front.held → preferences.share",
            "preferences.share → resolve.fighting_on",
            RESERVE,
        ),
        ("front.held → preferences.share", "preferences.share → bargaining.zone"),
        ("beliefs.precision", "beliefs.mean → resolve.least", RESERVE),
    ],
    ("attrition", "bargaining"): [
        ("resolve.loss_cost", "resolve.least → bargaining.zone"),
        ("bargaining.strength_exponent",),
    ],
    ("opinion", "bargaining"): [
        ("resolve.wish_cost", RESERVE),
        ("preferences.concession_effect", "preferences.floor_now → bargaining.zone"),
        ("talks.wish_effect", "talks.regime → bargaining.hazard"),
    ],
    ("beliefs", "bargaining"): [
        ("beliefs.mean → resolve.fighting_on", RESERVE),
        ("resolve.hidden", "resolve.asked → bargaining.agreement"),
        ("talks.imbalance_effect", "talks.regime → bargaining.hazard"),
    ],
    ("talks", "bargaining"): [("resolve.penalty", RESERVE), ("talks.regime → bargaining.hazard",)],
    ("patrons", "bargaining"): [
        ("bargaining.guarantee_effect",),
        ("bargaining.standing_effect",),
        ("patrons.received → resolve.fighting_on", RESERVE),
    ],
    ("grid", "bargaining"): [("resolve.hardship_cost", RESERVE)],
    ("budget", "bargaining"): [("resolve.stress_cost", RESERVE)],
    ("manpower", "bargaining"): [("resolve.strain_cost", RESERVE)],
    ("elites", "bargaining"): [
        ("elites.cohesion → resolve.fighting_on", RESERVE),
        ("preferences.taste_spread", "preferences.land_taste → bargaining.zone"),
    ],
    ("sanctions", "budget"): [
        ("oil.discount_effect", "oil.revenue → budget.deficit"),
        ("oil.rerouting_effect", "oil.revenue → budget.deficit"),
        ("oil.exposure_effect", "oil.revenue → budget.deficit"),
        ("oil.stoppable_share", "oil.revenue → budget.deficit"),
    ],
    ("sanctions", "industry"): [("sanctions.component_effect", "industry.parts_exponent")],
    ("budget", "manpower"): [("manpower.bonus_exponent",)],
    ("budget", "industry"): [("budget.stress_effect", "industry.funding_exponent")],
    ("budget", "elites"): [("elites.stress_effect",)],
    ("manpower", "elites"): [("elites.strain_effect",)],
    ("opinion", "elites"): [("elites.prospect_effect",)],
    ("policy", "front"): [("policy.talks_effect", "policy.effort → front.taken")],
    ("bargaining", "front"): [("policy.truce_effort", "policy.effort → front.taken")],
    ("bargaining", "fires"): [("policy.truce_fire", "policy.fire → fires.fired")],
    ("bargaining", "strikes"): [("policy.truce_fire", "policy.fire → strikes.launched")],
    ("bargaining", "patrons"): [("patrons.peace_effect",)],
    ("bargaining", "sanctions"): [("sanctions.relief",)],
}
"""From which subsystem to which, and every way that carries it."""

ENDS = {
    "industry.import_exponent": ("patrons.received", "industry.munitions_imported"),
    "budget.aid_exponent": ("patrons.received", "budget.aid_received"),
    "strikes.intelligence_exponent": ("patrons.intelligence", "strikes.launched"),
    "strikes.licence_exponent": ("patrons.licence", "strikes.launched"),
    "air_defence.warning_exponent": ("patrons.intelligence", "air_defence.ready"),
    "fires.spotting_exponent": ("patrons.intelligence", "fires.artillery"),
    "manpower.bonus_exponent": ("budget.funding", "manpower.recruited"),
    "policy.truce_effort": ("bargaining.phase", "policy.effort"),
    "policy.truce_fire": ("bargaining.phase", "policy.fire"),
    "policy.talks_effect": ("policy.talks", "policy.effort"),
    "sanctions.relief": ("bargaining.package", "sanctions.delayed"),
    "patrons.peace_effect": ("bargaining.phase", "patrons.pledged"),
    "patrons.prospect_effect": ("opinion.prospect", "patrons.will"),
    "patrons.escalation_effect": ("strikes.launched", "patrons.will"),
    "bargaining.guarantee_effect": ("patrons.trusted", "bargaining.resumed"),
    "beliefs.precision": ("front.expected", "beliefs.mean"),
    "preferences.taste_spread": ("elites.exited", "preferences.land_taste"),
    "talks.pressure_effect": ("talks.urged", "talks.regime"),
    "resolve.penalty": ("talks.urged", "resolve.least"),
    "opinion.casualty_effect": ("attrition.casualties", "opinion.share"),
    "elites.stress_effect": ("budget.stress", "elites.cohesion"),
}
"""Cause and effect where the design names both."""

WAYS = [pytest.param(*arrow, way, id=f"{'-'.join(arrow)}-{way[0]}") for arrow, ways in ARROWS.items() for way in ways]
LINKS = sorted({link for ways in ARROWS.values() for way in ways for link in way})
COUPLINGS = [link for link in LINKS if "→" not in link]
IDENTITIES = [tuple(link.split(" → ")) for link in LINKS if "→" in link]


@pytest.fixture(scope="module")
def wired(invented_war):
    return wiring(invented_war)


def owner(name: str) -> str:
    return name.split(".")[0]


def ends(link: str) -> tuple[str, str]:
    """Cause and effect of a link."""
    if "→" in link:
        cause, effect = link.split(" → ")
        return cause, effect
    coupling = variables()[link].coupling
    assert coupling is not None, link
    return coupling


@pytest.mark.parametrize(("cause", "effect", "way"), WAYS)
def test_an_arrow_is_carried_from_end_to_end(cause, effect, way):
    """Each link begins in the subsystem in which the one before it ends."""
    found = [tuple(map(owner, ends(link))) for link in way]
    assert (found[0][0], found[-1][1]) == (cause, effect)
    assert all(before[1] == after[0] for before, after in pairwise(found)), found


@pytest.mark.parametrize("name", COUPLINGS)
def test_a_named_coupling_is_declared_between_declared_quantities(name):
    declared = variables()
    assert declared[name].kind == "parameter"
    for end in ends(name):
        assert end in declared, end
    assert ends(name) == ENDS.get(name, ends(name))


def test_ends_are_of_couplings_that_carry_an_arrow():
    assert set(ENDS) <= set(COUPLINGS)


def test_every_named_coupling_is_taken_out_by_an_ablation(invented_war):
    assert set(COUPLINGS) <= {coupling.name for coupling in ablate.couplings(invented_war)}


@pytest.mark.parametrize("name", COUPLINGS)
def test_what_a_coupling_is_said_to_move_is_computed_from_it(wired, name):
    """The effect hangs on the parameter by way of the effect's subsystem and the parameter's."""
    effect = ends(name)[1]
    within = {owner(name), owner(effect)}
    assert name in reaching(wired, effect, lambda way: owner(way) in within)


@pytest.mark.parametrize(("cause", "effect"), IDENTITIES, ids=map("-".join, IDENTITIES))
def test_an_identity_holds_in_the_equations_of_the_effect(wired, cause, effect):
    """The effect is computed from the cause, by way of nothing but numbers of its own subsystem."""
    assert cause in reaching(wired, effect, lambda way: owner(way) == owner(effect))


def test_every_subsystem_is_on_some_way_but_the_weather():
    """The weather's couplings are its own; the design draws no arrow for it."""
    touched = {owner(end) for link in LINKS for end in ends(link)}
    assert {module.__name__.rsplit(".", 1)[-1] for module in war.SUBSYSTEMS} - touched <= {"weather"}
