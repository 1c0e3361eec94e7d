"""What the axes of an array mean, and the ground that the war is fought on.

side: the two belligerents, in the scenario's order. axis: a sector of the front. item: a kind of equipment. munition:
what is used up. posture: a way to attack. weapon: a munition that strikes deep. layer: a kind of air defence. sector:
what deep strikes are aimed at. region: a quarter of a side's country. plant: a kind of generation, or transmission.
damage: how badly broken. buyer: who takes a side's oil. patron: a state that helps one side; payer: a patron that
pays. good: what patrons give. switch: what a patron can stop from one day to the next. question: what pollsters ask.
land: an area that an agreement can name. issue: what is bargained over; option: a way to settle an issue, over all
issues. actor: the leaders of both sides, then other voices: publics, patrons, mediators. package: an option for every
issue that is not a rider; line: a way to award the lands; rider: an issue that is settled last, as suits the rest.
type: how hard a side may be. reading: what a side's value of fighting on is told from. ending: how a war ends. cell:
an H3 hexagon of the theatre, in the order of its axes; the last row is an inert dummy that stands for whatever lies
outside. block: a coarse hexagon of cells, about 15 km across. node: a town on the supply graph. edge: a road or
railway between two nodes. garrison: a defended town, or several. run: one possible war, always the last axis.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

SIDES = 2
NEIGHBOURS = 6
YEAR = 52
"""Weeks after which the climate repeats."""
WEAPONS = ("attack_drone", "decoy", "cruise_missile", "ballistic_missile", "antiship_missile")
"""What is launched deep into the enemy's country; the last was made for ships."""
INTERCEPTORS = ("interceptor_drone", "short_interceptor", "long_interceptor")
LAYERS = ("jamming", "guns", *INTERCEPTORS)
"""Kinds of air defence; those after the guns spend a munition of the same name."""
AT_THE_FRONT = ("strike_drone", "surveillance_drone", "shell", "glide_bomb", "standoff_missile", "air_to_air")
MUNITIONS = (*AT_THE_FRONT, *WEAPONS, *INTERCEPTORS)
SECTORS = ("grid", "industry", "refining", "ports", "military")
"""What deep strikes are aimed at, in shares; never places."""
REGIONS = ("north", "east", "south", "west")
PLANTS = ("nuclear", "thermal", "hydro", "renewable", "transmission")
DAMAGE = ("minor", "major", "lost")
BUYERS = ("exposed", "steady")
"""Buyers of oil who fear secondary sanctions, and those who do not."""
GOODS = ("interceptors", "shells", "weapons", "platforms", "components", "money")
"""What patrons give: weapons are all munitions but shells and interceptors, platforms what fires them."""
SWITCHES = ("intelligence", "licence", "funds")
"""What a patron can stop from one day to the next: what it tells, leave to strike far with its weapons, new pledges."""
QUESTIONS = ("talks", "concession")
"""What pollsters ask: talks now rather than fighting on; peace at the price of land rather than no concession."""
TYPES = ("soft", "middling", "hard")
"""How hard a side may be at the table."""
ENDINGS = ("agreed", "dictated_first", "dictated_second", "fade")
POSTURES = ("massed", "infiltration", "encirclement")
ROLES = ("armour", "gun")
"""What an item can be to the fighting; most are neither."""


class Terms(eqx.Module):
    """What can be agreed, constant during a war. One row a package."""

    land_area: Float[Array, "land cell"]
    """km² of each land in each cell of the theatre."""
    land_behind: Float[Array, "land"]
    """km² of each land that the first side holds outside the theatre."""
    land_whole: Float[Array, "land"]
    """km² of each land."""
    issue: Int[Array, "option"]
    """Issue of each option."""
    territorial: Float[Array, "issue"]
    """1 for issues that award land; what they are worth is the land."""
    status_quo: Float[Array, "option"]
    """1 for the option of each issue that stands where nothing is agreed."""
    package: Int[Array, "package enumerated"]
    """Option of each issue that is not a rider."""
    rider: Float[Array, "rider option"]
    """1 for the options of each rider."""
    line: Int[Array, "package"]
    """How each package awards the lands."""
    gives: Float[Array, "side line land"]
    """Share of what the other holds of a land that a line gives to a side."""
    neutral: Float[Array, "side line land"]
    """1 where what a side holds of a land is to be demilitarised."""
    depth: Float[Array, "package"]
    """Depth of the zone between the armies, km."""
    guarantee: Float[Array, "package patron"]
    """Strength of what each patron promises to keep the agreement, 0 to 1."""
    relief: Float[Array, "package"]
    """Share of sanctions that is to be lifted."""
    settles: Float[Array, "package"]
    """1 where the agreement settles the war, 0 where it stops the fighting first."""
    camp: Float[Array, "side actor"]
    """1 where an actor counts a side's land as its own."""
    deadline: Float[Array, "week"]
    """1 in weeks of the first year before a deadline that was set; a 0 stands for later ones."""


