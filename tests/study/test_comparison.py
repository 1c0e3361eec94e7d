"""Two readings: what contradicts, updates, repeats; what is new and what was dropped."""

from __future__ import annotations

from itertools import count

import pytest

from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.study.comparison import Comparison, compare
from ceasefire.study.reading import NOT_DUE, TRUE, Forecast, Reading

_NUMBERS = count()
DULL = Verdict("c0", "unverified", "Made up.")


def claim(**fields: object) -> Claim:
    kept = {"span": "words of it", "subject": "Russia", "quantity": "losses_tanks", "kind": "stock"} | fields
    return Claim(id=f"c{next(_NUMBERS)}", doc="made-up", **kept)  # type: ignore[arg-type]


def reading(name: str, published: str | None, *claims: Claim, forecasts: tuple[Forecast, ...] = ()) -> Reading:
    return Reading(
        name=name,
        title=None,
        published=published,
        claims=claims,
        verdicts=tuple(Verdict(each.id, "unverified", "Made up.") for each in claims),
        paragraphs=(0,) * len(claims),
        forecasts=forecasts,
        undated=0,
        record=("2024-07-13", "2026-01-31"),
    )


def held(one: Claim, other: Claim) -> Comparison:
    return compare(reading("a", "2025-03-01", one), reading("b", "2025-09-01", other))


def relation(one: Claim, other: Claim) -> str:
    found = held(one, other)
    assert len(found.contradicts) + len(found.updates) + len(found.repeats) + len(found.new) == 1
    for name in ("contradicts", "updates", "repeats"):
        if getattr(found, name):
            return name
    assert len(found.dropped) == 1
    return "apart"


def tanks(value: float | None, as_of: str = "2025-02-28", **fields: object) -> Claim:
    return claim(value=value, unit="count", as_of=as_of, **fields)


def test_another_figure_of_the_same_day_contradicts():
    assert relation(tanks(10_000), tanks(12_000)) == "contradicts"


def test_another_figure_of_a_later_day_updates():
    assert relation(tanks(10_000), tanks(12_000, as_of="2025-08-30")) == "updates"


@pytest.mark.parametrize("qualifier", ["exact", "about"])
def test_nearly_the_same_figure_of_the_same_day_repeats(qualifier):
    assert relation(tanks(10_000), tanks(10_200, qualifier=qualifier)) == "repeats"


def test_a_figure_of_a_later_day_updates_unless_it_is_the_same():
    assert relation(tanks(10_000), tanks(10_200, as_of="2025-08-30")) == "updates"
    assert relation(tanks(10_000, qualifier="at_least"), tanks(10_200, as_of="2025-08-30")) == "updates"
    assert relation(tanks(10_000), tanks(10_000, as_of="2025-08-30")) == "repeats"


def fall(as_of: str, quantity: str = "capture_date") -> Claim:
    return claim(
        subject="Toretsk", span="Toretsk fell", quantity=quantity, places=("Toretsk",), kind="event", as_of=as_of
    )


def test_what_happens_once_happens_on_one_day():
    assert relation(fall("2025-02"), fall("2025-02-11")) == "repeats"
    assert relation(fall("2025-02"), fall("2025-04")) == "contradicts"


def test_what_can_happen_again_is_another_happening_on_another_day():
    assert relation(fall("2025-02", "strike"), fall("2025-04", "strike")) == "apart"
    assert relation(fall("2025-02", "strike"), fall("2025-02-11", "strike")) == "repeats"


def test_a_floor_agrees_with_all_above_it_and_with_nothing_below():
    floor = tanks(10_000, qualifier="at_least")
    assert relation(floor, tanks(14_000)) == "repeats"
    assert relation(floor, tanks(8_000)) == "contradicts"


