"""Figures: made-up claims against values read from the packaged tables by another route."""

import csv
import gzip
import itertools
import math
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.check import figure
from ceasefire.evidence.check.period import Period, neighbours, stated, year_before
from ceasefire.evidence.check.reading import readings
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.check.scope import DIMENSIONS, FORMS
from ceasefire.evidence.check.topic import TOPICS
from ceasefire.evidence.claim import KINDS, QUALIFIERS, UNITS, VERDICTS, Claim, Verdict
from ceasefire.evidence.series import as_day
from ceasefire.evidence.store import PACKAGED, SERIES


@pytest.fixture(scope="module")
def record():
    return Record.open()


@pytest.fixture(scope="module")
def table():
    """Values by series and date, straight from the packed file."""
    found = defaultdict(dict)
    with gzip.open(PACKAGED / SERIES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["name"]][row["date"]] = float(row["value"])
    return found


def claim(span, value=None, unit="count", as_of="undated", **fields):
    given = {"id": "c", "doc": "d", "subject": "", "quantity": "figure", "qualifier": "exact"} | fields
    return Claim(span=span, value=value, unit=unit, as_of=as_of, **given)


def verdict(record, *args, **fields):
    found = figure.examine(claim(*args, **fields), record)
    return None if found is None else found.verdict


ARMS = {
    "tank": "tanks",
    "artillery": "artillery systems",
    "apc": "armoured vehicles",
    "air_defence": "air-defence systems",
    "helicopter": "helicopters",
    "vehicles": "trucks and fuel tankers",
}


@pytest.mark.parametrize("series", sorted(ARMS))
@pytest.mark.parametrize("day", ["2023-05-06", "2024-06-01", "2025-08-02"])
def test_a_total_of_arms_is_graded_by_its_error(record, table, series, day):
    true = table[f"loss_claim.{series}"][day]

    def say(value):
        span = f"Russia has lost {value:,.0f} {ARMS[series]} since the start of the invasion"
        return verdict(record, span, round(value), as_of=day)

    assert say(true) == "confirmed"
    assert say(1.12 * true) == "imprecise"
    assert say(0.85 * true) == "imprecise"
    assert say(7.3 * true) not in ("confirmed", "imprecise", None)


def test_a_number_of_another_category_is_conflated_and_named(record, table):
    guns = table["loss_claim.artillery"]["2025-08-02"]
    found = figure.examine(
        claim(f"Russia has lost {guns:,.0f} tanks since the invasion", guns, as_of="2025-08-02"), record
    )
    assert found.verdict == "conflated"
    assert "artillery" in found.reason


def test_casualties_are_not_deaths(record, table):
    casualties = table["loss_claim.personnel"]["2025-08-02"]
    words = f"{casualties:,.0f} Russian soldiers"
    total = {"unit": "persons", "as_of": "2025-08-02", "kind": "stock"}
    assert verdict(record, f"{words} have been killed or wounded", casualties, **total) == "confirmed"
    found = figure.examine(claim(f"{words} have been killed", casualties, **total), record)
    assert found.verdict == "conflated"
    assert "wounded" in found.reason
    killed = 0.27 * casualties
    assert verdict(record, f"some {killed:,.0f} Russian soldiers were killed", killed, **total) in (
        "confirmed",
        "imprecise",
        "contested",
    )


def test_the_side_decides(record, table):
    own = table["visual_fate.ukraine.tanks.total"]["2025-07-19"]
    day = "2025-07-19"
    assert verdict(record, f"Ukraine has lost {own:,.0f} tanks, Oryx counts", own, as_of=day) == "confirmed"
    found = figure.examine(claim(f"Russia has lost {own:,.0f} tanks, Oryx counts", own, as_of=day), record)
    assert found.verdict == "conflated"
    assert "Ukrainian" in found.reason


def test_a_visual_count_is_a_floor(record, table):
    seen = table["visual_loss.ukraine.tanks"]["2025-07-19"]
    day = "2025-07-19"
    assert verdict(record, f"Ukraine has lost {3 * seen:,.0f} tanks", 3 * seen, as_of=day) is None
    assert verdict(record, f"Ukraine has lost only {seen / 4:,.0f} tanks", seen / 4, as_of=day) == "contradicted"
    assert verdict(record, f"at least {seen / 4:,.0f} Ukrainian tanks lost, Oryx says", seen / 4, as_of=day,
                   qualifier="at_least") == "confirmed"  # fmt: skip


