"""Bargaining: whether the fighting ends this week, how, and on which terms; and whether an agreement lasts.

**Terms.** An agreement breaks in a week with chance h(π) = relapse · e^(−g (credibility of its guarantees − usual)
− ψ · d − ν · settled + ω · |shift of power that a pause brings|), so that of its worth
    EU(π) = ρ U(π) + (1 − ρ) V after the shift − cost of overruling,  ρ = impatience / (impatience + h),
counts; d = 15 km (1 − e^(−depth/15 km)), surplus is EU(π) less the least that a side would accept (`resolve`). The
zone, Z, is the largest that the smaller surplus of both can be.

**An end.** Four causes compete: an agreement, one side or the other dictates, fading. Each has a structural hazard,
    agreement: λ(talks) · σ((Z − overrating of the enemy's softness − z₀) / s) · e^(deadline),
    dictated: rate · (ratio of troops)^κ, fading: rate,
and that of wars of this age, split as wars have ended. Both are pooled in logs each week, all causes together and then
cause by cause to share that out,
    Λ = (Σ structural)^w · (Σ base rate)^(1 − w),  λ ∝ structural^w · base rate^(1 − w),  w = ½,
since no record of endings could tell a better weight.

**Which terms.** Among packages with a surplus for both (the nearest, if there are none) by a rule that no one knows:
Nash's, Kalai and Smorodinsky's, egalitarian, or a vote by strength; with a little Gumbel noise. A treaty can only be
signed where its text is ready, which is a throw of its own.

Left out: agreements about parts of the war, third sides that fight, offers as moves in a game, terms that are carried
out by and by (the map stays as held while an agreement holds; its line is told).
Sources: costly lottery and commitment: Fearon 1995, "Rationalist Explanations for War"; lasting peace: Fortna 2004,
"Peace Time"; vote: KTAB; durations `cow-wars-4.0` (Sarkees and Wayman 2010), fitted in `scenario/duration.py`; failure
of agreements about 40 % within years (HCSS, UCDP; model notes, section 12).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ceasefire.model.axes import ENDINGS, SIDES, Appraisal, Terms
from ceasefire.model.declare import (
    SHARE,
    SIGNED,
    Fixed,
    LogNormal,
    Normal,
    Share,
    Uniform,
    coupling,
    parameter,
    quantity,
)
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

WAR, CEASEFIRE, SETTLEMENT, DICTATED_FIRST, DICTATED_SECOND, FADE, FROZEN = range(7)
PHASES = (
    "war",
    "ceasefire",
    "settlement",
    "dictated by the first side",
    "dictated by the second side",
    "fade",
    "frozen",
)
RULES = ("Nash", "Kalai–Smorodinsky", "egalitarian", "vote")
MONTH = 30.4375 / 7
"""Weeks in a month."""
FREEZE = 26
"""Weeks after which a ceasefire counts as frozen."""
OUT = 100.0
"""Surplus that is taken from what cannot be signed."""
REACH_KM = 15.0
"""Depth beyond which more keeps few weapons more apart (elicited: the reach of guns and drones)."""
SHORTLIST = 8
"""Packages that are put to a vote."""
FURTHEST = 20.0
"""Logs are held within ± this, so that no decree overflows."""
MOST = 1e30
TINY = 1e-12


class Params(eqx.Module):
    """What bargaining does not know exactly."""

    age: Float[Array, "run"] = parameter(
        Fixed(24.0), unit="month", source="scenario", doc="Age of the war at the opening."
    )
    weibull: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1", source="cow-wars-4.0", doc="1 where the duration law is Weibull, 0 where log-logistic."
    )
    shape: Float[Array, "run"] = parameter(
        LogNormal(1.0, 1.17, 1.37), unit="1", source="cow-wars-4.0", doc="Shape of the duration law."
    )
    scale: Float[Array, "run"] = parameter(
        LogNormal(4.2, 5.3, 6.7), unit="month", source="cow-wars-4.0", doc="Scale of the duration law."
    )
    ceasefire_share: Float[Array, "run"] = parameter(
        Share(0.25, 0.5, 0.75), unit="1", doc="Share of endings that are a ceasefire without settlement."
    )
    settlement_share: Float[Array, "run"] = parameter(
        Share(0.2, 0.45, 0.72), unit="1", doc="Share of the other endings that are a settlement."
    )
    dictated_share: Float[Array, "run"] = parameter(
        Share(0.3, 0.6, 0.85), unit="1", doc="Share of the rest that one side dictates; what remains fades."
    )
    anchor: Float[Array, "run"] = parameter(
        Fixed(0.5), unit="1", source="definition", doc="Weight of the structure beside the base rate (w).", bounds=SHARE
    )
    strength_exponent: Float[Array, "run"] = coupling(
        "attrition.troops",
        "bargaining.phase",
        LogNormal(0.5, 1.5, 4.0),
        doc="How the ratio of troops moves the odds of who dictates (κ).",
    )
    dictated_rate: Float[Array, "run"] = parameter(
        LogNormal(1e-4, 4e-4, 1.5e-3), unit="1/week", doc="Structural hazard that either side dictates, troops equal."
    )
    fade_rate: Float[Array, "run"] = parameter(
        LogNormal(5e-5, 2e-4, 1e-3), unit="1/week", doc="Structural hazard that the war fades."
    )
    silent_rate: Float[Array, "run"] = parameter(
        LogNormal(1e-4, 5e-4, 2e-3), unit="1/week", doc="Hazard of agreement in a wide zone where nobody talks."
    )
    insincere_rate: Float[Array, "run"] = parameter(
        LogNormal(1e-3, 3e-3, 1e-2), unit="1/week", doc="The same in talks that are not meant."
    )
    earnest_rate: Float[Array, "run"] = parameter(
        LogNormal(0.03, 0.08, 0.15), unit="1/week", doc="The same in earnest talks."
    )
    zone_middle: Float[Array, "run"] = parameter(
        Normal(-0.03, 0.05, 0.13), unit="1", doc="Zone at which half of that hazard is reached (z₀)."
    )
    zone_width: Float[Array, "run"] = parameter(
        LogNormal(0.02, 0.05, 0.1), unit="1", doc="Zone that moves the log odds of that by 1 (s)."
    )
    deadline_effect: Float[Array, "run"] = parameter(
        Normal(-0.2, 0.4, 1.0), unit="1", doc="Log of the hazard of agreement won in the weeks before a deadline."
    )
    rule: Float[Array, "run"] = parameter(
        Uniform(0.0, 1.0), unit="1", source="definition", doc="Which rule picks the package; four, equally likely."
    )
    temperature: Float[Array, "run"] = parameter(
        LogNormal(0.003, 0.01, 0.03), unit="1", doc="Scale of the noise in that choice, in units of surplus."
    )
    standing_effect: Float[Array, "run"] = coupling(
        "patrons.allies",
        "bargaining.agreed",
        Normal(-0.2, 0.3, 0.9),
        doc="Log weight of a side in Nash's rule and in the vote as its allies rise by a factor of e.",
    )
    relapse: Float[Array, "run"] = parameter(
        LogNormal(0.001, 0.004, 0.012),
        unit="1/week",
        doc="Chance that a ceasefire fails in a week, with usual guarantees, no zone and power that stays.",
    )
    guarantee_effect: Float[Array, "run"] = coupling(
        "patrons.trusted",
        "bargaining.resumed",
        LogNormal(0.3, 1.0, 2.5),
        doc="How much a guarantee that is sure to be kept takes off the log chance of relapse (g).",
    )
    usual_credibility: Float[Array, "run"] = parameter(
        Share(0.1, 0.25, 0.5), unit="1", doc="How far guarantees of agreements in the past were believed and kept."
    )
    depth_effect: Float[Array, "run"] = parameter(
        LogNormal(0.005, 0.02, 0.05),
        unit="1/km",
        doc="Log chance of relapse that the first km between the armies takes off (ψ); more km add less and less.",
    )
    settled_effect: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.7, 1.6), unit="1", doc="Log chance of relapse that a settlement takes off (ν)."
    )
    shift_effect: Float[Array, "run"] = parameter(
        LogNormal(0.3, 1.0, 3.0), unit="1", doc="Log chance of relapse per log of power that a pause shifts (ω)."
    )
    treaty_ready: Float[Array, "run"] = parameter(
        Share(0.1, 0.3, 0.6), unit="1", doc="Chance that a treaty is ready to be signed when the sides agree."
    )
    ripen: Float[Array, "run"] = parameter(
        LogNormal(0.001, 0.004, 0.02), unit="1/week", doc="Chance that a ceasefire becomes a settlement in a week."
    )
    flare: Float[Array, "run"] = parameter(
        Uniform(0.005, 0.03), unit="1/week", doc="Chance that a faded war flares up again in a week."
    )


class State(eqx.Module):
    """Where the war stands, and what was agreed."""

    phase: Int[Array, "run"] = quantity(
        "1", "0 war, 1 ceasefire, 2 settlement, 3 and 4 dictated, 5 fade, 6 frozen.", (WAR, FROZEN)
    )
    weeks_in_phase: Int[Array, "run"] = quantity("week", "How long it has stood there.")
    first_ending: Int[Array, "run"] = quantity("1", "The phase that first ended the war; 0 while none has.")
    first_ending_week: Int[Array, "run"] = quantity("week", "Week of the first ending; 0 while there is none.")
    package: Int[Array, "run"] = quantity("1", "Package that is in force, from 1; 0 for none.", derived=True)
    taken_up: Float[Array, "option run"] = quantity("1", "1 for the options that are in force.", SHARE, derived=True)


class Flows(eqx.Module):
    """What the week brought."""

    zone: Float[Array, "run"] = quantity(
        "1", "Largest that the smaller of both surpluses can be; no zone below 0.", SIGNED, level=True
    )
    weight: Float[Array, "side run"] = quantity(
        "1", "How much a side counts where terms are picked; in sum 2.", derived=True, level=True
    )
    surplus: Float[Array, "side run"] = quantity(
        "1", "Surplus of each side in the package that is best for the worse-off.", SIGNED, derived=True, level=True
    )
    likely: Float[Array, "option run"] = quantity(
        "1", "1 for the options of that package.", SHARE, derived=True, level=True
    )
    line: Float[Array, "run"] = quantity(
        "1", "First side's share of all land under that package, as both weigh it.", SHARE, derived=True, level=True
    )
    lasting: Float[Array, "run"] = quantity(
        "1", "Chance that that package holds for a year.", SHARE, derived=True, level=True
    )
    structural: Float[Array, "ending run"] = quantity("1/week", "Hazard of each end by the structure.", level=True)
    usual: Float[Array, "ending run"] = quantity("1/week", "Hazard of each end for wars of this age.", level=True)
    agreement: Float[Array, "run"] = quantity("1/week", "Structural hazard of an agreement.", derived=True, level=True)
    hazard: Float[Array, "run"] = quantity("1/week", "Chance that the war ends this week.", SHARE)
    ended: Bool[Array, "run"] = quantity("1", "The fighting stopped this week.", SHARE)
    agreed: Float[Array, "option run"] = quantity("1", "1 for the options agreed on this week.", SHARE, derived=True)
    resumed: Bool[Array, "run"] = quantity("1", "The fighting resumed this week.", SHARE)


class Wanted(eqx.Module):
    """What each side wants of an agreement, from what it expects of fighting on."""

    least: Float[Array, "side run"]
    """The least that it would accept."""
    relapsed: Float[Array, "side run"]
    """What fighting on is worth once an agreement has broken."""
    impatience: Float[Array, "side run"]
    """Rate at which it discounts the future, 1/week."""
    shift: Float[Array, "run"]
    """Log power that a pause brings the first side beyond the second."""
    asked: Float[Array, "run"]
    """What both ask too much, thinking the enemy softer than he is."""


class Talked(eqx.Module):
    """What the table is like this week."""

    due: Float[Array, "run"]
    """1 before a deadline."""
    regime: Int[Array, "run"]
    """0 no talks, 1 insincere, 2 earnest."""
    allies: Float[Array, "side run"]
    """Allies relative to the opening."""
    trust: Float[Array, "patron run"]
    """Chance that a patron's guarantee is believed and kept."""


