"""Seal: a sealed forecast verifies by itself, shows any change, and is graded by its own words."""

import hashlib
import json

import numpy as np
import pytest

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.simulate.ensemble import simulate
from ceasefire.study import score, seal
from ceasefire.study.forecast import dataset

WEEKS = 5


@pytest.fixture(scope="module")
def result(invented_war):
    return dataset(simulate(invented_war, runs=300, weeks=WEEKS, seed=4, workers=1))


@pytest.fixture(scope="module")
def document(result):
    return seal.seal(result)


@pytest.fixture
def file(document, tmp_path):
    path = tmp_path / "sealed.json"
    seal.write(document, path)
    return path


def record(change, weeks=WEEKS):
    """A store that knows the invented war's total area and its maps for so many weeks after the opening."""
    dates = np.datetime64("2042-06-07") + 7 * np.arange(weeks + 1)
    empty = np.zeros((len(dates), 0))
    maps = ControlRecord(
        np.empty(0, np.uint64), dates, dates, empty.astype(np.uint16), np.empty(0, "U1"), empty > 0, empty.astype("u2")
    )
    rows = [
        Observation("area.total", str(date), str(date), 1000 + change * k / 4, "km2", "x", "A")
        for k, date in enumerate(dates)
    ]
    return Store(tuple(rows), maps, {"sources": {}})


def test_a_sealed_file_verifies_from_the_file_alone(file, document):
    assert seal.read(file) == document
    rest = {key: value for key, value in json.loads(file.read_text()).items() if key != "seal"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert document["seal"] == "v1:" + hashlib.sha256(text.encode()).hexdigest()
    file.write_text(json.dumps(json.loads(file.read_text()), sort_keys=True))  # layout is not content
    seal.read(file)


def test_statements_say_what_the_runs_say(result, document):
    total = document["quantities"][0]
    area = result["mapped_area"].sum("axis").to_numpy().astype(float)
    assert (total["series"], total["date"], total["weeks"]) == ("area.total", "2042-07-05", 4)
    assert total["quantiles"]["50"] == pytest.approx(np.median(area[4] - area[0]), rel=1e-4, abs=1e-2)
    assert len(total["draws"]) == seal.DRAWS
    assert {s["series"] for s in document["quantities"]} >= {"area.south", "amber.on_blue.personnel"}
    assert {s["weeks"] for s in document["towns"]} == {4}
    assert set(document["endings"][0]["probability"]) < {k.removeprefix("ending.") for k in document["definitions"]}


def walk(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from walk(inner, (*path, key))


def test_any_change_is_seen(file):
    original = json.loads(file.read_text())
    paths = [path for path in walk(original) if path and path[0] not in ("format", "seal")]
    for path in paths[:: max(1, len(paths) // 60)]:
        changed = json.loads(file.read_text())
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = "something else"
        file.write_text(json.dumps(changed))
        with pytest.raises(seal.SealError, match="changed after sealing") as caught:
            seal.read(file)
        assert "\n" not in str(caught.value)
        file.write_text(json.dumps(original))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"seal": "v1:', '"seal": "v9:', "version 'v9'"),
        ('"seal": "v1:', '"steal": "v1:', "version 'none'"),
        ('"format": "ceasefire-sealed-forecast"', '"format": "else"', "no sealed forecast"),
        ('"seed": 4', '"seed": 4, "seed": 4', "twice"),
        ('"seed": 4', '"seed": NaN', "NaN"),
        ("{", "[", "no sealed forecast"),
    ],
)
def test_what_cannot_be_trusted_is_one_line(file, before, after, told):
    file.write_text(file.read_text().replace(before, after, 1))
    with pytest.raises(seal.SealError, match=told):
        seal.read(file)


def test_a_later_format_under_a_known_seal_is_told_apart_from_tampering(file, document):
    later = {**document, "format_version": 2}
    file.write_text(json.dumps({**later, "seal": seal.digest(later)}))
    with pytest.raises(seal.SealError, match="format 2"):
        seal.read(file)


def test_it_is_never_overwritten(file, document):
    before = file.read_bytes()
    with pytest.raises(seal.SealError, match="never overwritten"):
        seal.write({**document, "seed": 5}, file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_grading_scores_what_is_known_and_leaves_the_rest(document):
    report = seal.grade(document, record(40.0))
    (total,) = report.graded
    draws = document["quantities"][0]["draws"]
    assert total.observed == pytest.approx(40)
    assert total.score == pytest.approx(float(score.crps(draws, 40.0)))
    assert {each.pending for each in report.pending} >= {"no series records endings; a judge must"}
    assert len(report.graded) + len(report.pending) == len(document["quantities"]) + 3 + 5
    assert "1 statements graded" in seal.render(report)


def test_nothing_is_graded_before_its_date(document):
    report = seal.grade(document, record(40.0, weeks=3))
    assert not report.graded
    assert report.totals() == {"quantities": 0, "probabilities": 0}


@pytest.mark.parametrize(
    ("share", "happened"),
    [
        ([0.1, 0.2, 0.49], False),
        ([0.1, 0.5, 0.1], True),
        ([0.6, 0.7, 0.7], False),
        ([0.6, 0.8, 0.7], True),
        ([0.5, 0.75], True),
        ([0.9], False),
    ],
)
def test_rule_for_towns(share, happened):
    assert seal.changed_hands(np.array(share)) is happened
