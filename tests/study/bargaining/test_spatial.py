"""Spatial model: the published three-dimensional case, its symmetries, and files that are not tables."""

import numpy as np
import pytest

from ceasefire.study.bargaining import (
    BargainingError,
    conditional_election,
    incentive_election,
    read_spatial,
    risk_attitude,
    spatial_distance,
    spatial_election,
    spatial_utility,
    uniform_election,
)

KTAB = """\
DummyData_3Dim ,"Dummy scenario to test reading format",7,3,
Actor,Description,Power,Pstn1,Sal1,Pstn2,Sal2,Pstn3,Sal3,
SActor-00, Random Spatial Actor, 102.543, 75.79, 49.53,  6.37,  5.91, 70.45, 28.15,
SActor-01, Random Spatial Actor,  53.393, 82.72, 30.33, 73.50, 21.22, 64.00, 24.79,
SActor-02, Random Spatial Actor, 129.643, 82.45, 48.47, 90.89, 13.55,  0.07, 34.62,
SActor-03, Random Spatial Actor,  75.920, 62.52, 20.76, 50.82, 39.24, 62.33, 22.21,
SActor-04, Random Spatial Actor,  63.224, 82.34, 40.96, 45.77, 25.43, 73.31, 22.59,
SActor-05, Random Spatial Actor, 120.048, 84.48, 22.92, 33.70, 39.35, 88.11, 15.42,
SActor-06, Random Spatial Actor,  54.178, 70.96, 31.75, 33.46, 27.93, 90.36, 26.03,
"""
"""The three-dimensional example of the KAPSARC Toolkit for Behavioral Analysis (KTAB)."""
CHANCE = [0.0047, 0.0302, 0.0054, 0.1492, 0.6001, 0.1447, 0.0656]
RISK = [-0.500, -0.459, -0.499, -0.274, 1, -0.232, -0.430]


@pytest.fixture
def ktab(tmp_path):
    path = tmp_path / "ktab.csv"
    path.write_text(KTAB)
    return read_spatial(path)


def random_case(seed, actors=6, dimensions=2):
    rng = np.random.default_rng(seed)
    shape = (actors, dimensions)
    return rng.uniform(1, 100, actors), rng.uniform(0, 100, shape), rng.uniform(5, 50, shape)


def test_ktab_first_turn(ktab):
    election = spatial_election(ktab.influence, ktab.position, ktab.salience)
    assert election.chance_of_actor == pytest.approx(CHANCE, abs=5.1e-5)
    assert election.risk == pytest.approx(RISK, abs=5.1e-4)


def test_the_table_is_read_as_it_stands(ktab):
    assert ktab.title == "DummyData_3Dim"
    assert ktab.actors[6] == "SActor-06"
    assert ktab.influence[2] == 129.643
    assert ktab.position[1] == pytest.approx([82.72, 73.50, 64.00])
    assert ktab.salience[5] == pytest.approx([22.92, 39.35, 15.42])


def test_distance_and_utility_by_hand():
    """Saliences 3 and 4: d² = (9·.3² + 16·.6²)/25."""
    distance = spatial_distance([(0, 0), (30, 60)], [(0, 0)], [(3, 4)])
    assert distance == pytest.approx(np.array([[0, np.sqrt((9 * 0.09 + 16 * 0.36) / 25)]]))
    assert spatial_utility([[0.4, 1, 0]], [0.5]) == pytest.approx(np.array([[0.6 * 1.2, 0, 1]]))