def log_survival(params: Params, age: Float[Array, "run"]) -> Float[Array, "run"]:
    """Log share of wars that last beyond an age in months."""
    x = jnp.minimum((age / jnp.maximum(params.scale, TINY)) ** params.shape, MOST)
    return jnp.where(params.weibull > 0.5, -x, -jnp.log1p(x))


def ending_hazard(params: Params, week: Int[Array, ""]) -> Float[Array, "run"]:
    """Chance that a war of this age ends during a week (counted from 0 at the opening), given that it lasts."""
    age = params.age + week / MONTH
    return -jnp.expm1(log_survival(params, age + 1 / MONTH) - log_survival(params, age))


def usual_endings(params: Params, week: Int[Array, ""], troops: Float[Array, "side run"]) -> Float[Array, "ending run"]:
    """Hazard of each end for wars of this age, shared out as wars have ended."""
    rest = 1 - params.ceasefire_share
    agreed = params.ceasefire_share + rest * params.settlement_share
    dictated = (1 - agreed) * params.dictated_share
    first = jax.nn.sigmoid(odds_of_strength(params, troops))
    share = jnp.stack([agreed, dictated * first, dictated * (1 - first), 1 - agreed - dictated])
    return share * ending_hazard(params, week)


def odds_of_strength(params: Params, troops: Float[Array, "side run"]) -> Float[Array, "run"]:
    """Log odds that it is the first side that dictates."""
    strength = jnp.log(jnp.maximum(troops, 1.0))
    return jnp.clip(params.strength_exponent * (strength[0] - strength[1]), -FURTHEST, FURTHEST)


