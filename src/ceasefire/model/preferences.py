"""Preferences: what each actor would have, and so what every package of terms is worth to whom.

Actors are the leaders of both sides, and voices: publics, patrons, mediators. To an actor a package is worth
    u = Σ_lands W · value of the side's share of the land + Σ_issues w · v(option),  Σ W + Σ w = 1,
its own aims 1, the opposite 0. Of a land a share s is worth (1 − b) s + b · min(max(s − .95, 0) / .05, 1): part of its
worth may come only with all of it. Demilitarised land of the enemy counts ν as if it were one's own, and one's own as
if ν of it were lost. A line gives a share of what the other holds; "as held" moves with the front.

Voices are soft vetoes. A package that voice a would rather not see costs the leader who minds it
    price · σ((floor − u_a) / width).
The floor of a voice with a side falls as more of that side's people would concede land than at the opening (their log
odds). Riders are settled last: of three bundles, each option the best for both leaders together, for the first, for the
second, the one that leaves the worse-off leader best off (see `bargaining`).

A leader who goes takes his tastes along: the weights of whoever follows are drawn anew around the same middle.

Left out: lands worth more for who lives there or what stands on them beyond the weights, interactions between issues
but for the land, honour and habit, tastes that move with the war otherwise than through opinion, factions.
Sources: weights, values and floors from stated positions, see the scenario; that indivisible stakes need not be:
Fearon 1995, "Rationalist Explanations for War"; sizes elicited.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ceasefire.model.axes import SIDES, Appraisal, Terms
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile

WHOLE = 0.95
"""Share of a land from which on it begins to count as whole (elicited)."""
BUNDLES = 3
"""Ways to settle the riders: best for both, for the first side, for the second."""
MOST = 30.0
"""Log odds and log weights beyond this mean nothing."""
TINY = 1e-6


class Params(eqx.Module):
    """What is not known exactly of what actors want."""

    land_weight: Float[Array, "actor land run"] = parameter(
        LogNormal(0.3, 1.0, 3.0), unit="1", doc="Weight of a land to an actor, relative to its other weights."
    )
    issue_weight: Float[Array, "actor issue run"] = parameter(
        LogNormal(0.3, 1.0, 3.0), unit="1", doc="Weight of an issue to an actor; one about land has none of its own."
    )
    worth: Float[Array, "actor option run"] = parameter(
        Share(0.15, 0.5, 0.85), unit="1", doc="What an option is worth to an actor, its own aims 1, the opposite 0 (v)."
    )
    whole: Float[Array, "actor run"] = parameter(
        Share(0.05, 0.2, 0.5), unit="1", doc="Part of a land's worth that comes only with all of it (b)."
    )
    neutral: Float[Array, "actor run"] = parameter(
        Share(0.1, 0.3, 0.6), unit="1", doc="What demilitarising a land counts for, handing it over being 1 (ν)."
    )
    price: Float[Array, "side actor run"] = parameter(
        Fixed(0.0), unit="1", source="scenario", doc="What it costs a side's leader to overrule a voice."
    )
    floor: Float[Array, "actor run"] = parameter(
        Normal(0.2, 0.4, 0.6), unit="1", doc="Worth of a package that half of a voice would accept, at the opening."
    )
    width: Float[Array, "run"] = parameter(
        LogNormal(0.04, 0.08, 0.16), unit="1", doc="Worth that moves a voice's log odds by 1."
    )
    concession_effect: Float[Array, "run"] = coupling(
        "opinion.share",
        "preferences.floor_now",
        LogNormal(0.02, 0.06, 0.15),
        doc="How far a voice's floor falls as the log odds of those of its side who would concede rise by 1.",
    )
    taste_spread: Float[Array, "run"] = coupling(
        "elites.exited",
        "preferences.land_taste",
        LogNormal(0.2, 0.5, 1.2),
        doc="Standard deviation of the log weights of a new leader around the old one's middle.",
    )
    capability: Float[Array, "actor run"] = parameter(
        LogNormal(0.2, 1.0, 5.0), unit="1", doc="How much an actor counts where terms are voted on."
    )


class State(eqx.Module):
    """What the leaders in office care for more, or less, than the middle; 0 at the opening."""

    land_taste: Float[Array, "side land run"] = quantity("1", "Log of what a land weighs beyond its middle.", SIGNED)
    issue_taste: Float[Array, "side issue run"] = quantity("1", "Log of what an issue does beyond its middle.", SIGNED)


class Flows(eqx.Module):
    """How the land stands, and what voices would put up with."""

    share: Float[Array, "land run"] = quantity("1", "First side's share of each land.", SHARE, derived=True, level=True)
    floor_now: Float[Array, "actor run"] = quantity(
        "1", "Worth of a package that half of a voice would accept.", SIGNED, level=True
    )
    content: Float[Array, "actor run"] = quantity(
        "1", "How far a voice would accept the line as held, with nothing agreed.", SHARE, derived=True, level=True
    )


class Tastes(eqx.Module):
    """Weights that add up to 1, for the leaders in office."""

    land: Float[Array, "actor land run"]
    option: Float[Array, "actor option run"]
    """Weight of the option's issue times what the option is worth."""