def test_losses_of_a_span_are_a_difference(record, table):
    personnel = table["loss_claim.personnel"]
    lost = personnel["2025-08-02"] - personnel["2025-07-05"]
    span = f"Russian forces lost {lost:,.0f} troops"
    assert verdict(record, span, lost, "persons", "2025-07-06/2025-08-02") == "confirmed"
    assert verdict(record, f"{span} a day", lost / 28, "persons/day", "2025-07-06/2025-08-02") == "confirmed"
    assert verdict(record, f"{span} a day", lost / 4, "persons/day", "2025-07-06/2025-08-02") == "contradicted"
    found = figure.examine(claim("lost " + span, personnel["2025-08-02"], "persons", "2025-07-06/2025-08-02"), record)
    assert found.verdict == "conflated"
    assert "since February 2022" in found.reason


def weeks(table, names, first, last):
    return sum(value for name in names for day, value in table[name].items() if first <= day <= last)


def test_launched_and_stopped_are_told_apart(record, table):
    first, last = "2025-06-08", "2025-07-05"
    launched = weeks(table, ["strike.long_range_drone.launched"], first, last)
    stopped = weeks(table, ["strike.long_range_drone.stopped"], first, last)
    period = f"{first}/{last}"
    assert verdict(record, f"Russia launched {launched:,.0f} drones", launched, as_of=period) == "confirmed"
    assert verdict(record, f"Ukraine shot down {stopped:,.0f} drones", stopped, as_of=period) == "confirmed"
    share = 100 * stopped / launched
    assert (
        verdict(record, f"Ukraine intercepted {share:.0f} percent of the drones", share, "percent", period)
        == "confirmed"
    )
    assert verdict(record, "Ukraine intercepted 20 percent of the drones", 20, "percent", period) == "contradicted"
    found = figure.examine(claim(f"Russia launched {stopped:,.0f} drones", stopped, as_of=period), record)
    assert found.verdict in ("imprecise", "conflated")
    if abs(stopped / launched - 1) > 0.05:
        assert found.verdict == "conflated"


def test_one_day_of_strikes_is_only_bounded(record, table):
    week = table["strike.long_range_drone.launched"]["2025-07-12"]
    fits = figure.examine(
        claim(f"Russia launched {week / 3:,.0f} drones overnight", week / 3, as_of="2025-07-09"), record
    )
    assert fits.verdict == "unverified"
    assert f"{week:,.0f}" in fits.reason
    too_many = figure.examine(
        claim(f"Russia launched {3.1 * week:,.0f} drones overnight", 3.1 * week, as_of="2025-07-09"), record
    )
    assert too_many.verdict in ("contradicted", "conflated")


def test_what_the_record_covers_and_does_not_show(record, table):
    assert weeks(table, ["strike.cruise.launched"], "2025-11-30", "2025-12-20") > 0
    assert table["strike.cruise.launched"]["2025-12-20"] == 0
    span = "Russia fired 40 cruise missiles at Ukraine"
    assert verdict(record, span, 40, as_of="2025-12-14/2025-12-20") == "unsupported"


def test_hedges_are_kept(record, table):
    tanks = table["loss_claim.tank"]["2025-08-02"]

    def say(value, qualifier):
        span = f"Russia has lost {value:,.0f} tanks since the invasion"
        return verdict(record, span, value, as_of="2025-08-02", qualifier=qualifier)

    assert say(round(tanks * 0.6), "at_least") == "confirmed"
    assert say(round(tanks * 1.4), "less_than") == "confirmed"
    assert say(round(tanks * 0.6), "exact") != "confirmed"
    assert say(round(tanks * 1.09), "about") == "confirmed"
    assert say(round(tanks * 1.09), "exact") == "imprecise"


def test_a_change_on_the_year_is_worked_out(record, table):
    monthly = table["econ.ru_oil_gas_revenue"]

    def since_january(year, months):
        return sum(value for day, value in monthly.items() if day[:4] == year and int(day[5:7]) <= months)

    true = 100 * (since_january("2024", 5) / since_january("2023", 5) - 1)
    window = "2024-01/2024-05"
    way = "rose" if true > 0 else "fell"
    other = "fell" if true > 0 else "rose"
    span = "Russian oil and gas revenues {} by {:.1f} percent on the year"
    assert verdict(record, span.format(way, abs(true)), true, "percent", window) == "confirmed"
    assert verdict(record, span.format(way, 1.15 * abs(true)), 1.15 * true, "percent", window) == "imprecise"
    assert verdict(record, span.format(other, abs(true)), -true, "percent", window) in ("contradicted", "contested")


