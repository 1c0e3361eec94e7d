"""Scenario files: what is shipped is sound, and what is wrong is one line that names it."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.scenario import spec
from ceasefire.scenario.spec import LIBRARY, Scenario, ScenarioError, load, parse, scenarios
from ceasefire.scenario.start import variables

BASE = (LIBRARY / "alaska-2025-08.toml").read_text(encoding="utf-8")
WHOLE_WAR = (LIBRARY / "wars" / "russia-ukraine.toml").read_text(encoding="utf-8")
WAR = WHOLE_WAR[: min((WHOLE_WAR + table).index(table) for table in ("[[value]]", "[[record]]", "[[reported]]"))]
NUMBER = """
[[value]]
name = "attrition.troops_opening[R]"
low = 1e5
mid = 2e5
high = 3e5
unit = "person"
known_on = 2025-01-01
source = "invented"
"""
RECORD = """
[[record]]
name = "attrition.troops_opening[R]"
unit = "person"
series = "facts.troops"
per = "facts.army"
last = 4
within = 200
factor = 1000
low = 0.8
high = 1.2
source = "invented"
trust = "C"
"""
REPORTED = """
[[reported]]
name = "Share stopped"
series = "strike.stopped"
per = "strike.launched"
unit = "1"
kind = "weeks"
of = ["air_defence.stopped[R,attack_drone]", "air_defence.stopped[R,decoy]"]
of_per = ["strikes.launched[R,attack_drone]", "strikes.launched[R,decoy]"]
factor = 2
"""


def written(folder: Path, text: str | bytes, name: str = "scenario.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: str | Path) -> str:
    """The one line with which a scenario is refused."""
    with pytest.raises(CeasefireError) as error:
        load(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


# What is shipped


@pytest.mark.parametrize("name", scenarios())
def test_a_shipped_scenario_loads(name):
    scenario = load(name)
    assert scenario.id == name
    assert scenario.title
    assert scenario.question.endswith("?")
    assert scenario.war.started < scenario.opening
    assert len({side.id for side in scenario.war.sides}) == 2
    assert len({item.id for item in scenario.war.items}) == len(scenario.war.items)
    assert len(set(scenario.war.theatre.towns)) == len(scenario.war.theatre.towns)


def test_the_two_scenarios_are_shipped():
    assert set(scenarios()) >= {"abu-dhabi-2026-01", "alaska-2025-08"}


@pytest.mark.parametrize("name", scenarios())
def test_every_number_has_its_variables_unit_a_source_and_a_day(name):
    scenario = load(name)
    known = variables()
    for value in (*scenario.war.value, *scenario.value):
        assert known[value.variable].kind == "parameter", value.name
        assert value.unit == known[value.variable].unit, value.name
        assert value.source.strip(), value.name
        assert scenario.war.started <= value.known_on <= dt.date.today(), value.name
        assert value.low <= value.mid <= value.high, value.name


@pytest.mark.parametrize("name", scenarios())
def test_every_record_has_its_variables_unit_and_a_series_that_the_evidence_holds(name):
    """A series that is not known on a day says nothing, so that only this finds a name that is written wrongly."""
    scenario = load(name)
    known = variables()
    series = {row.name for row in Store.open(None).observations}
    for record in scenario.records():
        assert known[record.variable].kind == "parameter", record.name
        assert record.unit == known[record.variable].unit, record.name
        assert {record.series, record.per or record.series} <= series, record.name
    assert {side.collection for side in scenario.war.sides if side.collection} <= series


@pytest.mark.parametrize("name", scenarios())
def test_everything_reported_is_of_a_series_that_the_evidence_holds_in_its_unit(name):
    """As the record writes it: per 1 is a ratio, and per cent a year and roubles have their own short forms."""
    units = {row.name: row.unit for row in Store.open(None).observations}
    short = {"bln RUB": "bn RUB", "RUB per USD": "RUB/USD", "% pa": "%/year", "fraction of demand": "1"}
    for entry in load(name).war.reported:
        assert {entry.series, entry.per or entry.series} <= units.keys(), entry.name
        unit = units[entry.series]
        assert entry.unit == ("1" if entry.per else short.get(unit, unit)), entry.name


def test_a_report_survives_being_written_as_a_document(tmp_path):
    written(tmp_path, WAR + REPORTED, "war.toml")
    scenario = load(written(tmp_path, replaced(BASE, '"russia-ukraine"', '"war.toml"')))
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    (entry,) = scenario.war.reported
    assert spec.split(entry.of[1]) == ("air_defence.stopped", ("R", "decoy"))
    assert spec.split("oil.brent") == ("oil.brent", ())


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_survives_being_written_as_a_document(name):
    scenario = load(name)
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


def test_a_record_survives_being_written_as_a_document(tmp_path):
    scenario = load(written(tmp_path, BASE + RECORD))
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    assert scenario.record[0].index == ("R",)
    assert scenario.record[0].variable == "attrition.troops_opening"


def test_a_record_needs_no_more_than_a_name_a_unit_a_series_a_spread_and_a_source(tmp_path):
    rest = [line for line in RECORD.splitlines() if line.split(" ")[0] not in OPTIONAL]
    (record,) = load(written(tmp_path, BASE + "\n".join(rest))).record
    assert (record.per, record.last, record.within, record.factor, record.trust) == ("", 1, 366, 1.0, "D")


OPTIONAL = ("per", "last", "within", "factor", "trust")


def test_records_of_the_scenario_come_after_those_of_its_war(tmp_path):
    written(tmp_path, WHOLE_WAR + RECORD.replace("facts.troops", "facts.first"), "war.toml")
    scenario = load(written(tmp_path, replaced(BASE, '"russia-ukraine"', '"war.toml"') + RECORD))
    assert [record.series for record in scenario.records()][-2:] == ["facts.first", "facts.troops"]


@pytest.mark.parametrize("name", scenarios())
def test_the_background_was_said_before_the_opening(name):
    """Every dated citation in the background is of the opening day or earlier."""
    scenario = load(name)
    assert scenario.background
    for line in scenario.background:
        assert line.endswith(")."), line
        for word in line.replace(")", " ").replace(",", " ").split():
            if word[:2] == "20" and word[4:5] == "-":
                assert word.rstrip(".") <= str(scenario.opening), line


def test_a_scenario_is_a_war_and_a_file_may_hold_both(tmp_path):
    written(tmp_path, WHOLE_WAR, "war.toml")
    beside = load(written(tmp_path, replaced(BASE, '"russia-ukraine"', '"war.toml"')))
    whole = load(written(tmp_path, replaced(BASE, 'war = "russia-ukraine"\n', "") + "\n[war]\n" + _nested(WHOLE_WAR)))
    assert beside == whole == load("alaska-2025-08")


def _nested(war: str) -> str:
    return war.replace("[[", "[[war.").replace("\n[theatre]", "\n[war.theatre]").replace("\n[sides.", "\n[war.sides.")


# What was known when


def test_the_latest_number_known_by_the_opening_comes_last():
    known = load("alaska-2025-08").known_values()
    assert [value.known_on for value in known] == sorted(value.known_on for value in known)
    assert known[-1].known_on <= dt.date(2025, 8, 9)
    troops = [value for value in known if value.name == "attrition.troops_opening[R]"]
    assert troops[-1].mid == 695_000
    assert max(value.known_on for value in load("alaska-2025-08").war.value) > dt.date(2025, 8, 9)


def test_on_the_same_day_the_scenarios_own_number_counts(tmp_path):
    text = BASE + replaced(NUMBER, "2025-01-01", "2025-06-22")
    known = [v for v in load(written(tmp_path, text)).known_values() if v.name == "attrition.troops_opening[R]"]
    assert known[-1].source == "invented"
    assert known[-2].known_on == known[-1].known_on


def test_on_the_same_day_what_was_read_from_the_record_comes_between_the_wars_number_and_the_scenarios(tmp_path):
    day = dt.date(2025, 6, 22)
    scenario = load(written(tmp_path, BASE + replaced(NUMBER, "2025-01-01", str(day))))
    name = "attrition.troops_opening[R]"
    read, later = (
        scenario.value[0].model_copy(update={"source": source, "known_on": known_on})
        for source, known_on in (("read", day), ("read too late", scenario.opening + dt.timedelta(days=1)))
    )
    known = [value for value in scenario.known_values((read, later)) if value.name == name]
    assert [value.source for value in known[-2:]] == ["read", "invented"]
    assert known[-3].known_on == day


@pytest.mark.parametrize("day", [dt.date(2024, 8, 1), dt.date(2025, 4, 8), dt.date(2025, 4, 9), dt.date(2026, 1, 31)])
def test_the_same_war_on_another_day_knows_what_was_known_then(day):
    scenario = load("alaska-2025-08")
    other = scenario.on(day)
    assert other.opening == day
    assert other.war == scenario.war
    assert other.background == ()
    assert str(day) in other.id
    assert str(day) in other.title
    assert str(day) in other.question
    assert other.known_values() == tuple(
        sorted((v for v in scenario.war.value if v.known_on <= day), key=lambda v: v.known_on)
    )
    assert Scenario.model_validate_json(other.model_dump_json()) == other
    assert scenario.opening == dt.date(2025, 8, 9)


# What is wrong with the file


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("alaska-2025", "alaska-2025-08"),
        ("abu-dabi-2026-01", "abu-dhabi-2026-01"),
        ("ALASKA-2025-08", "alaska-2025-08"),
        ("", "alaska-2025-08"),
        ("..", "alaska-2025-08"),
        ("/etc/passwd", "alaska-2025-08"),
        ("wars/russia-ukraine", "alaska-2025-08"),
        ("../library/alaska-2025-08", "alaska-2025-08"),
        ("alaska-2025-08\n", "alaska-2025-08"),
    ],
    ids=repr,
)
def test_an_unknown_name_is_told_with_what_there_is(name, hint):
    message = refused(name)
    assert repr(name) in message
    assert hint in message


def test_a_close_name_is_suggested():
    assert "did you mean 'alaska-2025-08'" in refused("alaska-2025-8")


BROKEN = {
    "not TOML": (BASE + "\n[[[[", "not valid TOML"),
    "a key twice": (BASE + '\nid = "b"\n', "not valid TOML"),
    "a control character": (BASE + "\0", "not valid TOML"),
    "not UTF-8": (BASE.encode() + b"# \xff\xfe", "scenario.toml"),
    "UTF-16": (BASE.encode("utf-16"), "scenario.toml"),
    "huge": (BASE + "#" * (5 * 2**20), "larger than"),
    "deep list": (BASE + "\nfoo = " + "[" * 100_000, "scenario.toml"),
    "deep closed list": (BASE + "\nfoo = " + "[" * 500 + "]" * 500, "scenario.toml"),
    "deep table": (BASE + "\n[" + "a." * 10_000 + "a]\n", "scenario.toml"),
    "deep key": (BASE + "\n" + "a." * 10_000 + "a = 1\n", "scenario.toml"),
    "very long number": (BASE + "\nfoo = " + "9" * 5000, "scenario.toml"),
    "empty": ("", "id"),
    "a list of nothing": ("[[value]]\n", "id"),
    "unknown key": (BASE + "\nbudget = 5\n", "budget"),
    "unknown key of a value": (BASE + NUMBER + 'colour = "red"\n', "colour"),
    "no question": (replaced(BASE, "question", "questions"), "question"),
    "no opening": (replaced(BASE, "opening = 2025-08-09", ""), "opening"),
    "opening no date": (replaced(BASE, "2025-08-09", '"soon"'), "opening"),
    "opening a time": (replaced(BASE, "2025-08-09", "10:00:00"), "opening"),
    "opening within a day": (replaced(BASE, "2025-08-09", "2025-08-09T10:00:00"), "opening"),
    "opening a number": (replaced(BASE, "2025-08-09", "5"), "opening"),
    "id a path": (replaced(BASE, '"alaska-2025-08"', '"a/b"'), "id"),
    "id the folder above": (replaced(BASE, '"alaska-2025-08"', '".."'), "id"),
    "id this folder": (replaced(BASE, '"alaska-2025-08"', '"."'), "id"),
    "id empty": (replaced(BASE, '"alaska-2025-08"', '""'), "id"),
    "id with a line end": (replaced(BASE, '"alaska-2025-08"', '"a\\n"'), "id"),
    "id too long": (replaced(BASE, '"alaska-2025-08"', f'"{"a" * 61}"'), "id"),
    "title too long": (replaced(BASE, "Before", "B" * 300), "title"),
    "war a number": (replaced(BASE, '"russia-ukraine"', "5"), "war"),
    "war a list": (replaced(BASE, '"russia-ukraine"', "[]"), "war"),
    "war an empty table": (replaced(BASE, '"russia-ukraine"', "{}"), "war.id"),
    "war unknown": (replaced(BASE, '"russia-ukraine"', '"russia-ukrain"'), "russia-ukrain"),
    "war missing": (replaced(BASE, '"russia-ukraine"', '"other.toml"'), "other.toml"),
    "war without a name": (replaced(BASE, '"russia-ukraine"', '""'), "war"),
    "war a dot": (replaced(BASE, '"russia-ukraine"', '"."'), "war"),
    "war the root": (replaced(BASE, '"russia-ukraine"', '"/"'), "war"),
    "war with a nought": (replaced(BASE, '"russia-ukraine"', '"a\\u0000b"'), "war"),
    "war very long": (replaced(BASE, '"russia-ukraine"', f'"{"w" * 5000}"'), "war"),
    "low above high": (BASE + replaced(NUMBER, "low = 1e5", "low = 9e5"), "attrition.troops_opening[R]"),
    "mid above high": (BASE + replaced(NUMBER, "mid = 2e5", "mid = 9e5"), "attrition.troops_opening[R]"),
    "not a number": (BASE + replaced(NUMBER, "mid = 2e5", "mid = nan"), "value"),
    "all not a number": (BASE + NUMBER.replace("1e5", "nan").replace("2e5", "nan").replace("3e5", "nan"), "value"),
    "infinite": (BASE + replaced(NUMBER, "high = 3e5", "high = inf"), "value"),
    "infinite by size": (BASE + replaced(NUMBER, "high = 3e5", "high = 1e999"), "value"),
    "minus infinite": (BASE + replaced(NUMBER, "low = 1e5", "low = -inf"), "value"),
    "a whole number too large": (BASE + replaced(NUMBER, "3e5", "1" + "0" * 400), "value"),
    "a number in words": (BASE + replaced(NUMBER, "3e5", '"many"'), "value"),
    "yes as a number": (BASE + NUMBER.replace("1e5", "true").replace("2e5", "true").replace("3e5", "true"), "value"),
    "no name of a variable": (BASE + replaced(NUMBER, "attrition.troops_opening[R]", "troops"), "troops"),
    "an empty index": (BASE + replaced(NUMBER, "opening[R]", "opening[]"), "attrition.troops_opening[]"),
    "an index of commas": (BASE + replaced(NUMBER, "opening[R]", "opening[,]"), "attrition.troops_opening[,]"),
    "a name with a line end": (BASE + replaced(NUMBER, "opening[R]", "opening[R]\\n"), "value"),
    "no source": (BASE + replaced(NUMBER, '"invented"', '""'), "source"),
    "a blank source": (BASE + replaced(NUMBER, '"invented"', '"   "'), "source"),
    "no day": (BASE + replaced(NUMBER, "known_on = 2025-01-01", ""), "known_on"),
    "a day in words": (BASE + replaced(NUMBER, "2025-01-01", '"yesterday"'), "known_on"),
    "unknown trust": (BASE + NUMBER + 'trust = "E"\n', "trust"),
    "a record without a name": (BASE + replaced(RECORD, "name", "names"), "record.0.name"),
    "a record of no name": (BASE + replaced(RECORD, "attrition.troops_opening[R]", "troops"), "troops"),
    "a record without a unit": (BASE + replaced(RECORD, 'unit = "person"', ""), "record.0.unit"),
    "a record without a series": (BASE + replaced(RECORD, 'series = "facts.troops"', ""), "record.0.series"),
    "a record of an empty series": (BASE + replaced(RECORD, "facts.troops", ""), "record.0.series"),
    "a record of no series": (BASE + replaced(RECORD, "facts.troops", "Facts troops"), "record.0.series"),
    "a series with a line end": (BASE + replaced(RECORD, "facts.troops", "facts.troops\\n"), "record.0.series"),
    "a record per nothing": (BASE + replaced(RECORD, "facts.army", "/"), "record.0.per"),
    "a record of none": (BASE + replaced(RECORD, "last = 4", "last = 0"), "record.0.last"),
    "a record of half a one": (BASE + replaced(RECORD, "last = 4", "last = 4.5"), "record.0.last"),
    "a record of too many": (BASE + replaced(RECORD, "last = 4", "last = 521"), "record.0.last"),
    "a record of yes": (BASE + replaced(RECORD, "last = 4", "last = true"), "record.0.last"),
    "a record within no day": (BASE + replaced(RECORD, "within = 200", "within = 0"), "record.0.within"),
    "a negative factor": (BASE + replaced(RECORD, "factor = 1000", "factor = -1000"), "record.0.factor"),
    "a factor of nothing": (BASE + replaced(RECORD, "factor = 1000", "factor = 0"), "record.0.factor"),
    "an infinite factor": (BASE + replaced(RECORD, "factor = 1000", "factor = inf"), "record.0.factor"),
    "a record without a spread": (BASE + replaced(RECORD, "low = 0.8", ""), "record.0.low"),
    "a record without a source": (BASE + replaced(RECORD, 'source = "invented"', ""), "record.0.source"),
    "a record of a blank source": (BASE + replaced(RECORD, '"invented"', '"   "'), "record.0.source"),
    "a record of unknown trust": (BASE + replaced(RECORD, '"C"', '"E"'), "record.0.trust"),
    "a record with a middle": (BASE + RECORD + "mid = 1\n", "record.0.mid"),
    "a record known on a day": (BASE + RECORD + "known_on = 2025-01-01\n", "record.0.known_on"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_one_line_that_names_the_culprit(tmp_path, what):
    text, culprit = BROKEN[what]
    assert culprit in refused(written(tmp_path, text))


BROKEN_WAR = {
    "no item": (WAR[: WAR.index("[[items]]")], "items"),
    "duplicate side": (replaced(WAR, 'id = "U"', 'id = "R"'), "sides"),
    "duplicate item": (replaced(WAR, 'id = "apc"', 'id = "tank"'), "items"),
    "item that is a claim of people": (replaced(WAR, 'id = "apc"', 'id = "personnel"'), "items"),
    "duplicate town": (replaced(WAR, '"Kramatorsk", ', '"Kramatorsk", "Kramatorsk", '), "towns"),
    "reach not a number": (replaced(WAR, "reach_km = 40.0", "reach_km = nan"), "reach_km"),
    "reach infinite": (replaced(WAR, "reach_km = 40.0", "reach_km = inf"), "reach_km"),
    "reach less than a cell": (replaced(WAR, "reach_km = 40.0", "reach_km = 1.1"), "reach_km"),
    "reach negative": (replaced(WAR, "reach_km = 40.0", "reach_km = -4.0"), "reach_km"),
    "border reach": (replaced(WAR, "border_reach_km = 15.0", "border_reach_km = nan"), "border_reach_km"),
    "side with a space": (replaced(WAR, 'id = "R"', 'id = "R U"'), "sides.0.id"),
    "three sides": (WAR + '\n[[sides]]\nid = "P"\nname = "Third"\n', "sides"),
    "started after the opening": (replaced(WAR, "started = 2022-02-24", "started = 2030-01-01"), "started"),
    "an id that is a path": (replaced(WAR, 'id = "russia-ukraine"', 'id = "../../elsewhere"'), "id"),
    "an id of spaces": (replaced(WAR, 'id = "russia-ukraine"', 'id = "my war"'), "id"),
    "an endless id": (replaced(WAR, 'id = "russia-ukraine"', f'id = "{"w" * 300}"'), "id"),
    "collection no series": (replaced(WAR, "econ.ru_oil_gas_revenue", "a b"), "sides.0.collection"),
    "an endless title": (replaced(WAR, 'title = "The Russia', 'title = "' + "T" * 300), "title"),
    "reported twice": (WAR + 2 * REPORTED, "Share stopped"),
    "reported without a name": (WAR + replaced(REPORTED, '"Share stopped"', '""'), "reported.0.name"),
    "reported by no series": (WAR + replaced(REPORTED, "strike.stopped", ""), "reported.0.series"),
    "reported of nothing": (WAR + replaced(REPORTED, "[R,attack_drone]", "[]"), "reported.0.of"),
    "reported of no list": (WAR + REPORTED.replace("of = [", 'of = "').replace("]\nof_per", '"\nof_per'), "toml"),
    "reported of one thing twice": (WAR + REPORTED.replace("decoy", "attack_drone"), "reported.0.of"),
    "reported in no way": (WAR + replaced(REPORTED, '"weeks"', '"sometimes"'), "reported.0.kind"),
    "reported per nothing": (WAR + replaced(REPORTED, 'per = "strike.launched"\n', ""), "of_per"),
    "reported without what it is per": (WAR + REPORTED[: REPORTED.index("of_per")], "of_per"),
    "reported times nothing": (WAR + replaced(REPORTED, "factor = 2", "factor = 0"), "reported.0.factor"),
}


@pytest.mark.parametrize("what", BROKEN_WAR)
def test_a_broken_war_is_one_line_that_names_the_culprit(tmp_path, what):
    text, culprit = BROKEN_WAR[what]
    written(tmp_path, text, "war.toml")
    assert culprit in refused(written(tmp_path, replaced(BASE, '"russia-ukraine"', '"war.toml"')))


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path):
    assert "nowhere.toml" in refused(tmp_path / "nowhere.toml")
    (tmp_path / "folder.toml").mkdir()
    assert "folder.toml" in refused(tmp_path / "folder.toml")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    assert "loop.toml" in refused(tmp_path / "loop.toml")
    assert "toml" in refused("a" * 5000 + ".toml")
    refused("a\0b.toml")


def test_a_war_is_looked_for_in_the_library_or_beside_the_file_and_nowhere_else(tmp_path):
    """Whatever a path says, only its name counts: a scenario from a stranger reads no other folder."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    written(outside, WHOLE_WAR, "war.toml")
    for war in ("../outside/war.toml", str(outside / "war.toml"), "../outside/war", "..\\\\outside\\\\war.toml"):
        message = refused(written(home, replaced(BASE, '"russia-ukraine"', f'"{war}"')))
        assert "cannot read the scenario" in message