def opening(params: Params) -> State:
    """The leaders in office, with the weights that they are thought to have."""
    land = jnp.zeros((SIDES, *params.land_weight.shape[1:]), params.width.dtype)
    issue = jnp.zeros((SIDES, *params.issue_weight.shape[1:]), params.width.dtype)
    return State(land, issue)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    terms: Terms,
    held: Float[Array, "cell run"],
    concession: Float[Array, "side run"],
    exited: Bool[Array, "side run"],
) -> tuple[State, Flows]:
    """How the land stands and what voices want; then new leaders bring their tastes.

    `held` is the first side's share of each cell, `concession` the log odds of those who would concede land, beyond the
    opening's.
    """
    won_over = (terms.camp[:, :, None] * concession[:, None]).sum(axis=0)
    floor = params.floor - params.concession_effect * jnp.clip(won_over, -MOST, MOST)
    after = State(
        land_taste=redrawn(params, state.land_taste, exited, noise.uniform("land", state.land_taste.shape[:-1])),
        issue_taste=redrawn(params, state.issue_taste, exited, noise.uniform("issue", state.issue_taste.shape[:-1])),
    )
    share, floor_now = land_share(terms, held), do("floor_now", floor)
    standing = as_things_stand(params, tastes(params, state, terms), terms, share)
    return after, Flows(share, floor_now, accepted(params, floor_now, standing))


def redrawn(params: Params, taste: Array, exited: Array, u: Array) -> Array:
    """Tastes after a week in which some leaders went."""
    return jnp.where(exited[:, None], params.taste_spread * normal_quantile(u), taste)


def land_share(terms: Terms, held: Float[Array, "cell run"]) -> Float[Array, "land run"]:
    """First side's share of each land, from its share of each cell of the theatre and what it holds behind it."""
    first = terms.land_behind[:, None] + terms.land_area @ held
    return jnp.clip(first / jnp.maximum(terms.land_whole, TINY)[:, None], 0.0, 1.0)


def tastes(params: Params, state: State, terms: Terms) -> Tastes:
    """Weights of all actors, which add up to 1, and what each option adds to a package."""
    voices = len(params.floor) - SIDES

    def weighed(weight: Array, taste: Array) -> Array:
        """Weights of the actors as they are now."""
        added = jnp.exp(jnp.clip(taste, -MOST, MOST))
        return weight * jnp.concatenate([added, jnp.ones((voices, *added.shape[1:]), added.dtype)])

    land = weighed(params.land_weight, state.land_taste) * (terms.camp.sum(axis=0) > 0)[:, None, None]
    issue = weighed(params.issue_weight, state.issue_taste) * (1 - terms.territorial)[:, None]
    total = jnp.maximum(land.sum(axis=1) + issue.sum(axis=1), TINY)[:, None]
    return Tastes(land=land / total, option=(issue / total)[:, terms.issue] * params.worth)


def land_worth(
    params: Params, tastes: Tastes, terms: Terms, share: Float[Array, "land run"]
) -> Float[Array, "actor line run"]:
    """What each line is worth to each actor, for its land alone; those without a camp have no weight on land."""
    first = share * (1 - terms.gives[1][..., None]) + (1 - share) * terms.gives[0][..., None]
    theirs, ours = terms.neutral[1][..., None] * (1 - first), terms.neutral[0][..., None] * first

    kept = first + params.neutral[:, None, None] * (theirs - ours)
    own = jnp.where(terms.camp[1][:, None, None, None] > 0, 1 - kept, kept)
    return (tastes.land[:, None] * in_part_and_whole(params.whole[:, None, None], own)).sum(axis=2)


def in_part_and_whole(whole: Array, share: Array) -> Array:
    """What a share of a land is worth, all of it being 1."""
    return (1 - whole) * share + whole * jnp.clip((share - WHOLE) / (1 - WHOLE), 0.0, 1.0)