def test_bands_that_meet_agree():
    one = tanks(None, value_low=100, value_high=200)
    assert relation(one, tanks(None, value_low=180, value_high=300)) == "repeats"
    assert relation(one, tanks(None, value_low=260, value_high=300)) == "contradicts"


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": "losses_aircraft", "span": "jets shot down"},
        {"unit": "km2"},
        {"subject": "Ukraine", "places": ("Sumy",), "span": "other things altogether"},
    ],
    ids=["quantity", "unit", "place"],
)
def test_claims_about_other_things_are_not_paired(other):
    one = tanks(10_000, places=("Pokrovsk",), span="tanks burnt out")
    fields = {"value": 12_000, "unit": "count", "places": ("Pokrovsk",)} | other
    assert relation(one, claim(as_of="2025-02-28", **fields)) == "apart"


def test_a_year_is_no_update_of_a_month():
    one = tanks(1_000, as_of="2025-01", kind="flow")
    assert relation(one, tanks(12_000, as_of="2025", kind="flow")) == "apart"
    assert relation(one, tanks(1_400, as_of="2025-02", kind="flow")) == "updates"


def town(holder: str, as_of: str = "2025-02-28", **fields: object) -> Claim:
    return claim(
        subject="Toretsk",
        quantity="town_control",
        value_text=holder,
        places=("Toretsk",),
        kind="location",
        as_of=as_of,
        **{"span": f"{holder} holds Toretsk"} | fields,
    )


def test_another_holder_contradicts_then_and_updates_later():
    assert relation(town("RU"), town("UA")) == "contradicts"
    assert relation(town("UA"), town("RU", as_of="2025-08-30")) == "updates"
    assert relation(town("RU"), town("RU", as_of="2025-08-30")) == "repeats"


def test_what_is_denied_contradicts_what_is_said():
    assert relation(town("RU"), town("RU", negated=True)) == "contradicts"


def test_the_order_is_that_of_publication_whoever_is_named_first():
    one, other = reading("a", "2025-03-01", tanks(10_000)), reading("b", "2025-09-01", tanks(12_000))
    for found in (compare(one, other), compare(other, one)):
        assert (found.earlier.name, found.later.name, found.ordered) == ("a", "b", True)
    unknown = compare(reading("a", None, tanks(1)), reading("b", "2020-01-01", tanks(1)))
    assert (unknown.earlier.name, unknown.ordered) == ("a", False)


def test_every_claim_is_told_once_and_an_article_repeats_itself():
    mine = [tanks(10_000), town("RU"), claim(subject="India", quantity="tariff", span="India pays tariffs")]
    found = compare(reading("a", "2025-03-01", *mine), reading("b", "2025-09-01", *mine))
    assert len(found.repeats) == len(mine)
    assert not any((found.contradicts, found.updates, found.new, found.dropped))
    apart = compare(reading("a", "2025-03-01", *mine[:2]), reading("b", "2025-09-01", mine[2]))
    assert {each.id for each, _ in apart.dropped} == {each.id for each in mine[:2]}
    assert [each.id for each, _ in apart.new] == [mine[2].id]


def test_each_claim_is_paired_with_its_nearest():
    near, far = town("RU", span="Russia holds Toretsk now"), town("UA", span="nobody holds all of it")
    found = compare(reading("a", "2025-03-01", near), reading("b", "2025-09-01", far, near))
    assert [pair.later.id for pair in found.repeats] == [near.id]
    assert [each.id for each, _ in found.new] == [far.id]


def test_forecasts_of_the_earlier_meet_what_the_later_says():
    foreseen = town("RU", as_of="2025-06-30", hedge="forecast")
    lost = tanks(20_000, as_of="2027-01-01", hedge="forecast")
    earlier = reading(
        "a",
        "2025-03-01",
        foreseen,
        lost,
        forecasts=(Forecast(foreseen, "2025-06-30", TRUE, DULL), Forecast(lost, "2027-01-01", NOT_DUE, DULL)),
    )
    later = reading("b", "2025-09-01", town("RU", as_of="2025-07-02"), tanks(21_000, as_of="2027", hedge="forecast"))
    found = compare(earlier, later)
    assert [judged.relation for judged in found.forecasts] == ["repeats", ""], "a forecast answers no forecast"
    assert found.forecasts[0].answer is later.claims[0]


def test_nothing_is_held_against_nothing():
    found = compare(reading("a", None), reading("b", None))
    assert not any((found.contradicts, found.updates, found.repeats, found.new, found.dropped, found.forecasts))
