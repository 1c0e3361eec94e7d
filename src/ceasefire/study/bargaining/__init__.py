"""Bargaining on plain tables: any actors, any dimensions, any options.

`solution` chooses an option or a lottery from a table of utilities; `election` and `spatial` let coalitions contend;
`expected_utility` lets actors challenge and yield; `forts` values fighting on against settling; `formula` and `hazard`
are closed forms; `position` is the weighted mean and median that any prediction of terms has to beat. NumPy only.
"""

from ceasefire.study.bargaining.check import BargainingError, NoAgreementError
from ceasefire.study.bargaining.election import (
    coalition_strength,
    conditional_election,
    condorcet_election,
    incentive_election,
    uniform_election,
    victory_chance,
)
from ceasefire.study.bargaining.expected_utility import Rounds, play_rounds
from ceasefire.study.bargaining.formula import (
    Interval,
    Screening,
    fearon_range,
    nash_split,
    powell_threshold,
    preventive_war,
    rubinstein_share,
    screening,
)
from ceasefire.study.bargaining.forts import (
    Reservation,
    Side,
    expected_duration,
    fight_to_finish,
    fighting_values,
    win_probability,
    with_settlement,
    zone_of_agreement,
)
from ceasefire.study.bargaining.hazard import chance_by, incidence, median_time, shares
from ceasefire.study.bargaining.position import weighted_mean, weighted_median
from ceasefire.study.bargaining.solution import Agreement, egalitarian, kalai_smorodinsky, nash
from ceasefire.study.bargaining.spatial import (
    SpatialElection,
    SpatialTable,
    read_spatial,
    risk_attitude,
    spatial_distance,
    spatial_election,
    spatial_utility,
)

__all__ = [
    "Agreement",
    "BargainingError",
    "Interval",
    "NoAgreementError",
    "Reservation",
    "Rounds",
    "Screening",
    "Side",
    "SpatialElection",
    "SpatialTable",
    "chance_by",
    "coalition_strength",
    "conditional_election",
    "condorcet_election",
    "egalitarian",
    "expected_duration",
    "fearon_range",
    "fight_to_finish",
    "fighting_values",
    "incentive_election",
    "incidence",
    "kalai_smorodinsky",
    "median_time",
    "nash",
    "nash_split",
    "play_rounds",
    "powell_threshold",
    "preventive_war",
    "read_spatial",
    "risk_attitude",
    "rubinstein_share",
    "screening",
    "shares",
    "spatial_distance",
    "spatial_election",
    "spatial_utility",
    "uniform_election",
    "victory_chance",
    "weighted_mean",
    "weighted_median",
    "win_probability",
    "with_settlement",
    "zone_of_agreement",
]