def breaking(
    params: Params, terms: Terms, trust: Float[Array, "patron run"], shift: Float[Array, "run"]
) -> Float[Array, "package run"]:
    """Chance that an agreement on each package breaks in a week."""
    promised = 1 - jnp.prod(1 - terms.guarantee[:, :, None] * trust, axis=1)
    log = -params.guarantee_effect * (promised - params.usual_credibility)
    depth = REACH_KM * -jnp.expm1(-terms.depth / REACH_KM)
    log = log - params.depth_effect * depth[:, None] - params.settled_effect * terms.settles[:, None]
    return jnp.minimum(
        params.relapse * jnp.exp(jnp.clip(log + params.shift_effect * jnp.abs(shift), -FURTHEST, FURTHEST)), 1.0
    )


def breaking_now(
    params: Params, state: State, terms: Terms, breaks: Float[Array, "package run"]
) -> Float[Array, "run"]:
    """Chance that the agreement in force breaks this week; a ceasefire that became a settlement holds as one."""
    package = jnp.maximum(state.package - 1, 0)
    ripe = (state.phase == SETTLEMENT) & (terms.settles[package] < 0.5)
    chance = jnp.take_along_axis(breaks, package[None], axis=0)[0]
    return jnp.where(ripe, chance * jnp.exp(-params.settled_effect), chance)