def test_a_year_to_date_is_not_a_month(record, table):
    monthly = table["econ.ru_oil_gas_revenue"]
    months = [f"2025-{month:02d}" for month in range(1, 8)]
    total = sum(value for day, value in monthly.items() if day[:7] in months) * 1e9
    span = f"oil and gas revenues of {total / 1e12:.2f} trillion roubles"
    assert verdict(record, span, total, None, "2025-01/2025-07") == "confirmed"
    found = figure.examine(claim(span, total, None, "2025-07"), record)
    assert found.verdict == "conflated"
    assert "in the year to 2025-07-31" in found.reason
    bare = claim(span, round(total / 1e12, 2), None, "2025-01/2025-07")
    assert figure.examine(bare, record).verdict == "confirmed"


def test_prices_and_rates(record, table):
    brent = table["price.brent"]["2025-06-21"]
    span = "Brent traded at ${:.0f} a barrel"
    assert verdict(record, span.format(brent), round(brent), "USD", "2025-06-20") == "confirmed"
    assert verdict(record, span.format(1.6 * brent), round(1.6 * brent), "USD", "2025-06-20") == "contradicted"
    urals = table["econ.urals_tax"]["2025-12-31"]
    found = figure.examine(claim(f"Urals sold at ${urals:.0f} a barrel", round(urals), "USD", "2025-12"), record)
    assert found.verdict == "confirmed"
    found = figure.examine(claim(f"Brent sold at ${urals:.1f} a barrel", round(urals, 1), "USD", "2025-12"), record)
    assert found.verdict == "conflated"
    assert "Urals" in found.reason
    rate = table["econ.usd_rub_avg"]["2025-07-31"]
    assert verdict(record, f"the rouble stood at {rate:.0f} to the dollar", round(rate), None, "2025-07") == "confirmed"


def test_the_liquid_part_is_not_the_fund(record, table):
    liquid = table["facts.russia_fiscal.ru.nwf_liquid"]["2025-11-01"]
    span = f"the National Wealth Fund holds {liquid:.1f} trillion roubles"
    assert verdict(record, f"the liquid part of {span}", liquid * 1e12, None, "2025-11-01") == "confirmed"
    found = figure.examine(claim(span, liquid * 1e12, None, "2025-11-01"), record)
    assert found.verdict == "conflated"
    assert "liquid" in found.reason


def test_civilians_are_no_losses_of_an_army(record):
    day = {"unit": "persons", "as_of": "2025-11-19"}
    assert verdict(record, "a Russian strike killed 25 civilians", 25, **day) is None
    assert verdict(record, "25 people died in the city", 25, **day) is None


def test_power_available_is_not_demand(record, table):
    available = table["facts.ukraine_energy.ua.available_capacity"]["2026-01-15"]
    demand = table["facts.ukraine_energy.ua.demand_peak"]["2026-01-15"]
    day = "2026-01-16"
    assert verdict(record, f"Ukraine can generate {available:g} GW", available, "GW", day) == "confirmed"
    assert verdict(record, f"electricity demand of {demand:g} GW", demand, "GW", day) == "confirmed"
    assert verdict(record, f"Ukraine can generate {demand:g} GW", demand, "GW", day) in ("contradicted", "conflated")


def test_trends_follow_the_series(record, table):
    personnel = sorted(table["loss_claim.personnel"].items())
    rising = {}
    for day in ("2024-12-07", "2025-06-28", "2025-08-30"):
        last = [value for date, value in personnel if date <= day]
        late, early = last[-1] - last[-14], last[-14] - last[-27]
        rising[day] = late / early
    assert max(rising.values()) > 1.15
    assert min(rising.values()) < 0.87
    for day, ratio in rising.items():
        if abs(math.log(ratio)) > 0.13:
            up = verdict(record, "Russian casualties are rising", unit=None, as_of=day, qualifier="none")
            down = verdict(record, "Russian casualties are falling", unit=None, as_of=day, qualifier="none")
            assert (up, down) == (("confirmed", "contradicted") if ratio > 1 else ("contradicted", "confirmed"))


def test_a_record_is_the_highest_of_all_before(record, table):
    launched = table["strike.long_range_drone.launched"]
    top = max(launched, key=launched.get)
    assert launched["2025-12-20"] < 0.5 * launched[top]
    span = "a record number of drones launched last week"
    assert verdict(record, span, unit=None, as_of=top, qualifier="none") == "confirmed"
    assert verdict(record, span, unit=None, as_of="2025-12-20", qualifier="none") == "contradicted"