class Appraisal(eqx.Module):
    """What the packages are worth to the leaders this week; their own aims 1, their defeat 0."""

    worth: Float[Array, "side package run"]
    """Before the riders are settled."""
    overruling: Float[Array, "side package run"]
    """What it costs to overrule the voices that object."""
    bundle_worth: Float[Array, "bundle side run"]
    """What each way to settle the riders adds."""
    bundle: Float[Array, "bundle option run"]
    """Which options of the riders each takes, 1 or 0."""
    standing: Float[Array, "side run"]
    """Worth of the line as held, with nothing agreed."""
    stake: Float[Array, "side run"]
    """Weight of all land together."""
    line: Float[Array, "line run"]
    """First side's share of the land that counts for either, under each line, by what it is worth to both."""


class Ground(eqx.Module):
    """The map, constant during a war. One row a cell, then the dummy row."""

    area: Float[Array, "cell"]
    """km²; 0 in the dummy row."""
    axis: Int[Array, "cell"]
    """Which axis the cell belongs to."""
    neighbour: Int[Array, "cell 6"]
    """Rows of the six neighbours; the cell itself where there is none."""
    border: Float[Array, "side cell"]
    """1 where the side holds land outside the theatre next to the cell, from which it can enter."""
    feature: Float[Array, "feature cell"]
    """What makes a cell harder to take: town, river, fortification, wood; standardised."""
    height: Float[Array, "cell"]
    """Height above the surroundings, m."""
    population: Float[Array, "cell"]
    """Residents before the war."""
    works: Float[Array, "side cell"]
    """Trenches and obstacles of each side as mapped, km in a cell relative to the side's mean over the theatre."""
    block: Int[Array, "cell"]
    """Block of each cell; one dummy block after the last for the dummy row."""
    block_neighbour: Int[Array, "block 6"]
    """The six neighbouring blocks, the block itself where there is none."""
    climate: Float[Array, "axis week"]
    """Usual temperature in each week of the year from the opening, °C."""
    collection: Float[Array, "side week"]
    """Taxes on oil collected in each week of the year from the opening, relative to an even flow."""
    edge: Int[Array, "edge 2"]
    """Nodes at the ends of each edge."""
    length: Float[Array, "edge"]
    """km along each edge; the last edge is a dummy, infinitely long and of no capacity."""
    capacity: Float[Array, "edge"]
    """t/week that an edge carries undisturbed."""
    edge_cell: Int[Array, "edge point"]
    """Cells that the edge runs through, the dummy row behind the theatre."""
    link: Int[Array, "node link"]
    """Neighbouring nodes, padded with the node itself."""
    link_edge: Int[Array, "node link"]
    """Edge to each neighbouring node, padded with the dummy edge."""
    node_cell: Int[Array, "node"]
    """Cell of each node; the dummy row where it lies behind the theatre."""
    rear: Float[Array, "side node"]
    """km from the side's nearest source of supply to the node through the rear; infinite if none."""
    node_weight: Float[Array, "axis node"]
    """How much a node matters to supply on an axis: nearness to the opening line."""
    garrison_node: Float[Array, "garrison node"]
    """1 for the nodes of each garrison."""
    garrison_cell: Int[Array, "garrison place"]
    """Cells in and around each garrison, padded with the dummy row."""
    garrison_side: Int[Array, "garrison"]
    """Side that holds the garrison at the opening."""
    garrison_flow: Float[Array, "garrison"]
    """t/week that the roads can carry to the garrison at the opening."""
    town_cell: Int[Array, "town place"]
    """Cells under the disc of each town, padded with the dummy row."""
    town_weight: Float[Array, "town place"]
    """Share of the disc that each covers."""
    role: Float[Array, "role item"]
    """1 where an item plays a role (`ROLES`)."""
    supports: Float[Array, "side patron"]
    """1 where a patron helps the side."""
    election: Int[Array, "patron"]
    """Week from the opening, from 0, of a patron's next national election; negative where none is known."""
    talks: Float[Array, "week"]
    """1 in each week of the first year from the opening in which announced talks are due; a 0 stands for later ones."""
    terms: Terms

    @property
    def axes(self) -> int:
        """Number of axes."""
        return self.node_weight.shape[0]

    def by_axis(self) -> Float[Array, "axis cell"]:
        """Indicator of each axis."""
        return (jnp.arange(self.axes)[:, None] == self.axis).astype(self.area.dtype)


def enemy(per_side: Float[Array, "side ..."]) -> Float[Array, "side ..."]:
    """The same quantity of the other side."""
    return per_side[::-1]


def relative(now: Array, opening: Array, trace: float) -> Array:
    """A number relative to the opening's; `trace`, small beside any use, is always there, so that none to none is 1."""
    return (now + trace) / (opening + trace)