def worse_off(surplus: Float[Array, "side *some run"]) -> Float[Array, "*some run"]:
    """The smaller surplus of both sides."""
    return jnp.minimum(surplus[0], surplus[1])


class Offer(eqx.Module):
    """What the packages leave to each side this week."""

    surplus: Float[Array, "side package run"]
    bundle: Int[Array, "package run"]
    """How the riders are settled."""

    @property
    def least(self) -> Float[Array, "package run"]:
        """The smaller surplus of both sides."""
        return worse_off(self.surplus)


def offers(appraisal: Appraisal, breaks: Float[Array, "package run"], wanted: Wanted) -> Offer:
    """Surplus of each side in each package, its riders settled as is best for the worse-off."""
    kept = wanted.impatience[:, None] / jnp.maximum(wanted.impatience[:, None] + breaks, TINY)
    gained = (1 - kept) * wanted.relapsed[:, None] - wanted.least[:, None]
    plain = kept * appraisal.worth + gained - appraisal.overruling
    each = jnp.stack([worse_off(plain + kept * added[:, None]) for added in appraisal.bundle_worth])
    bundle = jnp.argmax(each, axis=0)
    added = jnp.stack([jnp.take_along_axis(appraisal.bundle_worth[:, side], bundle, axis=0) for side in range(SIDES)])
    return Offer(plain + kept * added, bundle)


def agreement_hazard(
    params: Params, talked: Talked, zone: Float[Array, "run"], asked: Float[Array, "run"]
) -> Float[Array, "run"]:
    """Structural hazard of an agreement, 1/week; `asked` is what both ask too much, thinking the enemy soft."""
    open_ = jax.nn.sigmoid((zone - asked - params.zone_middle) / jnp.maximum(params.zone_width, 1e-4))
    rates = jnp.stack([params.silent_rate, params.insincere_rate, params.earnest_rate])
    rate = jnp.take_along_axis(rates, talked.regime[None], axis=0)[0]
    return rate * open_ * jnp.exp(jnp.clip(params.deadline_effect * talked.due, -FURTHEST, FURTHEST))


def pooled(structural: Float[Array, "ending run"], usual: Array, weight: Array) -> Float[Array, "ending run"]:
    """Hazards pooled in logs: the total of all causes, shared out as the causes' own pools are to each other."""
    each = weighed(structural, usual, weight)
    total = weighed(structural.sum(axis=0), usual.sum(axis=0), weight)
    return each / jnp.maximum(each.sum(axis=0), TINY) * total