def package_worth(
    tastes: Tastes, terms: Terms, land: Float[Array, "actor line run"]
) -> Float[Array, "actor package run"]:
    """What each package is worth to each actor before the riders are settled."""
    options = jnp.arange(len(terms.issue))
    holds = (terms.package[:, :, None] == options).any(axis=1).astype(land.dtype)
    return land[:, terms.line] + jnp.einsum("po,aor->apr", holds, tastes.option)


def bundles(tastes: Tastes, terms: Terms) -> tuple[Float[Array, "bundle actor run"], Float[Array, "bundle option run"]]:
    """What each way to settle the riders is worth to each actor, and which options it takes, 1 or 0."""
    first, second = tastes.option[0], tastes.option[1]
    picked = best_options(terms.rider, jnp.stack([first + second, first, second]))
    return (picked[:, None] * tastes.option).sum(axis=2), picked


def best_options(
    rider: Float[Array, "rider option"], wanted: Float[Array, "bundle option run"]
) -> Float[Array, "bundle option run"]:
    """1 for the option of each rider that is wanted most, the first of equals."""
    best = jnp.argmax(jnp.where(rider[None, :, :, None] > 0, wanted[:, None], -jnp.inf), axis=2)
    return (jnp.arange(wanted.shape[1])[:, None] == best[:, :, None]).sum(axis=1).astype(wanted.dtype)


def appraise(
    params: Params, tastes: Tastes, terms: Terms, share: Float[Array, "land run"], floor: Float[Array, "actor run"]
) -> Appraisal:
    """What all packages are worth to the leaders, of the land as it stands and voices with their floors."""
    land = land_worth(params, tastes, terms, share)
    added, bundle = bundles(tastes, terms)
    worth = package_worth(tastes, terms, land)
    objection = objections(params, floor, worth[SIDES:] + added[0, SIDES:, None])
    return Appraisal(
        worth=worth[:SIDES],
        overruling=overruling(params, objection),
        bundle_worth=added[:, :SIDES],
        bundle=bundle,
        standing=as_things_stand(params, tastes, terms, share)[:SIDES],
        stake=tastes.land[:SIDES].sum(axis=1),
        line=awarded(tastes, terms, share),
    )


def awarded(tastes: Tastes, terms: Terms, share: Float[Array, "land run"]) -> Float[Array, "line run"]:
    """First side's share of all land under each line, lands weighed as both leaders together weigh them."""
    first = share * (1 - terms.gives[1][..., None]) + (1 - share) * terms.gives[0][..., None]
    weight = tastes.land[:SIDES].sum(axis=0)
    return jnp.clip((first * weight).sum(axis=1) / jnp.maximum(weight.sum(axis=0), TINY), 0.0, 1.0)


def as_things_stand(
    params: Params, tastes: Tastes, terms: Terms, share: Float[Array, "land run"]
) -> Float[Array, "actor run"]:
    """What it is worth to each actor that the fighting fades on the line as held, with nothing agreed."""
    line = in_part_and_whole(params.whole[:, None], jnp.stack([share, 1 - share])[side_of(terms)])
    return (tastes.land * line).sum(axis=1) + (tastes.option * terms.status_quo[:, None]).sum(axis=1)


def side_of(terms: Terms) -> Array:
    """Side whose land an actor counts as its own; the first's for those who count none."""
    return (terms.camp[1] > 0).astype(jnp.int32)


def accepted(params: Params, floor: Float[Array, "... run"], worth: Float[Array, "... run"]) -> Float[Array, "... run"]:
    """How far an actor would accept what is worth so much to it, 0 to 1; floor and worth broadcast."""
    return jax.nn.sigmoid(jnp.clip((worth - floor) / jnp.maximum(params.width, TINY), -MOST, MOST))


def objections(
    params: Params, floor: Float[Array, "actor run"], worth: Float[Array, "voice package run"]
) -> Float[Array, "voice package run"]:
    """How far each voice objects to each package, which is worth so much to it, 0 to 1; leaders do not object."""
    return 1 - accepted(params, floor[SIDES:, None], worth)


def overruling(params: Params, objection: Float[Array, "voice package run"]) -> Float[Array, "side package run"]:
    """What it costs each leader to overrule the voices that he minds."""
    price = params.price[:, SIDES:, None]
    none = jnp.zeros((SIDES, *objection.shape[1:]), objection.dtype)
    return sum((price[:, voice] * each for voice, each in enumerate(objection)), none)