# Anything at all

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.sampled_from(["", ".", "/", "..", "a\0", "russia-ukraine", "x.toml", "attrition.hold", "[R]"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)
KEYS = ("id", "title", "question", "opening", "war", "background", "value", "record")
DOCUMENT: dict[str, Any] = tomllib.loads(BASE + NUMBER + RECORD)


def _parsed(document: dict[str, Any]) -> tuple[Scenario | None, str]:
    """The scenario, or the words with which it is refused; any other error passes."""
    try:
        return parse(document, Path("scenario.toml")), ""
    except ScenarioError as error:
        return None, str(error)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), TREES, max_size=4))
@example({"war": ""})
@example({"war": "a\0b"})
@example({"self": 1})
@example({"value": [{"name": "attrition.hold"}]})
def test_no_document_does_worse_than_an_error_of_ours(changes):
    _, refusal = _parsed({**DOCUMENT, **changes})
    assert "\n" not in refusal


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    name=st.one_of(st.sampled_from(sorted(variables())), st.text(max_size=30)),
    index=st.one_of(st.just(""), st.text(alphabet="[]RU,tank \nЖ", max_size=8)),
    points=st.tuples(st.floats(), st.floats(), st.floats()),
    unit=st.text(max_size=5),
)
@example(name="attrition.hold", index="", points=(0.1, 0.2, float("inf")), unit="1")
@example(name="attrition.hold", index="[,]", points=(0.1, 0.2, 0.3), unit="1")
@example(name="attrition.troops_opening", index="[R]\n", points=(0.1, 0.2, 0.3), unit="person")
def test_a_value_is_finite_ordered_and_well_named_or_refused(name, index, points, unit):
    low, mid, high = points
    document = {"name": name + index, "low": low, "mid": mid, "high": high, "unit": unit}
    rest = {"known_on": dt.date(2025, 1, 1), "source": "invented"}
    scenario, refusal = _parsed({**DOCUMENT, "value": [document | rest]})
    assert "\n" not in refusal
    if scenario is None:
        return
    value = scenario.value[0]
    assert all(abs(point) < float("inf") for point in (value.low, value.mid, value.high))
    assert value.low <= value.mid <= value.high
    told = value.variable + (f"[{','.join(value.index)}]" if value.index else "")
    assert value.name.replace(" ", "") == told


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*spec.Record.model_fields, "mid"]), TREES, max_size=3))
@example({"series": ""})
@example({"last": True})
@example({"factor": float("inf")})
@example({"factor": 5e-324})
def test_a_record_is_whole_and_finite_or_refused(changes):
    scenario, refusal = _parsed({**DOCUMENT, "record": [DOCUMENT["record"][0] | changes]})
    assert "\n" not in refusal
    if scenario is None:
        return
    (record,) = scenario.record
    assert record.series
    assert 1 <= record.last <= 520
    assert 0 < record.factor < float("inf")
    assert abs(record.low) + abs(record.high) < float("inf")
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_file_does_worse_than_an_error_of_ours(tmp_path, content):
    refused(written(tmp_path, content))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=st.text(max_size=30))
def test_no_name_does_worse_than_an_error_of_ours(name):
    if name not in scenarios():
        refused(name)


def test_public_names_are_importable():
    import ceasefire

    assert ceasefire.load_scenario is spec.load
    assert ceasefire.scenarios() == scenarios()