def weighed(structural: Array, usual: Array, weight: Array) -> Array:
    """structural^w · usual^(1 − w)."""
    return jnp.exp(weight * jnp.log(jnp.maximum(structural, TINY)) + (1 - weight) * jnp.log(jnp.maximum(usual, TINY)))


def strength_weights(params: Params, allies: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """Weight of each side where terms are picked, equal at the opening, in sum 2."""
    log = params.standing_effect * jnp.log(jnp.maximum(allies, 0.05))
    return 2 * jax.nn.softmax(log, axis=0)


def scores(params: Params, offer: Offer, weight: Float[Array, "side run"]) -> Float[Array, "package run"]:
    """How far the rule of each run favours each package, in units of surplus.

    Packages outside the zone are out of the question, but where none is inside: then it is the smaller surplus.
    """
    gain = jnp.maximum(offer.surplus, 1e-6)
    nash = jnp.exp((weight[:, None] * jnp.log(gain)).sum(axis=0) / 2)
    inside = offer.least >= 0
    ideal = jnp.maximum(jnp.where(inside, offer.surplus, 0.0).max(axis=1), 1e-6)
    kalai = (gain / ideal[:, None]).min(axis=0) * ideal.min(axis=0)
    told = jnp.stack([nash, kalai, offer.least, vote(offer, weight)])
    picked = jnp.clip((params.rule * len(RULES)).astype(jnp.int32), 0, len(RULES) - 1)
    score = jnp.take_along_axis(told, picked[None, None], axis=0)[0]
    return jnp.where(inside, score, jnp.where(inside.any(axis=0), -jnp.inf, offer.least))


def vote(offer: Offer, weight: Float[Array, "side run"]) -> Float[Array, "package run"]:
    """Scores by which a temperature of 0.01 picks as a probabilistic Condorcet election of both sides does.

    c_ab = 1e-8 + Σ weight · max(0, surplus_a − surplus_b), v_ab = c_ab / (c_ab + c_ba), p_a ∝ Π_b v_ab (KTAB). It is
    held among the packages that are best for the worse-off, as many as `SHORTLIST`; the score is 0.01 · ln p_a, moved.
    """
    least = offer.least
    _, listed = jax.lax.top_k(least.T, min(SHORTLIST, len(least)))
    surplus = jnp.take_along_axis(offer.surplus, listed.T[None], axis=1)
    edge = (weight[:, None, None] * jnp.maximum(surplus[:, :, None] - surplus[:, None], 0.0)).sum(axis=0) + 1e-8
    chance = jnp.log(edge / (edge + edge.swapaxes(0, 1))).sum(axis=1)
    best = surplus.min(axis=0)
    score = best.max(axis=0) + 0.01 * (chance - chance.max(axis=0))
    flat = jnp.full_like(least, -jnp.inf)
    return flat.at[listed.T, jnp.arange(least.shape[1])[None]].set(score)


def pick(params: Params, terms: Terms, offer: Offer, weight: Array, noise: Noise) -> Int[Array, "run"]:
    """Package that the rule of each run picks, with a little noise; no treaty where its text is not ready."""
    late = (terms.settles > 0.5)[:, None] & (noise.uniform("text") >= params.treaty_ready)
    offer = Offer(jnp.where(late & (terms.settles < 0.5).any(), offer.surplus - OUT, offer.surplus), offer.bundle)
    u = noise.uniform("pick", (len(offer.least),))
    gumbel = -jnp.log(-jnp.log(u)).astype(offer.surplus.dtype)
    return jnp.argmax(scores(params, offer, weight) + params.temperature * gumbel, axis=0)


def options_of(
    terms: Terms, offer: Offer, appraisal: Appraisal, package: Int[Array, "run"]
) -> Float[Array, "option run"]:
    """1 for the options of a package of each run, the riders' among them."""
    options = jnp.arange(len(terms.issue))[:, None, None]
    fixed = (options == terms.package[package].T).any(axis=1)
    way = jnp.take_along_axis(offer.bundle, package[None], axis=0)[0]
    riders = jnp.take_along_axis(appraisal.bundle, way[None, None], axis=0)[0]
    return fixed.astype(riders.dtype) + riders


def relief(terms: Terms, state: State) -> Float[Array, "run"]:
    """Share of sanctions that the agreement in force lifts."""
    return jnp.where(state.package > 0, terms.relief[jnp.maximum(state.package - 1, 0)], 0.0)


def opening(runs: int, options: int) -> State:
    """At war, with nothing agreed."""
    none = jnp.zeros(runs, jnp.int32)
    return State(
        phase=none,
        weeks_in_phase=none,
        first_ending=none,
        first_ending_week=none,
        package=none,
        taken_up=jnp.zeros((options, runs)),
    )


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    terms: Terms,
    troops: Float[Array, "side run"],
    appraisal: Appraisal,
    talked: Talked,
    wanted: Wanted,
) -> tuple[State, Flows]:
    """Weigh the terms; end the war, break or ripen an agreement, each with its chance."""
    breaks = breaking(params, terms, talked.trust, wanted.shift)
    offer = offers(appraisal, breaks, wanted)
    best = jnp.argmax(offer.least, axis=0)
    zone = do("zone", offer.least.max(axis=0))
    agreement = agreement_hazard(params, talked, zone, wanted.asked)
    strength = odds_of_strength(params, troops)
    rest = jnp.stack(
        [params.dictated_rate * jnp.exp(strength), params.dictated_rate * jnp.exp(-strength), params.fade_rate]
    )
    structural = do("structural", jnp.minimum(jnp.concatenate([agreement[None], rest]), 1.0))
    usual = do("usual", usual_endings(params, noise.week, troops).astype(params.shape.dtype))
    each = pooled(structural, usual, params.anchor)
    total = each.sum(axis=0)
    hazard = do("hazard", jnp.minimum(total, 1.0))

    chance, kind = noise.uniform("end"), noise.uniform("kind")
    at_war = state.phase == WAR
    ended = at_war & do("ended", at_war & (chance < hazard))
    cause = (kind * total > jnp.cumsum(each, axis=0)[:-1]).sum(axis=0)
    agrees = ended & (cause == ENDINGS.index("agreed"))
    weight = strength_weights(params, talked.allies)
    package = jax.lax.cond(agrees.any(), lambda: pick(params, terms, offer, weight, noise), lambda: best)
    agreed = options_of(terms, offer, appraisal, package) * agrees
    signed = jnp.where(terms.settles[package] > 0.5, SETTLEMENT, CEASEFIRE)
    end = jnp.where(agrees, signed, SETTLEMENT + cause)

    holding = (state.phase == CEASEFIRE) | (state.phase == FROZEN) | (state.phase == SETTLEMENT)
    in_force = breaking_now(params, state, terms, breaks)
    broken = (holding & (chance < in_force)) | ((state.phase == FADE) & (chance < params.flare))
    resumed = (holding | (state.phase == FADE)) & do("resumed", broken)
    ripened = holding & (state.phase != SETTLEMENT) & (chance > 1 - params.ripen)

    phase = jnp.where(ended, end, state.phase)
    phase = jnp.where(resumed, WAR, jnp.where(ripened, SETTLEMENT, phase))
    phase = jnp.where(
        (phase == CEASEFIRE) & (state.phase == CEASEFIRE) & (state.weeks_in_phase >= FREEZE), FROZEN, phase
    )
    first = ended & (state.first_ending == WAR)
    after = State(
        phase=phase.astype(jnp.int32),
        weeks_in_phase=jnp.where(phase == state.phase, state.weeks_in_phase + 1, 1),
        first_ending=jnp.where(first, phase, state.first_ending).astype(jnp.int32),
        first_ending_week=jnp.where(first, noise.week + 1, state.first_ending_week).astype(jnp.int32),
        package=jnp.where(resumed, 0, jnp.where(agrees, package + 1, state.package)).astype(jnp.int32),
        taken_up=jnp.where(resumed, 0.0, jnp.where(agrees, agreed, state.taken_up)),
    )
    at_best = best[None]
    return after, Flows(
        zone=zone,
        weight=weight,
        surplus=jnp.take_along_axis(offer.surplus, at_best[None], axis=1)[:, 0],
        likely=options_of(terms, offer, appraisal, best),
        line=jnp.take_along_axis(appraisal.line, terms.line[best][None], axis=0)[0],
        lasting=(1 - jnp.take_along_axis(breaks, at_best, axis=0)[0]) ** 52,
        structural=structural,
        usual=usual,
        agreement=agreement,
        hazard=hazard,
        ended=ended,
        agreed=agreed,
        resumed=resumed,
    )