def test_what_came_out_later_is_marked(record):
    early = claim("a budget deficit of 4.88 trillion roubles", 4.88e12, None, "2025-01/2025-07", published="2025-08-01")
    late = claim("a budget deficit of 4.88 trillion roubles", 4.88e12, None, "2025-01/2025-07", published="2025-09-01")
    assert [finding.later for finding in figure.examine(early, record).record] == [True]
    assert [finding.later for finding in figure.examine(late, record).record] == [False]


def test_findings_say_where_they_come_from(record):
    found = figure.examine(claim("Russia has lost 11,000 tanks", 11000, as_of="2025-08-02"), record)
    assert found.record
    for finding in found.record:
        assert finding.source == "general-staff"
        assert finding.name == "loss_claim.tank"
        assert finding.date
        assert finding.published
        assert finding.trust == "B"
    assert found.computation


def test_a_denial_turns_the_verdict(record):
    said = {"value": 11066, "as_of": "2025-08-02"}
    assert verdict(record, "Russia has not lost 11,066 tanks", negated=True, **said) == "contradicted"


@pytest.mark.parametrize(
    ("span", "value", "unit"),
    [
        ("the town lies 12 km from the front", 12, "km"),
        ("the talks lasted 3 hours", 3, "h"),
        ("the delegation had 14 members", 14, "persons"),
        ("daily missile barrages on Kyiv", 1, "count/day"),
        ("troops hold the road", None, None),
    ],
)
def test_what_is_no_figure_on_record_is_left_alone(record, span, value, unit):
    assert verdict(record, span, value, unit, "2025-08-02") in (None, "unverified")


@pytest.mark.parametrize("kind", ["forecast", "causal", "intention"])
def test_what_no_record_can_decide_is_left_alone(record, kind):
    assert verdict(record, "Russia will lose 11,000 tanks", 11000, as_of="2025-08-02", kind=kind) is None


def test_every_scope_is_on_record(record):
    known = set(record.names())
    for topic in TOPICS:
        assert topic.scopes
        for scope in topic.scopes:
            assert scope.form in FORMS
            for name in scope.names:
                assert name in known or f"{name}.mid" in known, name
            for name in DIMENSIONS:
                assert getattr(scope, name)


def test_readings_add_up(record):
    """Months of a year sum to the year, and a rate times its days is the count."""
    scope = next(scope for scope in TOPICS[0].scopes if scope.category == "drone" and scope.status == "launched")
    nothing = claim("x")

    def value(start, end, rate=None):
        return readings(scope, Period("span", as_day(start), as_day(end), rate), nothing, record)[0].value

    year = value("2025-01-01", "2025-12-31")
    halves = value("2025-01-01", "2025-06-30") + value("2025-07-01", "2025-12-31")
    assert halves == pytest.approx(year)
    assert value("2025-01-01", "2025-12-31", "day") * 365 == pytest.approx(year)


def test_periods_follow_the_words(record):
    def kinds(span, **fields):
        return {(period.kind, period.rate) for period in stated(claim(span, 1, **fields), record)}

    assert kinds("in July", as_of="2025-07") == {("month", None)}
    assert kinds("so far this year", as_of="2025-07-10") == {("to_date", None)}
    assert ("day", "day") in kinds("1,000 a day", as_of="2025-07-10")
    assert kinds("since the start of the invasion", as_of="2025-07-10") == {("total", None)}
    assert kinds("overnight", as_of="2025-07-10") == {("day", None)}
    assert stated(claim("in July", 1), record) == ()
    leap = Period("month", as_day("2024-02-01"), as_day("2024-02-29"))
    assert str(year_before(leap).end) == "2023-02-28"
    assert all(near != leap for near in neighbours(leap))


WORDS = (
    "Russia Ukraine lost launched shot down tanks drones missiles soldiers killed casualties oil gas revenue fell rose "
    "doubled by to percent $66 barrel 1,000 728 18.5 trillion roubles a day month total record highest budget deficit "
    "GW power storage shortage growing produces recruits contracts this year overnight since the invasion"
)
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
DAYS = ("undated", "2025", "2025-07", "2025-08-12", "2025-01/2025-07", "9999-12-31", "0001", "2025-02-28", "1000/9999")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    span=st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=15).map(" ".join) | st.text(max_size=80),
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS),
    unit=st.none() | st.sampled_from((*UNITS, "count/day", "USD/yr")),
    as_of=st.sampled_from(DAYS),
    qualifier=st.sampled_from(QUALIFIERS),
    kind=st.sampled_from(KINDS),
    negated=st.booleans(),
)
def test_any_claim_gets_a_verdict_or_none(record, span, numbers, unit, as_of, qualifier, kind, negated):
    value, low, high = numbers
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    said = claim(
        span, value, unit, as_of, value_low=low, value_high=high, qualifier=qualifier, kind=kind, negated=negated
    )
    found = figure.examine(said, record)
    assert found is None or (isinstance(found, Verdict) and found.verdict in VERDICTS and found.reason)