def test_risk_attitudes_run_from_minus_a_half_to_one():
    assert risk_attitude([0.1, 0.2, 0.7]) == pytest.approx([-0.5, -0.25, 1])
    assert risk_attitude([0.25] * 4) == pytest.approx(0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rule", [conditional_election, uniform_election, incentive_election])
def test_chances_add_to_one_under_every_rule(seed, rule):
    election = spatial_election(*random_case(seed), law="square", rule=rule)
    assert election.chance.sum() == pytest.approx(1)
    assert election.neutral.sum() == pytest.approx(1)


def test_splitting_an_actor_does_not_change_shares():
    influence, position, salience = random_case(1)
    whole = spatial_election(influence, position, salience)
    halves = np.append(influence, influence[2] / 2)
    halves[2] /= 2
    split = spatial_election(halves, np.vstack([position, position[2]]), np.vstack([salience, salience[2]]))
    assert split.chance == pytest.approx(whole.chance)
    assert split.chance_of_actor[6] == split.chance_of_actor[2]
    assert split.risk == pytest.approx(np.append(whole.risk, whole.risk[2]))
    assert split.options.shape == (6, 2)


def test_what_must_not_matter_does_not():
    """Units of influence and of each actor's salience, direction and order of dimensions, length of the scale."""
    influence, position, salience = random_case(2)
    chance = spatial_election(influence, position, salience).chance
    own_unit = salience * np.arange(1, 7)[:, None]
    assert spatial_election(1000 * influence, position, own_unit).chance == pytest.approx(chance, rel=1e-6)
    assert spatial_election(influence, 100 - position, salience).chance == pytest.approx(chance)
    assert spatial_election(influence, position[:, ::-1], salience[:, ::-1]).chance == pytest.approx(chance)
    assert spatial_election(influence, position / 10, salience, scale=10).chance == pytest.approx(chance)


def test_relabelling_actors_relabels_the_answer():
    influence, position, salience = random_case(3)
    order = np.random.default_rng(0).permutation(6)
    before = spatial_election(influence, position, salience)
    after = spatial_election(influence[order], position[order], salience[order])
    assert after.chance_of_actor == pytest.approx(before.chance_of_actor[order])
    assert after.risk == pytest.approx(before.risk[order])


def test_a_dimension_nobody_cares_about_does_not_matter():
    influence, position, salience = random_case(4)
    noise = np.random.default_rng(9).uniform(0, 100, (6, 1))
    wider = spatial_election(influence, np.hstack([position, noise]), np.hstack([salience, np.zeros((6, 1))]))
    assert wider.chance == pytest.approx(spatial_election(influence, position, salience).chance)


def test_one_dimension_favours_the_middle():
    """Three equal actors at 0, 50 and 100: the outer ones mirror each other."""
    election = spatial_election([1, 1, 1], [[0], [50], [100]], [[30], [30], [30]])
    assert election.chance[0] == pytest.approx(election.chance[2])
    assert election.neutral == pytest.approx([3 / 14, 8 / 14, 3 / 14])


def test_all_in_one_place_is_settled():
    election = spatial_election([1, 2], [[40, 10], [40, 10]], [[1, 1], [2, 0]])
    assert election.chance == pytest.approx([1])
    assert election.risk == pytest.approx([0, 0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "first row"),
        (lambda text: text.replace(",7,3,", ",8,3,"), "says 8 actors; found 7"),
        (lambda text: text.replace(",7,3,", ",7,2,"), "headings of 2 dimensions"),
        (lambda text: text.replace(",7,3,", ",7,900,"), "from 1 to 50"),
        (lambda text: text.replace(",7,3,", ",many,3,"), "'many'"),
        (lambda text: text.replace("Pstn1,Sal1", "Sal1,Pstn1"), "headings"),
        (lambda text: text.replace("129.643", "lots"), "'SActor-02' has a field that is no number"),
        (lambda text: text.replace("129.643", "nan"), r"power\[2\] is nan"),
        (lambda text: text.replace("129.643", "-1"), r"power\[2\] is -1"),
        (lambda text: text.replace("90.89", "190.89"), r"\[2, 2\] is 190.89"),
        (lambda text: text.replace(" 13.55,", ""), "'SActor-02' has 8 fields"),
        (lambda text: text.replace("SActor-05", "SActor-04"), "name of its own"),
        (lambda text: text + "x" * 1_000_001, "larger than"),
        (lambda text: "\x00\xff" + text, "ktab.csv"),
    ],
)
def test_files_that_are_no_tables_are_named(tmp_path, change, words):
    path = tmp_path / "ktab.csv"
    path.write_text(change(KTAB), encoding="latin-1")
    with pytest.raises(BargainingError, match=words):
        read_spatial(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BargainingError, match=r"nowhere\.csv cannot be read"):
        read_spatial(tmp_path / "nowhere.csv")


def test_errors_name_what_is_wrong():
    with pytest.raises(BargainingError, match=r"position\[1, 0\] is 120"):
        spatial_election([1, 1], [[0], [120]], [[1], [1]])
    with pytest.raises(BargainingError, match=r"salience of actor\[1\] is 0"):
        spatial_election([1, 1], [[0], [20]], [[1], [0]])
    with pytest.raises(BargainingError, match="salience has shape"):
        spatial_election([1, 1], [[0], [20]], [1, 1])
