"""The war: every subsystem in causal order, one week at a time. Read this first.

A call may use flows of the calls above it and any state as it stood at the start of the week, so feedback takes a
week and nothing is circular. Nothing here knows which war it is: sides, axes, items and cells are positions in arrays.
"""

import equinox as eqx
from jaxtyping import Array, Float

from ceasefire.model import attrition, bargaining, front, industry, logistics, manpower, policy
from ceasefire.model.axes import Ground
from ceasefire.model.noise import Noise

SUBSYSTEMS = (policy, logistics, industry, attrition, front, manpower, bargaining)


class Params(eqx.Module):
    """Constant during a war, and not known exactly."""

    policy: policy.Params
    logistics: logistics.Params
    industry: industry.Params
    attrition: attrition.Params
    front: front.Params
    manpower: manpower.Params
    bargaining: bargaining.Params


class State(eqx.Module):
    """The war at the start of a week."""

    policy: policy.State
    logistics: logistics.State
    industry: industry.State
    attrition: attrition.State
    front: front.State
    manpower: manpower.State
    bargaining: bargaining.State


class Flows(eqx.Module):
    """What happened during a week."""

    policy: policy.Flows
    logistics: logistics.Flows
    industry: industry.Flows
    attrition: attrition.Flows
    front: front.Flows
    manpower: manpower.Flows
    bargaining: bargaining.Flows


def step(params: Params, state: State, ground: Ground, noise: Noise, *, list_length: int) -> tuple[State, Flows]:
    """One week of war.

    `noise` is the luck of the week; `list_length` bounds the cells in reach of the front (see `front`).
    """
    was = state
    policy_state, orders = policy.step(
        params.policy,
        was.policy,
        at_war=was.bargaining.phase == bargaining.WAR,
        fading=was.bargaining.phase == bargaining.FADE,
    )
    logistics_state, roads = logistics.step(params.logistics, was.logistics, ground=ground, held=was.front.held)
    industry_state, output = industry.step(params.industry, was.industry)
    attrition_state, losses = attrition.step(
        params.attrition,
        was.attrition,
        noise=noise.of("attrition"),
        effort=orders.effort,
        fire=orders.fire,
        delivered=output.delivered,
        arriving=was.manpower.arriving,
        leaving=was.manpower.leaving,
    )
    front_state, ground_taken = front.step(
        params.front,
        was.front,
        ground=ground,
        noise=noise.of("front"),
        effort=orders.effort,
        troops=was.attrition.troops,
        supply=roads.supply,
        list_length=list_length,
    )
    manpower_state, people = manpower.step(
        params.manpower,
        was.manpower,
        noise=noise.of("manpower"),
        troops=was.attrition.troops,
        wounded=losses.wounded,
    )
    bargaining_state, talks = bargaining.step(
        params.bargaining, was.bargaining, noise=noise.of("bargaining"), troops=was.attrition.troops
    )
    after = State(
        policy=policy_state,
        logistics=logistics_state,
        industry=industry_state,
        attrition=attrition_state,
        front=front_state,
        manpower=manpower_state,
        bargaining=bargaining_state,
    )
    happened = Flows(
        policy=orders,
        logistics=roads,
        industry=output,
        attrition=losses,
        front=ground_taken,
        manpower=people,
        bargaining=talks,
    )
    return after, happened


def opening_balance(params: Params, state: State, ground: Ground) -> Float[Array, "side axis run"]:
    """The balance of force and supply at the opening, which the front's budget is measured from."""
    _, roads = logistics.step(params.logistics, state.logistics, ground=ground, held=state.front.held)
    return front.relative_balance(params.front, state.attrition.troops, roads.supply)