# What a number may not be taken for


def test_one_tranche_confirms_and_contradicts_nothing(record):
    def lent(billion: float) -> str | None:
        span = f"The International Monetary Fund agreed in November to lend Ukraine ${billion} billion"
        return verdict(record, span, billion * 1e9, "USD", "2025-11")

    assert lent(8.1) == "confirmed"
    assert lent(30.0) is None


def test_money_without_a_unit_is_found_by_its_size(record, table):
    spent = table["facts.russia_fiscal.ru.budget_expenditure_ytd"]["2025-12-31"]
    span = f"Russia's federal spending came to {spent:g} trillion"
    assert verdict(record, span, spent * 1e12, None, "2025") == "confirmed"
    assert verdict(record, f"Russia's federal spending came to {2 * spent:g} trillion", 2 * spent * 1e12, None,
                   "2025") in ("contradicted", "conflated")  # fmt: skip


def test_a_month_named_beside_the_number_is_its_month(record, table):
    price = {day[:7]: value for day, value in table["econ.urals_tax"].items()}
    span = f"${price['2025-11']:g}"
    sentence = f"Urals averaged ${price['2025-12']:g} in December, down from {span} in November."
    found = verdict(record, span, price["2025-11"], "USD", "2025-12", sentence=sentence, subject="Urals", kind="stock")
    assert found == "confirmed"


def test_a_word_belongs_to_the_number_it_stands_by(record):
    span = "Ukraine's power stations deliver 11 gigawatts against a need of 18"
    more = {"quantity": "power_capacity", "subject": "power stations", "kind": "stock"}
    assert verdict(record, span, 11, "GW", "2026-01-15", **more) == "confirmed"


def test_tactics_and_motives_are_no_series(record):
    span = "Russian generals increasingly opt for tactics that spare soldiers, whose casualties fell"
    assert verdict(record, span, None, None, "2025-08-12", kind="rate") is None


def test_outside_its_hedge_a_share_counts_itself(record):
    span = "power stations met four fifths of demand"
    more = {"qualifier": "fraction", "subject": "Ukraine", "kind": "stock"}
    assert verdict(record, span, 80, "percent", "2026-01-15", **more) == "contradicted"
    span = "power stations met three fifths of demand"
    assert verdict(record, span, 60, "percent", "2026-01-15", **more) in ("confirmed", "imprecise", "contested")


def test_weeks_from_one_day_to_another_are_the_difference_of_the_totals(record, table):
    total = table["loss_claim.tank"]
    days = sorted(total)
    first, last = next((a, b) for a, b in itertools.pairwise(days) if as_day(b) - as_day(a) == 7 and a > "2024-06")
    lost = total[last] - total[first]
    assert verdict(record, f"Russia lost {lost:g} tanks", lost, as_of=f"{first}/{last}") == "confirmed"


def test_a_rate_of_inflation_is_no_change_of_the_rate(record, table):
    month = max(table["econ.ru_cpi_yoy"])
    rate = table["econ.ru_cpi_yoy"][month]
    stated = {"as_of": month[:7], "quantity": "inflation", "subject": "Russia"}
    assert verdict(record, f"prices rise by {rate:.1f} percent a year", rate, "percent", **stated) == "confirmed"


def test_what_got_through_is_what_was_not_stopped(record, table):
    week = {"as_of": "2025-08-03/2025-08-30", "quantity": "drones_through_share"}
    name = "strike.long_range_drone"
    days = [day for day in table[f"{name}.launched"] if "2025-08-03" <= day <= "2025-08-30"]
    up, down = (sum(table[f"{name}.{status}"][day] for day in days) for status in ("launched", "stopped"))
    share = 100 * (1 - down / up)
    assert verdict(record, f"{share:.0f} percent of the drones got through", share, "percent", **week) == "confirmed"
    assert verdict(record, "60 percent of the drones got through", 60.0, "percent", **week) in (
        "contradicted",
        "conflated",
    )
